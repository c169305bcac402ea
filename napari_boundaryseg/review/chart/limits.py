"""Limits of the chart, by how many cases told what is usual: a table that a simulation made."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_suffix(".csv")
"""Made by `benchmarks/review/chart.py`; what its columns mean is in `docs/evidence/chart.md`."""
KNOWN = 0
"""In the place of the number of cases, where mean and standard deviation are known."""


def limit_for(cases: int) -> float:
    """The limit h of a chart whose mean and standard deviation were estimated from so many cases, or are `KNOWN`.

    The fewer cases, the wider: so that without a change an alarm comes after 200 cases or more on average, and within
    the first 100 no more often than with known limits. Between two numbers of the table the limit of the smaller
    counts.

    Raises
    ------
    ValueError
        For fewer cases than the table has.

    Examples
    --------
    >>> limit_for(20) == limit_for(24) > limit_for(30) > limit_for(KNOWN)
    True
    """
    table = _table()
    if cases == KNOWN:
        return table[KNOWN]
    fitting = [known for known in table if KNOWN < known <= cases]
    if not fitting:
        raise ValueError(f"limits cannot be estimated from {cases} cases: {min(set(table) - {KNOWN})} are needed")
    return table[max(fitting)]


@cache
def _table() -> dict[int, float]:
    with TABLE.open(newline="", encoding="utf-8") as stream:
        return {int(row["cases"]): float(row["h"]) for row in csv.DictReader(stream)}
