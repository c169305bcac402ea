"""Replace an arc: against outlines known exactly, and on holes, parts, crossings and ends beside the border."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import polygon2mask

from napari_boundaryseg.editing.tools.draw.replace_arc import ReplaceArcSettings, replace_arc
from napari_boundaryseg.editing.tools.scene import Scene

SHAPE = (60, 64)
SPACING = (2.5, 0.8, 1.2)
SETTINGS = ReplaceArcSettings()


def drawn(
    slice_before: np.ndarray,
    line: np.ndarray,
    settings: ReplaceArcSettings = SETTINGS,
    spacing: tuple[float, float, float] = SPACING,
) -> np.ndarray | None:
    """(R, C) labels after a line on the middle one of three equal slices."""
    labels = np.repeat(slice_before[None], 3, axis=0)
    way = np.insert(np.asarray(line, float), 0, 1.0, axis=1)
    written = replace_arc(Scene(labels, 1, spacing), way, settings)
    if written is None:
        return None
    found = labels.copy()
    found[written.box] = written.labels
    assert (found[[0, 2]] == labels[[0, 2]]).all()
    assert (found != labels).any()
    return found[1]


def ellipse(angle: np.ndarray) -> np.ndarray:
    """(N, 2) places on an outline that lies on no voxel's middle."""
    return np.stack([30.3 + 19.7 * np.sin(angle), 31.6 + 16.4 * np.cos(angle)], axis=-1)


TURN = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
ORGAN = polygon2mask(SHAPE, ellipse(TURN)).astype(np.uint8)


@pytest.mark.parametrize("seed", range(40))
def test_as_the_line_and_the_true_outline(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, length = rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 2.6)
    angles = np.linspace(first, first + length, 40)
    bulge = 1 + rng.uniform(-0.4, 0.4) * np.sin(np.linspace(0, np.pi, 40))[:, None]
    line = np.array([30.3, 31.6]) + (ellipse(angles) - [30.3, 31.6]) * bulge
    line[1:-1] += rng.normal(0, 0.15, (38, 2))
    kept = ellipse(np.linspace(first + length, first + 2 * np.pi, 2000))
    expected = polygon2mask(SHAPE, np.concatenate([line, kept]))
    found = drawn(ORGAN, line[:: int(rng.choice([-1, 1]))])
    assert found is not None
    wrong = np.argwhere((found == 1) != expected)
    at_ends = [min(np.linalg.norm(voxel - end) for end in line[[0, -1]]) for voxel in wrong]
    assert all(away < 2.0 for away in at_ends)
    assert len(wrong) <= 4
    assert (found != ORGAN).sum() > 4 * len(wrong)


@pytest.mark.parametrize("row", [14.4, 22.4, 38.4, 46.4])
def test_a_straight_cut_takes_the_smaller_side(row: float) -> None:
    across = np.sqrt(1 - ((row - 30.3) / 19.7) ** 2) * 16.4
    found = drawn(ORGAN, np.array([(row, 31.6 - across), (row, 31.6 + across)]))
    expected = ORGAN.copy()
    expected[slice(0, int(row) + 1) if row < 30 else slice(int(row) + 1, None)] = 0
    np.testing.assert_array_equal(found, expected)


def block(*holes: tuple[int, int, int, int]) -> np.ndarray:
    """A rectangle with holes, rows first."""
    found = np.zeros(SHAPE, np.uint8)
    found[10:40, 10:50] = 1
    for top, bottom, left, right in holes:
        found[top:bottom, left:right] = 0
    return found


def test_holes_and_other_parts_stay() -> None:
    before = block((20, 24, 20, 24))
    before[4:7, 18:22] = 1  # a part above, with a hole of its own
    before[5, 19] = 0
    before[21, 21] = 1  # a part in the hole
    found = drawn(before, np.array([(9.5, 14.4), (2.4, 14.4), (2.4, 28.4), (9.5, 28.4)]))
    expected = before.copy()
    expected[3:10, 15:29] = 1
    expected[5, 19] = 0
    np.testing.assert_array_equal(found, expected)
    cut = drawn(before, np.array([(9.5, 16.4), (30.4, 16.4), (30.4, 28.4), (9.5, 28.4)]))
    expected = before.copy()
    expected[10:31, 17:29] = 0
    expected[21, 21] = 1
    np.testing.assert_array_equal(cut, expected)


