"""Chart of one figure over accepted cases: whether it changed, since which case, and for better or worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_boundaryseg.data.mean_sd import mean_sd
from napari_boundaryseg.review.chart.charted import Charted
from napari_boundaryseg.review.chart.cusum import change_point, sums_of
from napari_boundaryseg.review.chart.limits import KNOWN, limit_for

FEWEST = 20
"""No alarm before so many cases, and so many estimate the limits where nobody knows them."""


@dataclass(frozen=True, eq=False)
class Chart:
    """A chart of accepted cases, numbered from 0 in the order of acceptance.

    Parameters
    ----------
    figure : Charted
    n : int
        Cases that have the figure.
    estimated_from : int
        How many cases, the first, told mean and standard deviation; `KNOWN` where they were known.
    limit : float or None
        Which of the sums may not be exceeded. None where there is no chart yet: too few cases, or all alike.
    cases : (m,) array of int
        Cases that are watched.
    sums : (2, m) array
        Of what lies above and below the mean, after each of them.
    found : int or None
        The case at which a sum exceeded the limit, the first from the twentieth on.
    since : int or None
        The case from which on the change is likely to be.
    better : bool or None
        Whether it changed for the better.
    mean : float or None
        What is usual, in the figure's own unit: the mean of the cases that told it, taken on the figure's scale.
    """

    figure: Charted
    n: int
    estimated_from: int
    limit: float | None
    cases: np.ndarray
    sums: np.ndarray
    found: int | None = None
    since: int | None = None
    better: bool | None = None
    mean: float | None = None

    @property
    def suggests_fine_tuning(self) -> bool:
        """Whether something changed, and for the worse: only then."""
        return self.better is False


def chart_of(
    values: Sequence[float | None],
    figure: Charted,
    *,
    usual: tuple[float, float] | None = None,
    estimate_from: int = FEWEST,
) -> Chart:
    """The chart of a figure.

    Parameters
    ----------
    values : sequence of float or None
        Of accepted cases in the order of acceptance, since the model was activated or the last change was dealt with.
        None where a case has no value. Cases of one patient are alike: give one of each.
    figure : Charted
        See `charted.CHARTED`.
    usual : pair of float, optional
        Mean and standard deviation on the figure's scale, where they are known from many other cases. Otherwise they
        are estimated from the first cases, whose number widens the limit.
    estimate_from : int
        From how many, at least `FEWEST`.

    Raises
    ------
    ValueError
        Where fewer shall estimate the limits.

    Examples
    --------
    >>> from napari_boundaryseg.review.chart.charted import CHARTED
    >>> usual, worse = [0.90, 0.92, 0.88, 0.91, 0.89] * 6, [0.87, 0.88, 0.86, 0.87] * 3
    >>> chart = chart_of(usual + worse, CHARTED["surface_dice"])
    >>> chart.estimated_from, chart.since, chart.found, chart.suggests_fine_tuning
    (20, 29, 33, True)
    """
    if usual is None and estimate_from < FEWEST:
        raise ValueError(f"limits are estimated from {FEWEST} cases or more, not {estimate_from}")
    there = np.array([n for n, value in enumerate(values) if value is not None], int)
    scaled = figure.scale(np.array([values[n] for n in there], float))
    told = KNOWN if usual is not None else estimate_from
    nothing = Chart(figure, len(there), told, None, there[:0], np.zeros((2, 0)))
    if len(there) < max(told, 1):
        return nothing
    mean, sd = usual or mean_sd(scaled[:told].tolist())[1:]
    if mean is None or sd is None or sd <= _ALIKE:
        return nothing
    cases, limit, mean_value = there[told:], limit_for(told), float(figure.back(np.array(mean)))
    sums = sums_of((scaled[told:] - mean) / sd)
    beyond = np.flatnonzero((sums.max(axis=0) > limit) & (np.arange(told, len(there)) >= FEWEST - 1))
    if not len(beyond):
        return Chart(figure, len(there), told, limit, cases, sums, mean=mean_value)
    at = int(beyond[0])
    side = int(np.argmax(sums[:, at]))
    since = int(cases[change_point(sums[side], at)])
    rose = side == 0
    better = rose == (figure.better == "higher")
    return Chart(figure, len(there), told, limit, cases, sums, int(cases[at]), since, better, mean_value)


_ALIKE = 1e-9
"""Values that differ by less have no standard deviation to measure a change by."""
