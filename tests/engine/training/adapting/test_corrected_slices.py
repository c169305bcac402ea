"""Corrected slices: only they are believed, and each is found on the network's grid however the scan is stored."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.recipes.settings import Preprocessing
from napari_boundaryseg.engine.training.adapting.corrected_slices import CorrectedSlices

Case = tuple[Volume, LabelMap]
TURNED = np.eye(4)[[1, 2, 0, 3]]


@pytest.mark.parametrize("affine", [np.eye(4), np.diag([-1.0, -1, 1, 1]), TURNED], ids=["RAS", "LPS", "turned"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_they_lie_on_the_grid_as_the_labels_do(make_case: Callable[..., Case], affine: np.ndarray, axis: int) -> None:
    volume, labels = make_case(affine)
    grid = NetworkGrid(volume, Preprocessing())
    corrected = CorrectedSlices.of(volume, labels, (9, 6), axis, preset("hippocampus"))
    assert corrected.slices == (6, 9)
    classes, counted = corrected.on(grid)
    mark = np.zeros(labels.array.shape, np.uint8)
    mark[(slice(None),) * axis + ([6, 9],)] = 1
    np.testing.assert_array_equal(counted, grid.labels(volume.with_labels(mark)) > 0)
    np.testing.assert_array_equal(classes, np.where(counted, grid.labels(labels), 0))
    assert corrected.without(6).slices == (9,)
    assert not corrected.without(6).drawn(6).any()
    np.testing.assert_array_equal(corrected.drawn(6), np.take(labels.array, 6, axis))


@pytest.mark.parametrize("spacing", [0.5, 1.3, 2.0, 3.0, 4.7])
def test_none_falls_between_the_planes_of_another_grid(case: Case, spacing: float) -> None:
    volume, labels = case
    grid = NetworkGrid(volume, Preprocessing(spacing_mm=(1.0, spacing, 1.0)))
    for n in range(20):
        other = 0 if n > 10 else 19
        alone = CorrectedSlices.of(volume, labels, (n, other), 1, preset("hippocampus")).without(other)
        classes, counted = alone.on(grid)
        planes = np.flatnonzero(counted.any((0, 2)))
        assert len(planes) >= 1
        assert counted[:, planes].all()
        assert (np.abs((planes + 0.5) * grid.spacing_zyx[1] - (n + 0.5)) <= max(spacing, 1) + 0.5).all()
        assert classes.any() == bool(labels.array[:, n].any())


def test_where_two_are_near_each_plane_shows_the_nearer_one(case: Case) -> None:
    volume, labels = case
    array = np.zeros_like(labels.array)
    array[:, 3], array[:, 5] = 1, 2
    corrected = CorrectedSlices.of(volume, volume.with_labels(array, labels.scheme), (3, 5), 1, labels.scheme)
    classes, counted = corrected.on(NetworkGrid(volume, Preprocessing(spacing_mm=(1.0, 2.0, 1.0))))
    assert sorted({int(plane.max()) for plane in classes.swapaxes(0, 1) if plane.any()}) == [1, 2]
    assert (classes[counted] > 0).all()
