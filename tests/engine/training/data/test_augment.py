"""Random changes of patches: geometry is exact where it must be, intensities stay finite."""

import numpy as np
import pytest
import torch

from napari_boundaryseg.engine.recipes.recipe import Augmentation
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data.augment import (
    blur,
    change_intensities,
    low_resolution,
    random_affine,
    sample,
    sampling_points,
)

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


@pytest.mark.parametrize("centre", [(20.0, 14.0, 9.0), (1.0, 27.0, 3.0), (-6.0, 12.0, 8.0), (60.0, 60.0, -40.0)])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_only_the_part_under_a_patch_is_read(centre: tuple[float, float, float], mode: str):
    """The same as from the whole scan, inside, across its border and outside of it."""
    volume = torch.rand(2, 40, 29, 18)
    settings = Augmentation(rotate_deg=30, scale=0.2, elastic_mm=1.0, shift_mm=2.0)
    points = sampling_points((6, 1, 7), np.array(centre), (2.0, 1.0, 1.0), settings, rng())
    whole = (2 * points + 1) / torch.tensor([40.0, 29.0, 18.0]) - 1
    expected = torch.nn.functional.grid_sample(volume[None], whole.flip(-1)[None], mode=mode, align_corners=False)[0]
    torch.testing.assert_close(sample(volume, points, mode), expected, rtol=0, atol=1e-4)


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


def test_a_cube_comes_in_all_its_orientations_and_keeps_its_voxels():
    volume = torch.arange(27.0).reshape(1, 3, 3, 3)
    seen = set()
    for seed in range(400):
        points = sampling_points(
            (3, 3, 3), np.ones(3), (3.0, 1.0, 0.5), Augmentation(permute_axes=True), np.random.default_rng(seed)
        )
        patch = sample(volume, points, "nearest")
        assert torch.equal(patch.flatten().sort().values, volume.flatten())
        assert patch[0, 1, 1, 1] == 13
        seen.add(tuple(patch.flatten().tolist()))
    assert len(seen) == 48


@pytest.mark.parametrize("changes", [{"patch_vox": (16, 32, 32)}, {"dims": 2, "patch_vox": (1, 32, 32)}])
def test_only_cubes_change_their_axes(changes):
    with pytest.raises(ValueError, match="cubic patches"):
        recipe("hippocampus-sgm").with_settings({"augmentation.permute_axes": True, **changes})


def test_gain_and_shift_stay_within_their_bounds_and_differ_between_channels():
    image = torch.stack([torch.randn(6, 6, 6) * 3 + 5, torch.randn(6, 6, 6)])
    gains, shifts = [], []
    for seed in range(200):
        found = change_intensities(image, (1, 1, 1), Augmentation(gain=0.1, shift=0.2), np.random.default_rng(seed))
        gain = found.std((1, 2, 3)) / image.std((1, 2, 3))
        shift = (found.mean((1, 2, 3)) - gain * image.mean((1, 2, 3))) / image.std((1, 2, 3), correction=0)
        torch.testing.assert_close(
            found, image * gain[:, None, None, None] + (shift * image.std((1, 2, 3), correction=0))[:, None, None, None]
        )
        gains.append(gain)
        shifts.append(shift)
    for values, centre, bound in ((torch.stack(gains), 1.0, 0.1), (torch.stack(shifts), 0.0, 0.2)):
        assert float((values - centre).abs().max()) <= bound + 1e-4
        assert float((values - centre).abs().max()) > 0.9 * bound
        assert not torch.allclose(values[:, 0], values[:, 1])
    alone = change_intensities(image, (1, 1, 1), Augmentation(shift=0.2), rng())
    torch.testing.assert_close(alone.std((1, 2, 3)), image.std((1, 2, 3)))


def test_intensity_changes_are_finite_and_repeatable():
    settings = Augmentation(
        bias_field=0.3, contrast=0.3, gain=0.1, shift=0.1, noise=0.2, blur_mm=1.0, low_resolution=3.0
    )
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
    found = low_resolution(image, axis, 3.0)
    assert found.shape == image.shape
    assert float(found.mean()) == pytest.approx(float(image.mean()), abs=0.05)
    ramp = torch.arange(12.0).reshape([-1 if a == axis else 1 for a in range(3)]).expand(12, 12, 12)[None]
    inside = slice(2, 10)
    torch.testing.assert_close(
        low_resolution(ramp, axis, 2.0).movedim(axis + 1, -1)[..., inside],
        ramp.movedim(axis + 1, -1)[..., inside],
        rtol=0,
        atol=0.1,
    )
    across = (axis + 1) % 3
    steps = torch.arange(12.0).reshape([-1 if a == across else 1 for a in range(3)]).expand(12, 12, 12)[None] ** 2
    torch.testing.assert_close(low_resolution(steps, axis, 3.0), steps, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(low_resolution(image, axis, 1.0), image)


def test_slices_keep_their_places_when_a_volume_of_them_is_turned_and_scaled():
    settings = Augmentation(rotate_deg=30, scale=0.3, flip_axes=("x", "y"))
    matrix = random_affine(settings, rng(), across=0)
    assert matrix[0].tolist() == [1, 0, 0]
    assert matrix[:, 0].tolist() == [1, 0, 0]
    assert not np.allclose(matrix[1:, 1:], np.eye(2), atol=0.01)
