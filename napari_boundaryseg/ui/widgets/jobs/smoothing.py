"""Smoothing of a curve: a running mean, and where the curve began."""

from __future__ import annotations

from napari_boundaryseg.ui.widgets.jobs.training_log import Points


def smoothed(points: Points, width: int = 20) -> list[tuple[float, float]]:
    """Each value with the mean of itself and those before it, ``width`` in all; fewer at the start.

    Examples
    --------
    >>> smoothed([(1, 4.0), (2, 2.0), (3, 0.0)], 2)
    [(1, 4.0), (2, 3.0), (3, 1.0)]
    """
    values = [value for _, value in points]
    means = []
    for n, (step, _) in enumerate(points):
        window = values[max(0, n + 1 - width) : n + 1]
        means.append((step, sum(window) / len(window)))
    return means


def begun_at(points: Points, steps: int = 10) -> float | None:
    """The mean of the first steps, in which a model is nearly as it was; None before there are so many."""
    return sum(value for _, value in points[:steps]) / steps if len(points) >= steps else None
