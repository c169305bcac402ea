"""Nudge, against each voxel alone."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from napari_boundaryseg.editing.tools.draw.nudge import NudgeSettings, nudge
from napari_boundaryseg.editing.tools.scene import Scene, Written

SHAPE = (6, 14, 16)
SPACING = (2.5, 0.8, 1.2)


def labels() -> np.ndarray:
    """Organ 1, organ 2 beside it, background."""
    found = np.zeros(SHAPE, np.uint8)
    found[1:5, 3:11, 2:8] = 1
    found[1:5, 3:11, 8:13] = 2
    return found


def after(before: np.ndarray, written: Written | None) -> np.ndarray:
    found = before.copy()
    if written is not None:
        found[written.box] = written.labels
        assert (found != before).any()
    return found


def away_mm(voxel: tuple[int, ...], start: np.ndarray, end: np.ndarray) -> float:
    at, a, b = (np.multiply(point, SPACING) for point in (voxel, start, end))
    step = b - a
    share = 0.0 if not step.any() else min(max(float((at - a) @ step / (step @ step)), 0.0), 1.0)
    return float(np.linalg.norm(at - a - share * step))


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("pressed", [0, 1, 2])
@pytest.mark.parametrize("seed", range(12))
def test_as_each_voxel_alone(seed: int, pressed: int, over: bool) -> None:
    rng = np.random.default_rng(seed)
    axis, before = seed % 3, labels()
    way = rng.uniform(0, SHAPE, (3, 3))
    way[:, axis] = rng.integers(1, SHAPE[axis] - 1)
    way = way[: rng.integers(1, 4)]
    radius = rng.uniform(1, 5)
    expected = before.copy()
    for voxel in product(*map(range, SHAPE)):
        if voxel[axis] == way[-1, axis] and away_mm(voxel, way[-2:][0], way[-1]) <= radius:
            if pressed != 1:
                expected[voxel] = 0 if before[voxel] == 1 else before[voxel]
            elif before[voxel] == 0 or over:
                expected[voxel] = 1
    scene = Scene(before, 1, SPACING, axis, pressed)
    found = after(before, nudge(scene, way, NudgeSettings(radius_mm=radius, over=over)))
    np.testing.assert_array_equal(found, expected)


def test_a_stroke_pushes_the_border_before_it_and_not_back() -> None:
    before = labels()
    way = np.array([(3, 6, x) for x in np.linspace(3, 0, 7)])
    found = before
    for n in range(1, len(way) + 1):
        found = after(found, nudge(Scene(found, 1, SPACING, 0, 1), way[:n], NudgeSettings(radius_mm=2.0)))
    assert (found[3, 6, :8] == 1).all()
    back = nudge(Scene(found, 1, SPACING, 0, 1), np.concatenate([way, way[-2::-1]]), NudgeSettings(radius_mm=2.0))
    assert back is None


def test_none_well_inside_and_well_outside() -> None:
    before = labels()
    assert nudge(Scene(before, 1, SPACING, 0, 1), np.array([(3, 7, 5)]), NudgeSettings(radius_mm=1.0)) is None
    assert nudge(Scene(before, 1, SPACING, 0, 0), np.array([(3, 13, 15)]), NudgeSettings(radius_mm=1.0)) is None


def test_settings() -> None:
    assert NudgeSettings() == NudgeSettings(radius_mm=6.0, over=False)
    with pytest.raises(ValueError, match="greater than 0"):
        NudgeSettings(radius_mm=0)
