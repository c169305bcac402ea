"""Marks of a review's places: lines over a view, counts on slices, and which slices a person has accepted."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.geometry import DisplayGrid
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.slice_work import locked_slices
from napari_boundaryseg.review.arcs.item import Item
from napari_boundaryseg.ui.control.reviewing.going import Going, Place
from napari_boundaryseg.ui.views.shown_slice import ShownSlice

NEXT = 20
"""So many of the places to come are marked: the whole border is on every slice."""


def lines_of(place: Place, display: DisplayGrid, at: ShownSlice) -> list[tuple[int, np.ndarray]]:
    """Organs and the pieces of their borders of a place that lie in a slice, as rows and columns of it."""
    lines = []
    for arc in place.what.arcs if isinstance(place.what, Item) else ():
        points, axis = display.points_to_display(arc.points), display.axis_to_display(arc.axis)
        if at.order[0] == axis and round(float(points[0, axis])) == at.number:
            lines.append((arc.organ, points[:, list(at.order[1:])]))
    return lines


def on_slices(going: Going, display: DisplayGrid, axis: int, count: int) -> list[tuple[int, int]]:
    """Of each slice across an axis of the display grid: how many of the next places, and of those that were looked at.

    Nothing where the places lie in another plane.
    """
    own_axis, first = display.slice_from_display(axis, 0)
    if any(place.axis != own_axis for place in going.places):
        return []
    marks, left = [[0, 0] for _ in range(count)], NEXT
    for place, state in zip(going.places, going.states(), strict=True):
        if state == "to come":
            left -= 1
            if left < 0:
                continue
        for n in range(place.slices[0], place.slices[1] + 1):
            marks[abs(n - first)][state != "to come"] += 1
    return [(to_come, done) for to_come, done in marks]


def accepted_slices(going: Going, history: History, display: DisplayGrid) -> frozenset[tuple[int, int]]:
    """Organ and slice, across the axis of the places, of those that are locked; slices lock across the first axis."""
    found = set()
    for organ in going.tolerances_mm:
        for n in locked_slices(history, organ):
            axis, own = display.slice_from_display(0, n)
            if going.places and going.places[0].axis == axis:
                found.add((organ, own))
    return frozenset(found)
