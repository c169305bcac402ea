"""Pull: against the formula over the whole array; the border goes through the mouse."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, map_coordinates
from stroke_pictures import after

from napari_boundaryseg.editing.tools.draw.pull import PullSettings, pull, reach_mm
from napari_boundaryseg.editing.tools.scene import Scene

SHAPE = (34, 34, 36)
SPACINGS = [(1.0, 1.0, 1.0), (2.5, 0.8, 1.2), (0.7, 2.0, 0.9)]
Spacing = tuple[float, float, float]


def organ(spacing: Spacing, square: bool) -> np.ndarray:
    """A ball or a cube in the middle, 7 mm to each side."""
    grids = np.meshgrid(
        *((np.arange(n) - (n - 1) / 2) * mm for n, mm in zip(SHAPE, spacing, strict=True)), indexing="ij"
    )
    away = np.abs(grids).max(axis=0) if square else np.linalg.norm(grids, axis=0)
    return (away < 7.0).astype(np.uint8)


def pulled(rng: np.random.Generator, spacing: Spacing, most_mm: float) -> np.ndarray:
    """From the border of the ball outwards or inwards, off the grid."""
    direction = rng.normal(size=3)
    direction /= np.linalg.norm(direction)
    middle = (np.array(SHAPE) - 1) / 2
    return np.array([middle + direction * mm / spacing for mm in (7.0, 7.0 + rng.uniform(-most_mm, most_mm))])


@pytest.mark.parametrize("in_slice", [False, True])
@pytest.mark.parametrize("spacing", SPACINGS)
def test_as_the_formula_over_the_whole_array(spacing: Spacing, in_slice: bool) -> None:
    rng, changed = np.random.default_rng(0), 0
    for n in range(18):
        axis = n % 3
        before, way = organ(spacing, square=bool(n % 2)), pulled(rng, spacing, 5.0)
        way[:, axis] = round(way[1, axis])
        settings = PullSettings(radius_mm=rng.uniform(3, 9), in_slice=in_slice)
        ring = max(settings.radius_mm, 2 * float(np.linalg.norm((way[1] - way[0]) * spacing)))
        apart = [1e6 if in_slice and a == axis else mm for a, mm in enumerate(spacing)]
        sides = [distance_transform_edt(side, sampling=apart) for side in (before == 1, before == 0)]
        half = min(apart) / 2
        field = np.where(before == 1, sides[0] - half, half - sides[1])
        voxels = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
        away = np.linalg.norm((voxels - way[1]) * spacing, axis=-1)
        end = np.exp(-0.5 * 2.5**2)
        bell = np.maximum((np.exp(-0.5 * (2.5 * away / ring) ** 2) - end) / (1 - end), 0)
        height = np.divide(
            *(map_coordinates(one, way[1][:, None], order=1, mode="nearest")[0] for one in (field, bell))
        )
        may = away < ring
        if in_slice:
            may &= voxels[..., axis] == way[1, axis]
        margin = field - height * bell
        expected = np.where(may, margin > 0, before == 1)
        found = after(before, pull(Scene(before, 1, spacing, axis), way, settings))
        sure = (np.abs(margin) > 1e-6) | ~may
        if (before == 1)[may].any() and (before == 0)[may].any():
            np.testing.assert_array_equal((found == 1)[sure], expected[sure])
            changed += (found != before).any()
    assert changed > 6


def around(before: np.ndarray, spacing: Spacing, way: np.ndarray, reach: tuple[int, ...]) -> set[int]:
    """What lies round the mouse after a pull; nothing has changed beyond its ring."""
    found = after(before, pull(Scene(before, 1, spacing), way, PullSettings()))
    far = np.linalg.norm((np.argwhere(found != before) - way[1]) * spacing, axis=1)
    assert (far < reach_mm(PullSettings(), way, spacing)).all()
    beside = [tuple(int(np.floor(x)) + s for x, s in zip(way[1], step)) for step in product(reach, repeat=3)]
    return {int(found[voxel]) for voxel in beside}


def test_the_border_goes_through_the_mouse() -> None:
    """Of the eight voxels round it some are inside, some outside."""
    rng = np.random.default_rng(1)
    for spacing, square in product(SPACINGS, (False, True)):
        for _ in range(40):
            assert around(organ(spacing, square), spacing, pulled(rng, spacing, 4.0), (0, 1)) == {0, 1}


def test_no_bubble_where_the_border_lies_just_beyond_the_ring() -> None:
    before = (np.indices((40, 40, 40)).sum(axis=0) < 75).astype(np.uint8)
    way = np.array([(20.3, 20.4, 20.2)])  # 8 mm from the border, along the diagonal
    assert pull(Scene(before, 1, (1.0, 1.0, 1.0)), way, PullSettings(radius_mm=6.0)) is None


def test_none_far_from_any_border() -> None:
    before = organ((1.0, 1.0, 1.0), square=False)
    middle = (np.array(SHAPE) - 1) / 2
    assert pull(Scene(before, 1, (1.0, 1.0, 1.0)), np.array([middle]), PullSettings(radius_mm=3.0)) is None
    assert pull(Scene(before, 1, (1.0, 1.0, 1.0)), np.array([(1.0, 1.0, 1.0)]), PullSettings(radius_mm=3.0)) is None
