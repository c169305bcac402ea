"""Curves through corners, edges under the mouse, fewer corners: against geometry that is known."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.editing.tools.contour import edge_near, simplified, smoothed


def circle(n: int, radius: float = 10.0) -> list[tuple[float, ...]]:
    turn = np.arange(n) * 2 * np.pi / n
    return [(3.0, float(y), float(x)) for y, x in zip(radius * np.sin(turn), radius * np.cos(turn))]


@pytest.mark.parametrize("n", [8, 12, 20])
def test_through_points_of_a_circle_it_is_that_circle(n: int) -> None:
    curve = np.array(smoothed(circle(n)))
    assert np.abs(np.hypot(curve[:, 1], curve[:, 2]) - 10).max() < 0.02
    assert (curve[:, 0] == 3.0).all()
    assert {tuple(point) for point in circle(n)} <= {tuple(point) for point in curve.tolist()}


def test_fewer_than_three_corners_have_no_curve_and_twice_the_same_is_one() -> None:
    assert smoothed([(0.0, 1.0, 2.0)]) == [(0.0, 1.0, 2.0)]
    assert smoothed([(0.0, 1.0, 2.0), (0.0, 1.0, 5.0)]) == [(0.0, 1.0, 2.0), (0.0, 1.0, 5.0)]
    doubled = [corner for corner in circle(6) for _ in range(2)]
    assert smoothed(doubled) == smoothed(circle(6))
    assert np.isfinite(smoothed([*circle(6), circle(6)[0]])).all()


def test_the_edge_is_the_nearest_within_reach_and_never_the_one_that_would_close_it() -> None:
    square = [(0.0, 0.0, 0.0), (0.0, 0.0, 10.0), (0.0, 10.0, 10.0), (0.0, 10.0, 0.0)]
    assert edge_near(square, (0.0, 0.4, 5.0), 1.0) == 0
    assert edge_near(square, (0.0, 5.0, 9.5), 1.0) == 1
    assert edge_near(square, (0.0, 9.8, 5.0), 1.0) == 2
    assert edge_near(square, (0.0, 5.0, 0.0), 1.0) is None, "from the last corner to the first"
    assert edge_near(square, (0.0, 5.0, 5.0), 1.0) is None
    assert edge_near(square[:1], (0.0, 0.0, 0.0), 1.0) is None


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_hand_drawn_line_keeps_within_the_tolerance_with_few_points(axis: int) -> None:
    at = np.linspace(0, 20, 300)
    flat = np.stack([np.sin(at / 3) * 6, at], axis=1)
    line = [tuple(map(float, point)) for point in np.insert(flat, axis, 7.5, axis=1)]
    kept = np.array(simplified(line, axis, 0.3))
    assert 4 < len(kept) < 30
    assert (kept[:, axis] == 7.5).all()
    assert tuple(kept[0]) == line[0]
    assert tuple(kept[-1]) == line[-1]
    ends = np.delete(kept, axis, axis=1)
    again = np.stack([np.interp(at, ends[:, 1], ends[:, 0]), at], axis=1)
    assert (
        np.abs(again - flat).max() < 0.9
    )  # across the line it is within the tolerance; the line is at most this steep