def test_the_border_of_a_hole_is_a_border_too() -> None:
    before = block((20, 26, 20, 26), (30, 33, 20, 26))
    larger = drawn(before, np.array([(19.5, 21.4), (15.4, 21.4), (15.4, 24.4), (19.5, 24.4)]))
    expected = before.copy()
    expected[16:20, 22:25] = 0
    np.testing.assert_array_equal(larger, expected)
    smaller = drawn(
        before, np.array([(19.5, 21.4), (22.4, 21.4), (22.4, 24.4), (19.5, 24.4)]), ReplaceArcSettings(snap_mm=1)
    )
    expected = before.copy()
    expected[20:23, 22:25] = 1
    np.testing.assert_array_equal(smaller, expected)


def test_both_ends_on_one_part() -> None:
    before = np.zeros(SHAPE, np.uint8)
    before[10:20, 10:20], before[10:20, 30:40] = 1, 1
    assert drawn(before, np.array([(12.4, 19.5), (12.4, 29.5)])) is None
    corners = np.zeros(SHAPE, np.uint8)
    corners[10:20, 10:20], corners[20:30, 20:30] = 1, 1  # they touch with a corner only
    assert drawn(corners, np.array([(12.4, 19.5), (12.4, 24.4), (19.5, 24.4)])) is None


@pytest.mark.parametrize(("off_mm", "held"), [(0.0, True), (2.8, True), (-2.8, True), (3.2, False), (-3.2, False)])
def test_ends_beside_the_border_are_joined_to_it_as_far_as_was_set(off_mm: float, held: bool) -> None:
    row = 9.5 - off_mm / 0.8
    for line in (
        [(row, 20.4), (20.4, 20.4), (20.4, 30.4), (9.5, 30.4)],
        [(9.5, 20.4), (20.4, 20.4), (20.4, 30.4), (row, 30.4)],
    ):
        found = drawn(block(), np.array(line))
        assert (found is not None) == held
        if found is not None:
            expected = block()
            expected[10:21, 21:31] = 0
            np.testing.assert_array_equal(found, expected)


def test_an_end_that_goes_away_from_the_border_is_joined_to_its_nearest_place() -> None:
    found = drawn(block(), np.array([(7.6, 20.4), (3.4, 20.4), (3.4, 30.4), (7.6, 30.4)]))
    expected = block()
    expected[4:10, 21:31] = 1
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("turn", [1, -1])
def test_what_reaches_beyond_the_border_at_an_end_is_cut_off(turn: int) -> None:
    begun = [(5.5, 18.8), (6.4, 17.6), (7.6, 18.0), (9.5, 20.8)]  # crosses the border after 2.5 mm
    line = np.array([*begun, (20.4, 20.8), (20.4, 30.4), (9.5, 30.4), (3.5, 33.4)])
    found = drawn(block(), line[::turn], spacing=(1.0, 0.4, 0.4))
    expected = block()
    expected[10:21, 21:31] = 0
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_bump_at_an_end_is_not_cut_off(turn: int) -> None:
    line = np.array([(9.3, 20.4), (8.4, 20.4), (8.4, 21.4), (20.4, 21.4), (20.4, 30.4), (9.5, 30.4)])
    found = drawn(block(), line[::turn])
    expected = block()
    expected[10:21, 22:31] = 0
    expected[9, 21] = 1
    np.testing.assert_array_equal(found, expected)


def test_at_most_half_of_a_line_is_cut_off_at_an_end() -> None:
    found = drawn(block(), np.array([(-0.5, 20.4), (9.5, 27.4)]), ReplaceArcSettings(snap_mm=50))
    assert found is not None
    assert (found >= block()).all()


