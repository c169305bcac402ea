"""The model's border under the brush, against each voxel alone."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from napari_boundaryseg.editing.tools.draw.model_border import ModelBorderSettings, model_border
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


@pytest.mark.parametrize("in_slice", [False, True])
@pytest.mark.parametrize("seed", range(24))
def test_as_each_voxel_alone(seed: int, in_slice: bool) -> None:
    rng = np.random.default_rng(seed)
    axis, before = seed % 3, labels()
    model = np.roll(before, tuple(rng.integers(-2, 3, 3)), axis=(0, 1, 2))
    way = rng.uniform(0, SHAPE, (3, 3))
    way[:, axis] = rng.integers(0, SHAPE[axis])
    way = way[: rng.integers(1, 4)]
    radius = rng.uniform(1, 6)
    expected = before.copy()
    for voxel in product(*map(range, SHAPE)):
        if in_slice and voxel[axis] != way[-1, axis]:
            continue
        if away_mm(voxel, way[-2:][0], way[-1]) <= radius:
            if model[voxel] == 1 and before[voxel] == 0:
                expected[voxel] = 1
            if model[voxel] != 1 and before[voxel] == 1:
                expected[voxel] = 0
    scene = Scene(before, 1, SPACING, axis, model=model)
    found = after(before, model_border(scene, way, ModelBorderSettings(radius_mm=radius, in_slice=in_slice)))
    np.testing.assert_array_equal(found, expected)


def test_painted_all_over_it_is_as_the_model_found_it() -> None:
    before = labels()
    model = np.where(np.roll(before, 2, axis=1) == 1, 1, 0)
    before[before == 2] = 0
    scene = Scene(before, 1, SPACING, model=model)
    found = after(before, model_border(scene, np.array([(3, 6, 8)]), ModelBorderSettings(radius_mm=99, in_slice=False)))
    np.testing.assert_array_equal(found, model)
    assert model_border(scene._replace(labels=found), np.array([(3, 6, 8)]), ModelBorderSettings()) is None


def test_none_without_a_model() -> None:
    assert model_border(Scene(labels(), 1, SPACING), np.array([(3, 6, 8)]), ModelBorderSettings()) is None


def test_settings() -> None:
    assert ModelBorderSettings() == ModelBorderSettings(radius_mm=6.0, in_slice=True)
