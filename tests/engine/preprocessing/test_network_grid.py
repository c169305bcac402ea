"""To the network's grid and back: exact where nothing is interpolated, aligned where something is."""

import itertools

import numpy as np
import pytest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.recipes.settings import Preprocessing
from napari_boundaryseg.errors import InputError

OWN = Preprocessing(clip_percentiles=(0, 100))


def volume(array: np.ndarray, affine: np.ndarray | None = None) -> Volume:
    return Volume(array[None], Geometry(array.shape, np.eye(4) if affine is None else affine))


def blob(shape=(20, 24, 12), spacing=(1.0, 1.0, 1.0), at=(9.0, 11.0, 6.0), radius=4.0) -> np.ndarray:
    grids = np.meshgrid(*[(np.arange(n) + 0.5) * s for n, s in zip(shape, spacing, strict=True)], indexing="ij")
    distance = np.sqrt(sum((g - a) ** 2 for g, a in zip(grids, at, strict=True)))
    return np.clip(radius - distance + 0.5, 0, 1).astype(np.float32)


@pytest.mark.parametrize(
    ("order", "signs"),
    list(itertools.product([(0, 1, 2), (2, 0, 1), (1, 0, 2)], [(1, 1, 1), (-1, -1, 1), (1, -1, -1)])),
)
def test_without_resampling_the_way_back_is_exact(order, signs):
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, list(order)] * np.array(signs)
    array = np.random.default_rng(0).random((5, 7, 9)).astype(np.float32)
    grid = NetworkGrid(volume(array, affine), OWN)
    assert not grid.resampled
    turned = grid._turn(array)[None]
    np.testing.assert_array_equal(grid.back(turned)[0], array)


def test_network_axes_are_z_y_x_towards_superior_anterior_right():
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])
    array = np.zeros((4, 5, 6), np.float32)
    array[0, 0, 5] = 1
    image = NetworkGrid(volume(array, affine), OWN).image()[0]
    assert image.shape == (6, 5, 4)
    assert np.unravel_index(image.argmax(), image.shape) == (5, 4, 3)


@pytest.mark.parametrize("spacing", [(0.5, 0.5, 3.0), (2.0, 1.0, 1.0), (0.75, 0.75, 2.0)])
def test_resampling_keeps_the_place_in_mm(spacing):
    shape = tuple(round(24 / s) for s in spacing)
    array = blob(shape, spacing, at=(10.0, 13.0, 12.0), radius=6)
    grid = NetworkGrid(volume(array, np.diag([*spacing, 1.0])), Preprocessing(spacing_mm=(1.0, 1.0, 1.0)))
    assert grid.shape == (24, 24, 24)
    image = grid._resize(grid._turn(array)[None], "linear")[0]
    centre = [
        float((image.sum(axis=tuple(a for a in range(3) if a != n)) * (np.arange(24) + 0.5)).sum() / image.sum())
        for n in range(3)
    ]
    np.testing.assert_allclose(centre, (12.0, 13.0, 10.0), atol=0.15)
    back = grid.back(image[None])[0]
    assert back.shape == array.shape
    overlap = 2 * ((back > 0.5) & (array > 0.5)).sum() / ((back > 0.5).sum() + (array > 0.5).sum())
    assert overlap > 0.9


def test_labels_become_class_indices():
    labels = np.zeros((4, 4, 4), np.uint8)
    labels[1, 2, 3] = 4
    scan = volume(np.zeros((4, 4, 4), np.float32))
    classes = NetworkGrid(scan, OWN).labels(scan.with_labels(labels, preset("brats-2022")))
    assert classes[3, 2, 1] == 3
    assert classes.sum() == 3


def test_zscore_is_that_of_the_box_and_finite():
    array = np.random.default_rng(1).normal(100, 20, (10, 10, 10)).astype(np.float32)
    array[0, 0, 0], array[1, 1, 1] = np.nan, np.inf
    grid = NetworkGrid(volume(array), OWN, (slice(0, 8), slice(0, 8), slice(0, 8)))
    image = grid.image()
    assert image.shape == (1, 8, 8, 8)
    assert np.isfinite(image).all()
    assert grid.not_finite == 2
    assert abs(float(image.mean())) < 1e-4
    assert float(image.std()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("value", [0.0, 1234.5, np.nan])
def test_a_constant_scan_becomes_zero(value):
    image = NetworkGrid(volume(np.full((4, 4, 4), value, np.float32)), OWN).image()
    assert not image.any()


def test_hounsfield_units_are_scaled_by_a_thousand():
    array = np.array([-2000, -1000, 0, 400, 1500], np.float32).reshape(1, 1, 5)
    image = NetworkGrid(volume(array), Preprocessing(normalise="hu")).image()
    np.testing.assert_allclose(image.ravel(), [-1, -1, 0, 0.4, 1], atol=1e-7)


def test_a_grid_absurdly_finer_than_the_scan_is_refused_before_memory_is_taken():
    scan = volume(np.zeros((40, 50, 60), np.float32))
    fine = NetworkGrid(scan, Preprocessing(spacing_mm=(0.05, 0.05, 0.05)))
    for work in (fine.image, lambda: fine.labels(scan.with_labels(np.ones((40, 50, 60), np.uint8)))):
        with pytest.raises(InputError, match=r"it would have 800 x 1000 x 1200 voxels\. Draw a box"):
            work()
    box = (slice(0, 2), slice(0, 2), slice(0, 2))
    assert NetworkGrid(scan, Preprocessing(spacing_mm=(0.05, 0.05, 0.05)), box).image().shape == (1, 40, 40, 40)
