"""Paired changes over patients: their mean, its t interval, and the verdict that follows. No torch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from napari_boundaryseg.data.mean_sd import mean_sd

INTERVAL = "paired t, 95 %"
"""Which interval a comparison holds, as its file says."""

FEWEST_CASES = 3
"""With fewer there is no verdict: one case has no SD, and the interval of two is hardly ever of use."""

FEWEST_EQUAL = 6
"""Changes that do not differ at all have no t interval; this many of one sign are the fewest for a sign test of 5 %."""

ROUNDING = 1e-12
"""Changes of a score between 0 and 1 that differ by less are equal."""


def t_interval(changes: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    """Mean of paired changes and its 95 % t interval, which is that of a paired t test.

    For changes as skewed as an exponential distribution the interval misses the mean in about one of ten trials
    instead of one of twenty.

    Returns
    -------
    tuple
        Mean, lower and upper end. None stands for a mean of nothing, and for the ends where there is no interval: for
        one case, and for changes that are all equal.

    Examples
    --------
    >>> [round(value, 3) for value in t_interval([0.0, 0.1, 0.2])]
    [0.1, -0.148, 0.348]
    >>> t_interval([0.25])
    (0.25, None, None)
    """
    values = np.asarray(changes, float)
    if not len(values):
        return None, None, None
    mean = float(values.mean())
    if len(values) < 2 or _equal(values):
        return mean, None, None
    from scipy.special import stdtrit  # not before: a window lists old comparisons without it

    sd = mean_sd(values.tolist()).sd or 0.0
    reach = float(stdtrit(len(values) - 1, 0.975)) * sd / math.sqrt(len(values))
    return mean, mean - reach, mean + reach


def verdict_of(changes: Sequence[float]) -> str:
    """Say "better", "worse" or "no evidence" of paired changes of a score that is better when it is higher.

    The 95 % t interval must leave out zero. Changes that are all equal have none: where they are zero there is no
    evidence, and otherwise a sign test decides, which needs `FEWEST_EQUAL` of them.

    Examples
    --------
    >>> verdict_of([0.05, 0.06, 0.04]), verdict_of([0.05, 0.05, 0.05]), verdict_of([0.05] * 6)
    ('better', 'no evidence', 'better')
    """
    mean, low, high = t_interval(changes)
    if mean is None or len(changes) < FEWEST_CASES:
        return "no evidence"
    if low is None or high is None:
        low, high = (mean, mean) if len(changes) >= FEWEST_EQUAL and abs(mean) > ROUNDING else (-1.0, 1.0)
    if low > 0:
        return "better"
    return "worse" if high < 0 else "no evidence"


def _equal(values: np.ndarray) -> bool:
    return bool(np.ptp(values) <= ROUNDING)
