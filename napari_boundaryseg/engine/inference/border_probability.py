"""The probability that a border passes through a voxel, from the class probabilities around it. No torch."""

from __future__ import annotations

import numpy as np


def of_probability(inside: np.ndarray) -> np.ndarray:
    """The probability that an organ's border passes through a face of a voxel: how much its probability changes there.

    A border somewhere on a line, with the probability of being inside falling along that line, lies between two
    neighbours with the difference of their probabilities. Of the six neighbours the least and the most count; beyond
    the array nothing is known, and there is no border, as in `data.boundaries`.

    Parameters
    ----------
    inside : (I, J, K) float array, 0..1
        The probability that a voxel belongs to the organ.

    Returns
    -------
    (I, J, K) float32 array, 0..1
        Of a mask: 1 on its `data.boundaries.thick_boundary`, 0 elsewhere.

    Examples
    --------
    >>> of_probability(np.array([1, 1, 0.75, 0.25, 0, 0])[None, None]).ravel()
    array([0.  , 0.25, 0.75, 0.75, 0.25, 0.  ], dtype=float32)
    """
    inside = np.asarray(inside, np.float32)
    least, most = inside.copy(), inside.copy()
    for axis in range(inside.ndim):
        before, after = ([slice(None)] * inside.ndim for _ in range(2))
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        for here, there in ((tuple(before), tuple(after)), (tuple(after), tuple(before))):
            np.minimum(least[here], inside[there], out=least[here])
            np.maximum(most[here], inside[there], out=most[here])
    return most - least
