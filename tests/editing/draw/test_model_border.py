"""The model's border under the brush, against each voxel alone."""

from __future__ import annotations

import numpy as np
import pytest
from stroke_pictures import SPACING, after, stroke, two_organs, under_brush

from napari_boundaryseg.editing.tools.draw.model_border import ModelBorderSettings, model_border
from napari_boundaryseg.editing.tools.scene import Scene


@pytest.mark.parametrize("in_slice", [False, True])
@pytest.mark.parametrize("seed", range(24))
def test_as_each_voxel_alone(seed: int, in_slice: bool) -> None:
    rng = np.random.default_rng(seed)
    axis, before = seed % 3, two_organs()
    model = np.roll(before, tuple(rng.integers(-2, 3, 3)), axis=(0, 1, 2))
    way = stroke(rng, axis)
    radius = rng.uniform(1, 6)
    expected = before.copy()
    for voxel in under_brush(way, radius, axis if in_slice else None):
        if model[voxel] == 1 and before[voxel] == 0:
            expected[voxel] = 1
        if model[voxel] != 1 and before[voxel] == 1:
            expected[voxel] = 0
    scene = Scene(before, 1, SPACING, axis, model=model)
    found = after(before, model_border(scene, way, ModelBorderSettings(radius_mm=radius, in_slice=in_slice)))
    np.testing.assert_array_equal(found, expected)


def test_painted_all_over_it_is_as_the_model_found_it() -> None:
    before = two_organs()
    model = np.where(np.roll(before, 2, axis=1) == 1, 1, 0)
    before[before == 2] = 0
    scene = Scene(before, 1, SPACING, model=model)
    found = after(before, model_border(scene, np.array([(3, 6, 8)]), ModelBorderSettings(radius_mm=99, in_slice=False)))
    np.testing.assert_array_equal(found, model)
    assert model_border(scene._replace(labels=found), np.array([(3, 6, 8)]), ModelBorderSettings()) is None


def test_none_without_a_model() -> None:
    assert model_border(Scene(two_organs(), 1, SPACING), np.array([(3, 6, 8)]), ModelBorderSettings()) is None


def test_settings() -> None:
    assert ModelBorderSettings() == ModelBorderSettings(radius_mm=6.0, in_slice=True)
