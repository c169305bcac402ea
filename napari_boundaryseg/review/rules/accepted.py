"""Measures of accepted cases as plain numbers, and the interval in which those of a next case are expected."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from napari_boundaryseg.data.mean_sd import mean_sd

FEWEST = 8
"""With fewer accepted cases nothing is said of what is usual in them."""

Point = tuple[float, float, float]


@dataclass(frozen=True)
class CaseMeasures:
    """What one accepted case says of what is usual; plain values, which a project can store.

    Parameters
    ----------
    volumes_ml : mapping
        Of organs that the scan does not cut off.
    middles_mm : mapping
        Of every organ: right, front, head (RAS+), in the patient.
    ends : mapping
        Of organs that the scan does not cut off: the area of the first and of the last slice, along the patient's
        axis, in parts of the largest; None where another organ goes on.
    gap_shares : mapping
        Of organs that meet, by the name of the one and then of the other: which part of where they meet is a gap.
    body_mm : three floats, optional
        The middle of the body, where it is known.
    """

    volumes_ml: Mapping[str, float] = field(default_factory=dict)
    middles_mm: Mapping[str, Point] = field(default_factory=dict)
    ends: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    gap_shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    body_mm: Point | None = None


def expected(values: Sequence[float], confidence: float) -> tuple[float, float] | None:
    """The interval in which the next value of a normal variable lies with this probability; None for too few.

    Mean ± t · SD · sqrt(1 + 1 / n) (Hahn and Meeker, Statistical Intervals, 1991, section 4.7).

    Examples
    --------
    >>> low, high = expected([9.0, 10.0, 11.0, 10.0, 9.0, 11.0, 10.0, 10.0], 0.95)
    >>> round(low, 2), round(high, 2)
    (8.1, 11.9)
    >>> expected([1.0, 2.0], 0.95)
    """
    from scipy.special import stdtrit

    n = len(values)
    if n < FEWEST:
        return None
    _, mean, sd = mean_sd(values)
    if mean is None or sd is None:
        return None
    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * sd * math.sqrt(1 + 1 / n)
    return mean - half, mean + half
