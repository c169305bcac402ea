"""A chart in words: what changed, since which case, and what to do; or that nothing did. Cases are counted from 1."""

from __future__ import annotations

from napari_boundaryseg.review.chart.chart import FEWEST, Chart
from napari_boundaryseg.review.chart.limits import KNOWN


def chart_in_words(chart: Chart) -> str:
    """What a chart found.

    Examples
    --------
    >>> from napari_boundaryseg.review.chart.chart import chart_of
    >>> from napari_boundaryseg.review.chart.charted import CHARTED
    >>> minutes = [4.0, 5.0, 6.0, 5.5, 4.5] * 5 + [8.0] * 4
    >>> print(chart_in_words(chart_of(minutes[:26], CHARTED["minutes"])))
    Minutes a case: no change in 26 cases (limits from the first 20 cases).
    >>> print(chart_in_words(chart_of(minutes, CHARTED["minutes"])))
    Minutes a case: higher since about case 26, found at case 27 (limits from the first 20 cases). The model, the \
scans or the practice changed. Fine-tuning on cases from there on may help.
    """
    title, told = chart.figure.title, _told(chart)
    if chart.limit is None:
        if chart.n < chart.estimated_from:
            return f"{title}: the chart begins after {chart.estimated_from} cases (so far {chart.n})."
        if not chart.n:
            return f"{title}: the chart begins with the first case."
        return f"{title}: no chart, for the cases that should tell what is usual are all alike."
    if chart.found is None or chart.since is None:
        early = f"; none is told before {FEWEST}" if chart.n < FEWEST else ""
        cases = f"{chart.n} case{'' if chart.n == 1 else 's'}"
        return f"{title}: no change in {cases} ({told}{early})."
    direction = "higher" if chart.better == (chart.figure.better == "higher") else "lower"
    what = f"{title}: {direction} since about case {chart.since + 1}, found at case {chart.found + 1} ({told})."
    if chart.suggests_fine_tuning:
        return f"{what} The model, the scans or the practice changed. Fine-tuning on cases from there on may help."
    return f"{what} That is better than before: nothing to do, but limits can be set anew."


def _told(chart: Chart) -> str:
    return "known limits" if chart.estimated_from == KNOWN else f"limits from the first {chart.estimated_from} cases"
