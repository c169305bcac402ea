"""The probability that a border passes through a voxel: from a head that learned boundaries, and from class
probabilities. No torch.
"""

from __future__ import annotations

import numpy as np

_SURE = 1e-6


def of_focal_head(values: np.ndarray, gamma: float = 2.0) -> np.ndarray:
    """The probability that a head meant which was taught by the focal loss; its sigmoid itself overstates small ones.

    Where a boundary passes with probability π, the focal loss is least not at σ = π but where π A = (1 - π) B, with
    A = (1 - σ)^γ / σ - γ (1 - σ)^(γ - 1) ln σ and B = σ^γ / (1 - σ) - γ σ^(γ - 1) ln(1 - σ): a σ of 0.15 means 0.01.

    Parameters
    ----------
    values : float array, 0..1
        The head after its sigmoid.
    gamma : float
        Of the loss; with 0, cross-entropy, a probability is learned as it is.

    Returns
    -------
    float32 array of the same shape, 0..1; none overtakes another.

    References
    ----------
    The derivative of the loss of Lin et al., "Focal loss for dense object detection", 2017, set to 0.

    Examples
    --------
    >>> of_focal_head(np.array([0.154, 0.306, 0.5, 0.694])).round(2)
    array([0.01, 0.1 , 0.5 , 0.9 ], dtype=float32)
    """
    p = np.clip(values, _SURE, 1 - _SURE).astype(np.float32)
    q = 1 - p
    here = q**gamma / p - gamma * q ** (gamma - 1) * np.log(p)
    not_here = p**gamma / q - gamma * p ** (gamma - 1) * np.log(q)
    return np.asarray(not_here / (here + not_here), np.float32)


def of_probability(inside: np.ndarray) -> np.ndarray:
    """The probability that an organ's border passes through a face of a voxel: how much its probability changes there.

    A border somewhere on a line, with the probability of being inside falling along that line, lies between two
    neighbours with the difference of their probabilities. Of the six neighbours the least and the most count; beyond
    the array nothing is known, and there is no border, as in `data.boundaries.inner_boundary`.

    Parameters
    ----------
    inside : (I, J, K) float array, 0..1
        The probability that a voxel belongs to the organ.

    Returns
    -------
    (I, J, K) float32 array, 0..1
        Of a mask: 1 on both sides of its border, 0 elsewhere.

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
