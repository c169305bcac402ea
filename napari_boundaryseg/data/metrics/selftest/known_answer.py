"""Known answer: two label maps and what every metric must say of them, with the reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class KnownAnswer:
    """Two label maps and what every metric must say of them.

    Parameters
    ----------
    name : str
        The shapes, in a few words.
    why : str
        How the figures follow from the shapes, so that a person can count after them.
    prediction, reference : (I, J, K) uint8 array
        Label maps; the axes grow towards the patient's right, front and head.
    spacing_mm : three floats
    tolerance_mm : float
        For ``surface_dice`` and ``apl_mm``.
    expected : mapping
        The integer of each organ to the values of its metrics, by their names; NaN where there is none.
    """

    name: str
    why: str
    prediction: np.ndarray
    reference: np.ndarray
    spacing_mm: tuple[float, float, float]
    tolerance_mm: float
    expected: Mapping[int, Mapping[str, float]]


def values(
    *,
    dsc: float,
    jaccard: float,
    asd: float = math.nan,
    hd: float = math.nan,
    hd95: float = math.nan,
    surface_dice: float,
    at_1_2_3_mm: tuple[float, float, float],
    apl: float,
    ml: tuple[float, float],
) -> dict[str, float]:
    """The values of every metric by their names; ``ml`` are the volumes of the prediction and of the reference."""
    return {
        "dsc": dsc,
        "jaccard": jaccard,
        "asd_mm": asd,
        "hd_mm": hd,
        "hd95_mm": hd95,
        "surface_dice": surface_dice,
        **{f"surface_dice_{n}mm": share for n, share in enumerate(at_1_2_3_mm, start=1)},
        "apl_mm": apl,
        "volume_ml": ml[0],
        "reference_ml": ml[1],
    }


def box(shape: tuple[int, int, int], *ends: tuple[int, int], label: int = 1) -> np.ndarray:
    """A label map with one box, from the first to the last voxel of each axis.

    Examples
    --------
    >>> int(box((4, 4, 4), (1, 2), (0, 3), (2, 2)).sum())
    8
    """
    drawn = np.zeros(shape, np.uint8)
    drawn[tuple(slice(first, last + 1) for first, last in ends)] = label
    return drawn
