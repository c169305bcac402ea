"""Borders cut into arcs: lengths and places of shapes that are known by hand, whatever the slices and the spacing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_boundaryseg.review.arcs.arc import Arc
from napari_boundaryseg.review.arcs.cutting import arc_length_mm, cut


def disc(radius_mm: float, spacing: tuple[float, float], middle: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    n = int(radius_mm / min(spacing)) + 6
    rows, columns = np.mgrid[-n : n + 1, -n : n + 1]
    return np.hypot(rows * spacing[0] - middle[0], columns * spacing[1] - middle[1]) < radius_mm


def stacked(plane: np.ndarray, axis: int, n: int = 1) -> np.ndarray:
    return np.stack([plane] * n, axis=axis)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.5), (0.7, 1.1)])
def test_the_arcs_of_a_disc_are_as_long_as_its_circle(axis: int, spacing: tuple[float, float]) -> None:
    labels = stacked(disc(15.0, spacing), axis).astype(np.uint8)
    whole = tuple(np.insert(np.array(spacing), axis, 4.0))
    arcs = cut(labels, [1], whole, axis, 10.0)
    assert len(arcs) == round(2 * np.pi * 15 / 10)
    assert sum(arc.length_mm for arc in arcs) == pytest.approx(2 * np.pi * 15, rel=0.03)
    assert {arc.slice for arc in arcs} == {0}
    middle = np.delete(np.array(labels.shape) // 2, axis) * spacing
    for arc in arcs:
        assert arc.length_mm == pytest.approx(10.0, rel=0.1)
        assert (arc.points[:, axis] == 0).all()
        out = arc.in_slice * spacing - middle
        away = np.linalg.norm(out, axis=1)
        assert away == pytest.approx(15.0, abs=0.6 * max(spacing))
        assert (np.einsum("nk,nk->n", out / away[:, None], arc.normals) > 0.9).all()
        assert np.delete(arc.centre_mm, axis) == pytest.approx(arc.in_slice[len(arc.points) // 2] * spacing)


def test_the_arcs_of_a_ring_are_those_of_both_circles_with_normals_out_of_the_ring() -> None:
    ring = disc(20.0, (1.0, 1.0))
    inner = disc(8.0, (1.0, 1.0))
    room = (len(ring) - len(inner)) // 2
    ring &= ~np.pad(inner, room)
    arcs = cut(stacked(ring, 2).astype(np.uint8), [1], (1.0, 1.0, 2.0), 2, 8.0)
    assert sum(arc.length_mm for arc in arcs) == pytest.approx(2 * np.pi * 28, rel=0.03)
    for arc in arcs:
        out = arc.in_slice - len(ring) // 2
        inside = np.linalg.norm(out, axis=1).mean() < 14
        along = np.einsum("nk,nk->n", out / np.linalg.norm(out, axis=1)[:, None], arc.normals)
        assert (along < -0.8).all() if inside else (along > 0.8).all()


def test_where_the_scan_ends_there_is_no_border() -> None:
    half = disc(15.0, (1.0, 1.0))
    half = half[len(half) // 2 :]
    arcs = cut(stacked(half, 2).astype(np.uint8), [1], (1.0, 1.0, 2.0), 2, 10.0)
    assert sum(arc.length_mm for arc in arcs) == pytest.approx(np.pi * 15, rel=0.04)
    full = np.ones((9, 9, 3), np.uint8)
    assert cut(full, [1], (1.0, 1.0, 1.0), 2) == []


def test_organs_and_slices_have_their_own_arcs_and_empty_slices_none() -> None:
    labels = np.zeros((40, 40, 6), np.uint8)
    labels[5:15, 5:15, [1, 3]] = 2
    labels[20:30, 20:30, 4] = 7
    arcs = cut(labels, [2, 7, 9], (1.0, 1.0, 3.0), 2)
    assert {(arc.organ, arc.slice) for arc in arcs} == {(2, 1), (2, 3), (7, 4)}
    assert len({arc.key for arc in arcs}) == len(arcs)


@given(st.integers(0, 10_000))
def test_points_are_one_after_the_other_and_each_arc_begins_where_another_ends(seed: int) -> None:
    from scipy.ndimage import gaussian_filter

    rough = gaussian_filter(np.random.default_rng(seed).normal(size=(30, 30)), 3)
    labels = stacked(rough > np.quantile(rough, 0.7), 2).astype(np.uint8)
    arcs = cut(labels, [1], (1.0, 1.0, 1.0), 2, 6.0)
    for arc in arcs:
        steps = np.linalg.norm(np.diff(arc.points_mm, axis=0), axis=1)
        assert (steps < 0.75).all()
        assert arc.length_mm < 9.1  # one and a half times what is asked for
    whole = sum(arc.length_mm for arc in arcs)
    faces = sum(np.count_nonzero(np.diff(labels[..., 0].astype(int), axis=axis)) for axis in (0, 1))
    assert 0.6 * faces < whole + 1 <= 1.1 * faces + 12  # a smooth line is shorter than the steps of the voxels


def test_a_change_on_another_slice_or_of_another_organ_leaves_every_key() -> None:
    labels = stacked(disc(12.0, (1.0, 1.0)), 2, 4).astype(np.uint8)
    before = [arc.key for arc in cut(labels, [1], (1.0, 1.0, 3.0), 2) if arc.slice < 3]
    labels[10:14, 10:14, 3] = 0
    labels[0:3, 0:3, :] = 2
    assert [arc.key for arc in cut(labels, [1], (1.0, 1.0, 3.0), 2) if arc.slice < 3] == before


def test_a_key_tells_place_slice_organ_and_axis_apart() -> None:
    points = np.array([[3.0, 4.0, 0.0], [3.0, 4.5, 0.0], [3.0, 5.0, 0.0]])
    base = Arc(1, 2, 0, points.copy(), (1.0, 1.0, 1.0), 1.5)
    others = [
        Arc(2, 2, 0, points.copy(), (1.0, 1.0, 1.0), 1.5),
        Arc(1, 2, 1, points + np.array((0, 0, 1)), (1.0, 1.0, 1.0), 1.5),
        Arc(1, 2, 0, points + np.array((0, 0.02, 0)), (1.0, 1.0, 1.0), 1.5),
    ]
    assert base.key not in {arc.key for arc in others}
    assert base.key == Arc(1, 2, 0, points + 0.001, (1.0, 1.0, 1.0), 1.5).key
    with pytest.raises(ValueError, match="read-only"):
        base.points[0, 0] = 1.0


def test_small_structures_have_short_arcs() -> None:
    """A hippocampus' part of 1.5 mL, a prostate of 40 mL, a gland of 5 mL: 21.2 mm across, a third of it."""
    assert (arc_length_mm(1.5), arc_length_mm(40.0)) == (5.0, 10.0)
    assert arc_length_mm(5.0) == pytest.approx((6 * 5000 / np.pi) ** (1 / 3) / 3)
