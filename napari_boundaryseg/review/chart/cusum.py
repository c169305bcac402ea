"""Two-sided cumulative sums (CUSUM) of standardised values, and since when they rise."""

from __future__ import annotations

import numpy as np

ALLOWANCE = 0.5
"""k, in standard deviations: half of the shift that is to be found soonest."""


def step(sums: np.ndarray, value: np.ndarray | float, allowance: float = ALLOWANCE) -> np.ndarray:
    """The two sums after one more value.

    Parameters
    ----------
    sums : (2, ...) array
        Of what lies above and below the mean, zero at the beginning; as many charts as there are behind the first axis.
    value : (...) array or float
        In standard deviations from the mean.
    allowance : float

    Returns
    -------
    (2, ...) array

    References
    ----------
    Page, Continuous inspection schemes, Biometrika 41, 1954.

    Examples
    --------
    >>> step(np.array([1.0, 0.25]), 2.0).tolist()
    [2.5, 0.0]
    """
    return np.maximum(sums + np.stack([value, np.negative(value)]) - allowance, 0.0)


def sums_of(values: np.ndarray, allowance: float = ALLOWANCE) -> np.ndarray:
    """Both sums after each of n standardised values, (2, n).

    Examples
    --------
    >>> sums_of(np.array([1.0, 1.0, -2.0])).tolist()
    [[0.5, 1.0, 0.0], [0.0, 0.0, 1.5]]
    """
    sums, found = np.zeros(2), []
    for value in values:
        sums = step(sums, value, allowance)
        found.append(sums)
    return np.array(found).reshape(-1, 2).T


def change_point(sums: np.ndarray, at: int) -> int:
    """The first value of the rise that one of the sums shows at a place: the one after it was last zero before.

    It is the maximum-likelihood estimate of where a mean shifted by twice the allowance.

    Parameters
    ----------
    sums : (n,) array
    at : int

    Examples
    --------
    >>> change_point(np.array([0.5, 0.0, 1.0, 2.5, 4.5]), 4)
    2
    """
    zero = np.flatnonzero(sums[:at] == 0)
    return int(zero[-1]) + 1 if len(zero) else 0
