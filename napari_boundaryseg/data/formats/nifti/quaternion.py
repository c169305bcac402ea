"""The rotation that a NIfTI header stores as three numbers of a quaternion, also near a half turn."""

from __future__ import annotations

import math

import numpy as np

_HALF_TURN = 1e-7
"""Below this square, the first number counts as 0 and the rotation as a half turn: the limit of the standard's code."""
_ROUNDING = 3e-7
"""How far the sum of the three squares may be off where the numbers were rounded to float32."""


def rotation(b: float, c: float, d: float) -> np.ndarray:
    """The (3, 3) rotation matrix of a quaternion of length 1 whose first number is not stored.

    Near a half turn that number is small and, for rounding, its square may be negative: the others are then made
    length 1, as nifti1_io, ITK and nibabel do.

    Examples
    --------
    >>> rotation(0, 0, 1).tolist()
    [[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    square = 1.0 - (b * b + c * c + d * d)
    if square < _HALF_TURN:
        a, length = 0.0, math.sqrt(b * b + c * c + d * d)
        b, c, d = b / length, c / length, d / length
    else:
        a = math.sqrt(square)
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )


def rounding_rad(b: float, c: float, d: float) -> float:
    """How far the angle of the rotation may be off for the rounding of the three numbers, in radians.

    Hardly at all in general; up to 0.06 degrees at a half turn, where the first number is the root of what is left.
    """
    square = 1.0 - (b * b + c * c + d * d)
    low, high = (math.sqrt(max(0.0, square + sign * _ROUNDING)) for sign in (-1, 1))
    return 2 * (high - low)