def test_of_two_outlines_near_both_ends_the_nearer_is_meant() -> None:
    before = block((12, 16, 18, 30))
    outer = drawn(before, np.array([(9.4, 20.4), (4.4, 20.4), (4.4, 26.4), (9.4, 26.4)]))
    expected = before.copy()
    expected[5:10, 21:27] = 1
    np.testing.assert_array_equal(outer, expected)
    inner = drawn(before, np.array([(11.6, 20.4), (14.4, 20.4), (14.4, 26.4), (11.6, 26.4)]))
    expected = before.copy()
    expected[12:15, 21:27] = 1
    np.testing.assert_array_equal(inner, expected)


def test_a_line_that_crosses_itself_is_as_the_even_odd_rule_says() -> None:
    loop = [25.03, 30.4] + 4.2 * np.stack([np.sin(TURN[::20]), np.cos(TURN[::20])], axis=1) + [0.03, 0.4]
    line = np.concatenate([[(9.5, 20.4), (25.4, 20.4)], loop, [(25.4, 30.4), (9.5, 30.4)]])
    found = drawn(block(), line)
    changed = polygon2mask(SHAPE, line)
    assert found is not None
    np.testing.assert_array_equal(found, np.where(changed, 1 - block(), block()))
    assert changed.sum() > 20


def test_other_organs_stay() -> None:
    before = block()
    before[4:10, 22:26] = 2
    found = drawn(before, np.array([(9.5, 20.4), (3.4, 20.4), (3.4, 30.4), (9.5, 30.4)]))
    assert found is not None
    np.testing.assert_array_equal(found == 2, before == 2)
    assert found[6, 28] == 1


def test_at_the_edge_of_the_array_and_beyond_it() -> None:
    before = np.zeros(SHAPE, np.uint8)
    before[:20, :30] = 1
    found = drawn(before, np.array([(15.4, 29.5), (15.4, 45.4), (-30.0, 45.4), (-30.0, 29.5), (-0.5, 29.5)]))
    expected = before.copy()
    expected[:16, 30:46] = 1
    np.testing.assert_array_equal(found, expected)
    found = drawn(before, np.array([(15.4, 29.5), (15.4, 99.0), (-30.0, 99.0), (-0.5, 29.5)]))
    expected[:16, 30:] = 1
    np.testing.assert_array_equal(found, expected)
    cut = drawn(before, np.array([(-0.5, 10.4), (8.4, 10.4), (8.4, -0.5)]))
    expected = before.copy()
    expected[:9, :11] = 0
    np.testing.assert_array_equal(cut, expected)
    small = np.zeros(SHAPE, np.uint8)
    small[:3, 10:13] = 1
    beyond = [(-0.5, 10.2), (-0.6, 0.2), (-5.0, 0.2), (-5.0, 40.2), (-0.6, 40.2), (-0.5, 12.2)]
    assert drawn(small, np.array(beyond)) is None, "what lies off the scan does not count"
    full = np.ones(SHAPE, np.uint8)
    assert drawn(full, np.array([(-0.5, 10.4), (8.4, 10.4), (8.4, -0.5)])) is not None


@pytest.mark.parametrize(
    "line",
    [
        [(9.5, 20.4)],
        [(9.5, 20.4)] * 3,
        [(9.5, 20.4), (9.5, 30.4)],  # along the border
        [(30.4, 30.4), (31.4, 31.4)],  # well inside
        [(9.5, 20.4), (30.4, 30.4)],  # ends inside
        [(-90.0, 20.4), (9.5, 30.4)],
        [(8.9, 20.4), (10.2, 20.4)],  # across it, to nowhere
    ],
)
def test_none(line: list[tuple[float, float]]) -> None:
    assert drawn(block(), np.array(line)) is None
    assert drawn(np.zeros(SHAPE, np.uint8), np.array(line)) is None


def test_a_slice_that_there_is_not() -> None:
    labels = np.repeat(block()[None], 3, axis=0)
    line = np.array([(3, 9.5, 20.4), (3, 20.4, 25.4), (3, 9.5, 30.4)])
    assert replace_arc(Scene(labels, 1, SPACING), line, SETTINGS) is None
    assert replace_arc(Scene(labels, 1, SPACING), line - [4, 0, 0], SETTINGS) is None
