"""Mean and sample SD of a figure over cases: the one place where either is computed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class MeanSd(NamedTuple):
    """Over how many cases, their mean, and their SD.

    Parameters
    ----------
    n : int
        Cases that have a value.
    mean : float or None
        None for no case.
    sd : float or None
        The sample SD, with n - 1 in the denominator. None for fewer than two cases: one value says nothing of how far
        values lie apart, and 0 would say that they do not.
    """

    n: int
    mean: float | None
    sd: float | None

    def text(self, digits: int = 3) -> str:
        """As a cell of a table.

        Examples
        --------
        >>> mean_sd([0.8, 0.9]).text(), mean_sd([0.8]).text(), mean_sd([]).text()
        ('0.850 ± 0.071', '0.800 (n = 1)', '-')
        """
        if self.mean is None:
            return "-"
        return f"{self.mean:.{digits}f} " + ("(n = 1)" if self.sd is None else f"± {self.sd:.{digits}f}")


def mean_sd(values: Iterable[float | None]) -> MeanSd:
    """Mean and sample SD of the values that there are: None, NaN and infinity are left out.

    Examples
    --------
    >>> mean_sd([2.0, None, 4.0])
    MeanSd(n=2, mean=3.0, sd=1.4142135623730951)
    >>> mean_sd([2.0])
    MeanSd(n=1, mean=2.0, sd=None)
    """
    known = [float(value) for value in values if value is not None and math.isfinite(value)]
    mean = float(np.mean(known)) if known else None
    return MeanSd(len(known), mean, float(np.std(known, ddof=1)) if len(known) > 1 else None)
