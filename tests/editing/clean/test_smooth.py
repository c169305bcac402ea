"""A smooth border: the brightest voxels of a textbook's Gaussian, as many as there were."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from organ_pictures import SPACING, applied, blobs
from scipy.ndimage import convolve, label

from napari_boundaryseg.editing.tools.clean.smooth import TRUNCATE, SmoothSettings, _smoothed, smooth
from napari_boundaryseg.editing.tools.scene import Scene

CUBES = np.ones((3, 3, 3))


def ball(radius_mm: float, shape: tuple[int, int, int] = (16, 40, 48)) -> np.ndarray:
    grid = np.meshgrid(*((np.arange(n) - (n - 1) / 2) * mm for n, mm in zip(shape, SPACING)), indexing="ij")
    return np.sqrt(sum(at**2 for at in grid)) < radius_mm


def rough(mask: np.ndarray, seed: int = 0) -> np.ndarray:
    """The same with a border of chance, half a layer in and out."""
    near = convolve(mask.astype(float), CUBES / 27, mode="nearest")
    chance = np.random.default_rng(seed).random(mask.shape)
    return np.where((near > 0) & (near < 1), chance < near, mask)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def blurred(mask: np.ndarray, sigma_mm: float) -> np.ndarray:
    """With the whole kernel at once."""
    lines = []
    for mm in SPACING:
        reach = int(TRUNCATE * sigma_mm / mm + 0.5)
        line = np.exp(-0.5 * (np.arange(-reach, reach + 1) * mm / sigma_mm) ** 2)
        lines.append(line / line.sum())
    kernel = np.einsum("i,j,k->ijk", *lines)
    return convolve(mask.astype(float), kernel, mode="nearest")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sigma_mm", [0.8, 1.5, 3.0])
def test_of_one_piece_the_brightest_free_voxels_are_taken_as_many_as_there_were(seed: int, sigma_mm: float) -> None:
    labels = np.where(rough(ball(13), seed), 1, 0).astype(np.uint8)
    labels[label(labels, CUBES)[0] > 1] = 0
    labels[:, :12][labels[:, :12] == 0] = 2  # a neighbour
    scene = Scene(labels, 1, SPACING)
    after = applied(scene, smooth(scene, SmoothSettings(sigma_mm=sigma_mm)))
    bright, free = blurred(labels == 1, sigma_mm), labels != 2
    assert bright[after == 1].min() > bright[free & (after != 1)].max() - 1e-8
    assert (after == 1).sum() == pytest.approx((labels == 1).sum(), abs=4)
    assert ((after == 2) == (labels == 2)).all()


def test_a_rough_ball_becomes_a_ball() -> None:
    labels = rough(ball(13)).astype(np.uint8)
    scene = Scene(labels, 1, SPACING)
    after = applied(scene, smooth(scene, SmoothSettings())) == 1
    assert dice(after, ball(13)) > 0.97 > 0.95 > dice(labels == 1, ball(13))


def test_every_piece_keeps_its_volume_and_none_vanishes() -> None:
    labels = np.where(ball(10), 1, 0).astype(np.uint8)
    labels[1, 2, 2] = labels[14, 30:33, 44:47] = 1
    scene = Scene(labels, 1, SPACING)
    after = applied(scene, smooth(scene, SmoothSettings(sigma_mm=3.0))) == 1
    assert after[1, 2, 2]
    before_sizes, sizes = (sorted(np.bincount(label(one, CUBES)[0].ravel())[1:]) for one in (labels == 1, after))
    assert len(sizes) == 3
    assert sizes[0] == 1
    assert sizes[1] == pytest.approx(before_sizes[1], abs=4)
    assert sizes[2] == pytest.approx(before_sizes[2], abs=4)


def test_a_spike_goes_and_a_dent_is_filled() -> None:
    labels = np.zeros((20, 30, 30), np.uint8)
    labels[4:16, 5:20, 5:20] = 1
    labels[10, 12, 20:26] = 1
    labels[9:11, 5:9, 12] = 0
    scene = Scene(labels, 1, (1.0, 1.0, 1.0))
    after = applied(scene, smooth(scene, SmoothSettings()))
    assert not after[..., 21:].any()
    assert after[9:11, 6:9, 12].all()


def test_an_organ_that_the_scan_cuts_off_goes_on_there() -> None:
    labels = np.zeros((9, 30, 30), np.uint8)
    labels[:, 8:20, 8:20] = 1
    scene = Scene(labels, 1, (3.0, 1.0, 1.0))
    after = applied(scene, smooth(scene, SmoothSettings(sigma_mm=4.0)))
    assert (after == after[0]).all()
    assert not np.array_equal(after, labels)


def test_more_is_smoother() -> None:
    labels = np.where(blobs(3) == 1, 1, 0).astype(np.uint8)

    def border(mask: np.ndarray) -> int:
        return sum(int((np.diff(mask.astype(int), axis=axis) != 0).sum()) for axis in range(3))

    scene = Scene(labels, 1, SPACING)
    borders = [border(applied(scene, smooth(scene, SmoothSettings(sigma_mm=mm)))) for mm in (0.1, 1.0, 2.0, 4.0)]
    assert borders == sorted(borders, reverse=True)
    assert borders[0] == border(labels), "a Gaussian thinner than a voxel changes nothing"


@pytest.mark.parametrize("sigma_mm", [1.0, 1.5, 2.5])
@pytest.mark.parametrize("size", [5, 6, 9])
def test_a_cube_keeps_its_symmetry(size: int, sigma_mm: float) -> None:
    """Rounding errors do not choose between its corners."""
    labels = np.pad(np.ones((size, size, size), np.uint8), 6)
    scene = Scene(labels, 1, (0.7, 0.7, 0.7))
    after = applied(scene, smooth(scene, SmoothSettings(sigma_mm=sigma_mm)))
    assert all((after == after.transpose(order)[::-1]).all() for order in permutations(range(3)))


def test_a_speck_stays_a_speck_however_wide_the_gaussian() -> None:
    labels = np.zeros((40, 40, 40), np.uint8)
    labels[20, 20, 20] = 1
    assert smooth(Scene(labels, 1, (0.2, 0.2, 0.2)), SmoothSettings(sigma_mm=10.0)) is None


def test_nothing_vanishes_where_all_is_equally_bright() -> None:
    piece = np.arange(5)[None, None] == 2
    assert _smoothed(piece, np.ones((1, 1, 5), bool), [1e5, 1e5, 1e5], 1).any()
