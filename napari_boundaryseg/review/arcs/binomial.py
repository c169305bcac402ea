"""Exact interval of a chance, from how often it came true."""

from __future__ import annotations

SURE = 0.95


def clopper_pearson(k: int, n: int, sure: float = SURE) -> tuple[float, float]:
    """The exact interval of a chance of which k of n trials came true; 0 to 1 without a trial.

    References
    ----------
    Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
    Biometrika 26, 1934.

    Examples
    --------
    >>> [round(end, 4) for end in clopper_pearson(0, 10)]
    [0.0, 0.3085]
    """
    from scipy.stats import beta

    tail = (1 - sure) / 2
    low = float(beta.ppf(tail, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(1 - tail, k + 1, n - k)) if k < n else 1.0
    return low, high
