"""Random changes of patches: geometry is exact where it must be, intensities stay finite."""

import numpy as np
import pytest
import torch

from napari_boundaryseg.engine.augment import blur, change_intensities, coarser, random_affine, sample, sampling_points
from napari_boundaryseg.engine.recipe import Augmentation

NONE = Augmentation()


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_without_augmentation_a_patch_is_a_plain_crop():
    volume = torch.arange(2 * 8 * 9 * 10, dtype=torch.float32).reshape(2, 8, 9, 10)
    points = sampling_points((4, 5, 6), np.array([3.5, 4.0, 4.5]), (2.5, 1.0, 1.0), NONE, rng())
    expected = volume[:, 2:6, 2:7, 2:8]
    torch.testing.assert_close(sample(volume, points, "nearest"), expected)
    torch.testing.assert_close(sample(volume, points, "bilinear"), expected, rtol=0, atol=1e-3)


def test_outside_the_scan_is_zero():
    volume = torch.ones(1, 4, 4, 4)
    points = sampling_points((8, 8, 8), np.array([1.5, 1.5, 1.5]), (1, 1, 1), NONE, rng())
    patch = sample(volume, points, "nearest")
    assert patch.sum() == 64
    assert patch[0, 2:6, 2:6, 2:6].all()


def test_rotation_is_rigid_in_mm_also_on_anisotropic_voxels():
    matrix = random_affine(Augmentation(rotate_deg=40), rng())
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    spacing = (3.0, 1.0, 0.5)
    points = sampling_points((3, 3, 3), np.array([5.0, 5.0, 5.0]), spacing, Augmentation(rotate_deg=40), rng())
    step_mm = (points[2, 1, 1] - points[1, 1, 1]) * torch.tensor(spacing)
    assert float(step_mm.norm()) == pytest.approx(3.0, rel=1e-5)


def test_mirroring_moves_image_and_labels_alike():
    volume = torch.rand(1, 6, 6, 6)
    settings = Augmentation(flip_axes=("x",))
    seen = set()
    for seed in range(8):
        points = sampling_points((6, 6, 6), np.array([2.5, 2.5, 2.5]), (1, 1, 1), settings, np.random.default_rng(seed))
        patch = sample(volume, points, "nearest")
        assert torch.equal(patch, volume) or torch.equal(patch, volume.flip(-1))
        seen.add(torch.equal(patch, volume))
    assert seen == {True, False}


def test_intensity_changes_are_finite_and_repeatable():
    settings = Augmentation(bias_field=0.3, contrast=0.3, noise=0.2, blur_mm=1.0, coarser=3.0)
    image = torch.randn(1, 8, 8, 8)
    first = change_intensities(image, (2.0, 1.0, 1.0), settings, rng())
    again = change_intensities(image, (2.0, 1.0, 1.0), settings, rng())
    assert torch.isfinite(first).all()
    assert torch.equal(first, again)
    assert not torch.equal(first, image)
    assert torch.isfinite(change_intensities(torch.zeros(1, 8, 8, 8), (1, 1, 1), settings, rng())).all()


def test_blur_keeps_the_mean_and_equals_a_gaussian():
    from scipy.ndimage import gaussian_filter1d

    image = torch.randn(1, 4, 32, 5)
    expected = gaussian_filter1d(image.numpy(), 1.6, axis=2, mode="nearest", radius=4)
    torch.testing.assert_close(blur(image, (0.0, 1.6, 0.0)), torch.from_numpy(expected), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_coarser_voxels_blur_one_axis_only_and_keep_the_mean(axis):
    image = torch.randn(1, 12, 12, 12)
    found = coarser(image, axis, 3.0)
    assert found.shape == image.shape
    assert float(found.mean()) == pytest.approx(float(image.mean()), abs=0.05)
    ramp = torch.arange(12.0).reshape([-1 if a == axis else 1 for a in range(3)]).expand(12, 12, 12)[None]
    inside = slice(2, 10)
    torch.testing.assert_close(coarser(ramp, axis, 2.0).movedim(axis + 1, -1)[..., inside],
                               ramp.movedim(axis + 1, -1)[..., inside], rtol=0, atol=0.1)
    across = (axis + 1) % 3
    steps = torch.arange(12.0).reshape([-1 if a == across else 1 for a in range(3)]).expand(12, 12, 12)[None] ** 2
    torch.testing.assert_close(coarser(steps, axis, 3.0), steps, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(coarser(image, axis, 1.0), image)
