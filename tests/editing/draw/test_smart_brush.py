"""Smart brush: against a slow one of loops over voxels, and on tissues with noise, slopes and specks."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from scipy.ndimage import binary_fill_holes, gaussian_filter, label
from stroke_pictures import SPACING, after

from napari_boundaryseg.editing.tools.draw.smart_brush import SmartBrushSettings, smart_brush
from napari_boundaryseg.editing.tools.scene import Scene

SHAPE = (3, 30, 32)
Pixel = tuple[int, int]


def painted(scan: np.ndarray | None, way: list[tuple[float, float]], radius: float, sensitivity: float) -> np.ndarray:
    """(R, C) bool, on the middle one of three slices without any organ."""
    volume = None if scan is None else np.repeat(scan[None], 3, axis=0)
    before = np.zeros(SHAPE, np.uint8)
    scene = Scene(before, 1, SPACING, scan=volume)
    points = np.array([(1, *point) for point in way], float)
    return (
        after(before, smart_brush(scene, points, SmartBrushSettings(radius_mm=radius, sensitivity=sensitivity)))[1] > 0
    )


def slow_disc(way: list[tuple[float, float]], radius: float) -> set[Pixel]:
    """Each voxel with its middle within a radius of the last piece."""
    found = set()
    for at in product(range(SHAPE[1]), range(SHAPE[2])):
        p, a, b = (np.multiply(point, SPACING[1:]) for point in (at, way[-2:][0], way[-1]))
        step = b - a
        share = 0.0 if not step.any() else min(max(float((p - a) @ step / (step @ step)), 0.0), 1.0)
        if np.linalg.norm(p - a - share * step) <= radius:
            found.add(at)
    return found


def slow(scan: np.ndarray, way: list[tuple[float, float]], radius: float, sensitivity: float) -> set[Pixel]:
    """The same rule, with sets of pixels."""
    everything = set(product(range(SHAPE[1]), range(SHAPE[2])))
    disc = slow_disc(way, radius)

    def median(at: Pixel) -> float:
        rows, columns = ([min(max(x + s, 0), n - 1) for s in (-1, 0, 1)] for x, n in zip(at, SHAPE[1:], strict=True))
        return sorted(levels[y, x] for y in rows for x in columns)[4]

    levels = {at: float(scan[at]) for at in everything}
    calm = {at: median(at) for at in everything}
    margin = 2 * 2 + 1  # twice the radius of what is opened, 1 mm in voxels of 0.8 mm, and one for the median
    rows, columns = (range(min(x) - margin, max(x) + margin + 1) for x in zip(*disc, strict=True))
    near = {at for at in everything if at[0] in rows and at[1] in columns}
    steps = [
        abs(levels[at] - levels[beside])
        for at in near
        for beside in ((at[0] + 1, at[1]), (at[0], at[1] + 1))
        if beside in near
    ]
    low, high = np.percentile([calm[at] for at in disc], (10, 90))
    tolerance = max(3 * 0.41 * np.median(steps) / 0.6745 / np.sqrt(2), 0.5 * (high - low))
    start, end = (tuple(round(x) for x in point) for point in (way[-2:][0], way[-1]))
    like = {at for at in near if abs(calm[at] - calm[start]) <= 2 * (1 - sensitivity) * tolerance}
    element = [s for s in product(range(-2, 3), repeat=2) if np.linalg.norm(np.multiply(s, SPACING[1:])) <= 1.0]

    def grown(some: set[Pixel]) -> set[Pixel]:
        return {(y + dy, x + dx) for y, x in some for dy, dx in element} & near

    def shrunk(some: set[Pixel]) -> set[Pixel]:
        free = some | (grid - near)
        return {(y, x) for y, x in near if all((y + dy, x + dx) in free for dy, dx in element)}

    grid = set(product(range(-9, 60), repeat=2))
    smooth = shrunk(grown(grown(shrunk(like)))) & disc
    part = flood(smooth, end)
    outside = flood(grid - part, (-9, -9))
    return grid - outside if part else set()


def flood(free: set[Pixel], start: Pixel) -> set[Pixel]:
    found, todo = set(), [start] if start in free else []
    while todo:
        at = todo.pop()
        if at not in found:
            found.add(at)
            todo += [n for n in ((at[0] + s, at[1] + t) for s, t in ((1, 0), (-1, 0), (0, 1), (0, -1))) if n in free]
    return found


@pytest.mark.parametrize("sensitivity", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("seed", range(10))
def test_as_a_slow_one(seed: int, sensitivity: float) -> None:
    rng = np.random.default_rng(seed)
    scan = 60.0 * (gaussian_filter(rng.normal(size=SHAPE[1:]), 3) > 0) + rng.normal(0, 8, SHAPE[1:])
    start = rng.uniform((1, 1), (28, 30))
    ends = [start, start + rng.uniform(-3, 3, 2)][: rng.integers(1, 3)]
    way = [(float(y), float(x)) for y, x in np.clip(ends, 0, 29)]
    expected = np.zeros(SHAPE[1:], bool)
    for at in slow(scan, way, 5.0, sensitivity):
        expected[at] = True
    np.testing.assert_array_equal(painted(scan, way, 5.0, sensitivity), expected)


def test_without_a_scan_it_is_a_plain_disc() -> None:
    way = [(9.3, 9.0), (12.2, 14.9)]
    assert set(zip(*np.nonzero(painted(None, way, 4.0, 1.0)), strict=True)) == slow_disc(way, 4.0)


def two_tissues(noise: float, rng: np.random.Generator, contrast: float = 100.0) -> tuple[np.ndarray, np.ndarray]:
    """A scan, and the brighter tissue: what lies left of a wavy line."""
    rows, columns = np.indices(SHAPE[1:])
    bright = columns < 16 + 2 * np.sin(rows / 3)
    return contrast * bright + rng.normal(0, noise, bright.shape), bright


@pytest.mark.parametrize("noise", [0.0, 5.0, 15.0, 25.0])
def test_it_keeps_to_one_of_two_tissues(noise: float) -> None:
    rng, wrong, missed, all_of_it = np.random.default_rng(1), 0, 0, 0
    for _ in range(30):
        scan, bright = two_tissues(noise, rng)
        way = [(float(rng.uniform(8, 22)), 11.0)]
        disc = np.zeros_like(bright)
        disc[tuple(zip(*slow_disc(way, 8.0), strict=True))] = True
        found = painted(scan, way, 8.0, 0.5)
        wrong += (found & ~bright).sum()
        missed += (disc & bright & ~found).sum()
        all_of_it += (disc & bright).sum()
    assert missed < 0.03 * all_of_it
    assert wrong < 0.03 * all_of_it


def test_a_slow_change_of_brightness_does_not_stop_it() -> None:
    slope = np.linspace(0, 300, SHAPE[1])[:, None] + np.zeros(SHAPE[2])
    found = painted(slope, [(15.0, 15.0)], 6.0, 0.5)
    assert found.sum() > 0.75 * len(slow_disc([(15.0, 15.0)], 6.0))


def test_specks_leave_neither_holes_nor_speckle() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        scan, _ = two_tissues(10.0, rng)
        scan[rng.random(scan.shape) < 0.05] = 1000.0
        found = painted(scan, [(15.0, 10.0)], 8.0, 0.5)
        if found.any():
            assert label(found)[1] == 1
            assert (binary_fill_holes(found) == found).all()
        assert found.sum() > 50


def test_what_is_less_picky_paints_more() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        scan, _ = two_tissues(20.0, rng)
        masks = [painted(scan, [(15.0, 13.0)], 7.0, s) for s in (1.0, 0.8, 0.6, 0.4, 0.2, 0.0)]
        assert all((a <= b).all() for a, b in pairwise(masks))
        assert masks[0].sum() < masks[-1].sum()


def test_nothing_where_the_mouse_has_gone_over_to_another_tissue_or_off_the_scan() -> None:
    scan, _ = two_tissues(0.0, np.random.default_rng(0))
    assert not painted(scan, [(15.0, 8.0), (15.0, 22.0)], 4.0, 0.5).any()
    assert painted(scan, [(15.0, 22.0), (15.0, 23.0)], 4.0, 0.5).any()
    assert not painted(scan, [(15.0, 1.0), (15.0, -1.0)], 4.0, 0.5).any()
    assert not painted(scan, [(15.0, -1.0), (15.0, 1.0)], 4.0, 0.5).any()


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32])
def test_it_does_not_matter_how_grey_levels_are_stored(dtype: type) -> None:
    scan = np.round(np.clip(two_tissues(12.0, np.random.default_rng(4))[0] + 60, 0, 250))
    way = [(15.0, 22.0)]
    np.testing.assert_array_equal(painted(scan.astype(dtype), way, 9.0, 0.5), painted(scan, way, 9.0, 0.5))
    np.testing.assert_array_equal(painted(4 * scan - 1000, way, 9.0, 0.5), painted(scan, way, 9.0, 0.5))


def test_what_is_no_number_is_not_painted() -> None:
    scan, _ = two_tissues(5.0, np.random.default_rng(5))
    scan[:, :8], scan[12, 12] = np.nan, np.inf
    found = painted(scan, [(15.0, 11.0)], 6.0, 0.5)
    assert found.sum() > 40
    assert not found[:, :7].any()
    rng = np.random.default_rng(6)
    scan = rng.normal(0, 5, SHAPE[1:])
    scan[rng.random(scan.shape) < 0.08] = np.nan
    assert painted(scan, [(15.0, 11.0)], 6.0, 0.5).sum() > 0.95 * len(slow_disc([(15.0, 11.0)], 6.0))
    assert not painted(np.full(SHAPE[1:], np.nan), [(15.0, 11.0)], 6.0, 0.5).any()


def test_other_organs_stay() -> None:
    before = np.zeros(SHAPE, np.uint8)
    before[:, :, 10:12] = 2
    scan = np.zeros(SHAPE)
    found = after(
        before, smart_brush(Scene(before, 1, SPACING, scan=scan), np.array([(1, 15, 8)]), SmartBrushSettings())
    )
    np.testing.assert_array_equal(found == 2, before == 2)
    assert (found[1] == 1).sum() > 30
