"""Nudge, against each voxel alone."""

from __future__ import annotations

import numpy as np
import pytest
from stroke_pictures import SPACING, after, stroke, two_organs, under_brush

from napari_boundaryseg.editing.tools.draw.nudge import NudgeSettings, nudge
from napari_boundaryseg.editing.tools.scene import Scene


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("pressed", [0, 1, 2])
@pytest.mark.parametrize("seed", range(12))
def test_as_each_voxel_alone(seed: int, pressed: int, over: bool) -> None:
    rng = np.random.default_rng(seed)
    axis, before = seed % 3, two_organs()
    way = stroke(rng, axis, spared=1)
    radius = rng.uniform(1, 5)
    expected = before.copy()
    for voxel in under_brush(way, radius, axis):
        if pressed != 1:
            expected[voxel] = 0 if before[voxel] == 1 else before[voxel]
        elif before[voxel] == 0 or over:
            expected[voxel] = 1
    scene = Scene(before, 1, SPACING, axis, pressed)
    found = after(before, nudge(scene, way, NudgeSettings(radius_mm=radius, over=over)))
    np.testing.assert_array_equal(found, expected)


def test_a_stroke_pushes_the_border_before_it_and_not_back() -> None:
    before = two_organs()
    way = np.array([(3, 6, x) for x in np.linspace(3, 0, 7)])
    found = before
    for n in range(1, len(way) + 1):
        found = after(found, nudge(Scene(found, 1, SPACING, 0, 1), way[:n], NudgeSettings(radius_mm=2.0)))
    assert (found[3, 6, :8] == 1).all()
    back = nudge(Scene(found, 1, SPACING, 0, 1), np.concatenate([way, way[-2::-1]]), NudgeSettings(radius_mm=2.0))
    assert back is None


def test_none_well_inside_and_well_outside() -> None:
    before = two_organs()
    assert nudge(Scene(before, 1, SPACING, 0, 1), np.array([(3, 7, 5)]), NudgeSettings(radius_mm=1.0)) is None
    assert nudge(Scene(before, 1, SPACING, 0, 0), np.array([(3, 13, 15)]), NudgeSettings(radius_mm=1.0)) is None


def test_settings() -> None:
    assert NudgeSettings() == NudgeSettings(radius_mm=6.0, over=False)
    with pytest.raises(ValueError, match="greater than 0"):
        NudgeSettings(radius_mm=0)
