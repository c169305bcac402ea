"""The voxels inside a polygon, against a rule that is asked for each voxel alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from napari_boundaryseg.editing.tools.polygon import polygon

SHAPE = (6, 9, 8)


def slow(corners: list[tuple[float, float]], y: int, x: int) -> bool:
    """Whether a ray from a point to the left crosses an odd number of edges."""
    crossed = 0
    for edge in zip(corners, [*corners[1:], corners[0]]):
        (y1, x1), (y2, x2) = sorted(edge)
        if y1 < y <= y2:
            at = x1 + (x2 - x1) * (y - y1) / (y2 - y1)
            assume(abs(at - x) > 1e-9)  # on an edge, rounding says on which side
            crossed += at < x
    return crossed % 2 == 1


place = st.floats(-3, 12, allow_nan=False).map(lambda v: round(v, 2) + 0.003)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(place, place), min_size=3, max_size=8), st.integers(0, 2))
def test_as_each_voxel_alone(flat: list[tuple[float, float]], axis: int) -> None:
    rows, columns = (a for a in range(3) if a != axis)
    corners = []
    for y, x in flat:
        corner = [2.0, 2.0, 2.0]
        corner[rows], corner[columns] = y, x
        corners.append(tuple(corner))
    expected = np.zeros(SHAPE, bool)
    for y in range(SHAPE[rows]):
        for x in range(SHAPE[columns]):
            at = [2, 2, 2]
            at[rows], at[columns] = y, x
            expected[tuple(at)] = slow(flat, y, x)
    found = np.zeros(SHAPE, bool)
    made = polygon(corners, axis, SHAPE)
    if made is not None:
        found[made[0]] = made[1]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "corners",
    [
        [(1, 2, 2), (1, 4, 4)],  # a line
        [(1, 2.2, 2.2), (1, 2.2, 2.8), (1, 2.8, 2.8)],  # between the voxels' middles
        [(1, -9, -9), (1, -9, -3), (1, -3, -3)],  # beside the scan
        [(9, 2, 2), (9, 2, 6), (9, 6, 6)],  # on a slice that there is not
    ],
)
def test_nothing_inside(corners: list[tuple[float, float, float]]) -> None:
    assert polygon(corners, 0, SHAPE) is None
