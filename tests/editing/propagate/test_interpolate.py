"""Interpolation between known slices: shapes that are known by formula, bodies that keep apart, ends that close."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.ndimage import distance_transform_edt, label

from napari_boundaryseg.editing.tools.propagate.interpolate import interpolated

SPACING = (2.5, 1.0, 1.0)
Y, X = np.mgrid[:48, :48]


def disc(radius: float, y: float = 24, x: float = 24) -> np.ndarray:
    return (Y - y) ** 2 + (X - x) ** 2 < radius**2


def radius_of(mask: np.ndarray) -> float:
    return float(np.sqrt(mask.sum() / np.pi))


def test_slices_between_known_ones_alone_are_made() -> None:
    found = interpolated({3: disc(8), 7: disc(8), 8: disc(8), 11: disc(8)}, SPACING)
    assert sorted(found) == [4, 5, 6, 9, 10]
    assert all((mask == disc(8)).all() for mask in found.values())


def test_of_two_known_slices_the_radius_runs_straight() -> None:
    found = interpolated({0: disc(6), 6: disc(15)}, SPACING)
    assert [radius_of(found[n]) for n in range(1, 6)] == pytest.approx([7.5, 9, 10.5, 12, 13.5], abs=0.5)


def test_a_ball_known_on_a_few_slices_is_rounder_than_straight_lines_make_it() -> None:
    radii = {n: np.sqrt(18**2 - (2.5 * (n - 6)) ** 2) for n in range(13)}
    known = [0, 4, 8, 12]
    found = interpolated({n: disc(radii[n]) for n in known}, SPACING)
    straight = {n: np.interp(n, known, [radii[k] for k in known]) for n in found}
    off = np.mean([abs(radius_of(mask) - radii[n]) for n, mask in found.items()])
    assert off < 0.75 * np.mean([abs(straight[n] - radii[n]) for n in found])


@pytest.mark.parametrize("seed", range(4))
def test_one_body_is_the_mean_of_the_linear_and_the_cubic_interpolation(seed: int) -> None:
    """Voxel by voxel, with SciPy's spline and plain straight lines."""
    rng = np.random.default_rng(seed)
    known = [0, 3, 5, 9]
    drawn = {n: disc(rng.uniform(8, 14), *rng.uniform(20, 28, 2)) for n in known}
    distances = np.array([_distance(drawn[n]) for n in known])
    found = interpolated(drawn, SPACING)
    for n, mask in found.items():
        after = next(k for k in range(4) if known[k] > n)
        share = (n - known[after - 1]) / (known[after] - known[after - 1])
        linear = distances[after - 1] + share * (distances[after] - distances[after - 1])
        slow = (linear + CubicSpline(known, distances, axis=0)(n)) / 2
        decided = np.abs(slow) > 1e-4
        assert (mask == (slow > 0))[decided].all()


def _distance(mask: np.ndarray) -> np.ndarray:
    sides = [distance_transform_edt(side) - 0.5 for side in (mask, ~mask)]
    return np.clip(np.where(mask, sides[0], -sides[1]), -20, 20)


def test_two_bodies_do_not_draw_each_other() -> None:
    first = {n: disc(4 + n / 4, 12, 12) for n in (0, 4, 8)}
    second = {n: disc(7 - n / 4, 36, 36) for n in (0, 4, 8)}
    both = interpolated({n: first[n] | second[n] for n in first}, SPACING)
    alone = [interpolated(one, SPACING) for one in (first, second)]
    assert all((both[n] == (alone[0][n] | alone[1][n])).all() for n in both)


def test_a_body_that_the_next_known_slice_does_not_have_ends_between_them_rounded() -> None:
    drawn = {0: disc(8, 14, 14) | disc(8, 34, 34), 6: disc(8, 14, 14)}
    found = interpolated(drawn, SPACING)
    assert all((mask[:24, :24] == disc(8, 14, 14)[:24, :24]).all() for mask in found.values())
    radii = [radius_of(found[n][24:, 24:]) for n in range(1, 6)]
    assert radii == pytest.approx([8 * np.sqrt(1 - (n / 6) ** 2) for n in range(1, 6)], abs=0.7)


def test_an_empty_known_slice_is_an_end_and_a_beginning() -> None:
    found = interpolated({0: disc(8), 4: np.zeros((48, 48), bool), 8: disc(8)}, SPACING)
    sizes = [int(found[n].sum()) for n in (1, 2, 3, 5, 6, 7)]
    assert sizes[:3] == sorted(sizes[:3], reverse=True)
    assert sizes[:3] == sizes[:2:-1]


def test_two_branches_that_join_are_one_body_without_a_gap() -> None:
    drawn = {0: disc(7, 24, 14) | disc(7, 24, 34), 4: disc(14), 8: disc(14)}
    found = interpolated(drawn, SPACING)
    assert all(mask.any() for mask in found.values())
    assert label(found[3])[1] == 1


def test_the_direction_does_not_matter() -> None:
    drawn = {0: disc(6), 3: disc(11, 26, 22), 8: disc(9)}
    there, back = interpolated(drawn, SPACING), interpolated({8 - n: mask for n, mask in drawn.items()}, SPACING)
    different = sum(int((there[n] != back[8 - n]).sum()) for n in there)
    assert different <= 2, "but for rounding"


def test_without_two_known_slices_or_anything_drawn_there_is_nothing_between() -> None:
    assert interpolated({}, SPACING) == {}
    assert interpolated({4: disc(5)}, SPACING) == {}
    empty = np.zeros((48, 48), bool)
    assert not any(mask.any() for mask in interpolated({0: empty, 3: empty}, SPACING).values())
