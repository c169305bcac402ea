"""Maps of a patch that was turned, scaled or bent: made from its own labels, whole and as wide in mm as asked for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_targets import scan, wanted

from napari_boundaryseg.data.boundaries import inner_boundary
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Augmentation
from napari_boundaryseg.engine.training.data import batches
from napari_boundaryseg.engine.training.data.augment import sample, sampling_points
from napari_boundaryseg.engine.training.data.batches import draw
from napari_boundaryseg.engine.training.data.cases import TrainingCase, prepare
from napari_boundaryseg.engine.training.data.targets import drawn, made_anew

ALL = {"hard-contour": 1.0, "soft-contour": 1.0, "difficulty-ce": 1.0}


def settings_of(augmentation: Augmentation | None = None, **changes: object) -> Recipe:
    """One organ with a clear border, two with blurry ones, and a difficulty that no other slice changes."""
    return wanted(
        augmentation,
        losses=ALL,
        scheme=preset("pelvis-mr").model_dump(),
        **{"targets.difficulty_scale": "plane", "targets.difficulty_sigma_mm": 2.0, **changes},
    )


def case_of(settings: Recipe) -> TrainingCase:
    volume, labels = scan()
    return prepare(volume, volume.with_labels(labels.array, settings.scheme), settings)


def flat(start: int, spacing: tuple[float, float, float], settings: Recipe) -> TrainingCase:
    """An organ (2) on one side of a plane across z."""
    labels = np.zeros((24, 24, 60), np.uint8)
    labels[:, :, start:] = 2
    image = np.random.default_rng(0).normal(0, 1, labels.shape).astype(np.float32)
    volume = Volume(image[None], Geometry(labels.shape, np.diag([*spacing[::-1], 1.0])))
    return prepare(volume, volume.with_labels(labels, settings.scheme), settings)


def grid(first: tuple[int, int, int], size: tuple[int, int, int]) -> torch.Tensor:
    axes = [torch.arange(a, a + n, dtype=torch.float32) for a, n in zip(first, size, strict=True)]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)


@pytest.mark.parametrize("mode", ["gaussian", "distance"])
def test_unturned_they_are_those_of_the_whole_scan(mode: str) -> None:
    """So what lies beyond the patch is looked at as far as it counts."""
    settings = settings_of(**{"targets.mode": mode})
    case = case_of(settings)
    assert case.maps.keys() == {"hard", "soft", "difficulty"}
    for first in ((8, 8, 10), (5, 12, 18)):
        points = grid(first, (9, 10, 12))
        found = made_anew(case.maps, case.labels, points, settings, case.spacing_mm)
        for name, one in drawn(case.maps, points).items():
            torch.testing.assert_close(found[name], one, rtol=2e-3, atol=1e-3)  # kept in half precision


def test_a_turned_border_is_whole_and_lies_on_its_own_labels() -> None:
    settings = settings_of(patch_vox=(20, 24, 34))
    case = case_of(settings)
    turning = Augmentation(rotate_deg=25, elastic_mm=1.0)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        points = sampling_points((20, 24, 34), np.array([11.5, 14.5, 19.5]), case.spacing_mm, turning, rng)
        labels = sample(case.labels[None], points, "nearest")[0].numpy()
        border = inner_boundary(labels == 1)
        found = made_anew(case.maps, case.labels, points, settings, case.spacing_mm)["hard"][0].numpy() > 0
        warped = drawn(case.maps, points)["hard"][0].numpy() > 0
        inside = (slice(1, -1),) * 3  # at a patch's side the labels alone do not know what goes on
        assert np.array_equal(found[inside], border[inside])
        assert 2 * (warped & border)[inside].sum() / (warped[inside].sum() + border[inside].sum()) < 0.97


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.4])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0)])
def test_a_soft_contour_is_as_wide_in_mm_however_a_patch_was_scaled(
    scale: float, spacing: tuple[float, float, float]
) -> None:
    sigma = 3.0
    settings = settings_of(**{"targets.mode": "distance", "targets.sigma_mm": sigma})
    case = flat(30, spacing, settings)
    points = (grid((0, 0, 0), (24, 6, 6)) - torch.tensor([12.0, 2.5, 2.5])) * scale + torch.tensor([30.0, 12.0, 12.0])
    found = made_anew(case.maps, case.labels, points, settings, case.spacing_mm)["soft"][0, :, 3, 3].numpy()
    labels = sample(case.labels[None], points, "nearest")[0, :, 3, 3].numpy()
    border = int(np.argmax(labels == 2))
    distance = np.abs(np.arange(24) - border) * spacing[0]
    truth = np.where(distance <= 4 * sigma, np.exp(-0.5 * (distance / sigma) ** 2), 0)
    np.testing.assert_allclose(found, truth, rtol=2e-3, atol=5e-4)  # kept in half precision


def test_where_the_scan_ends_there_is_no_border() -> None:
    settings = settings_of(**{"targets.mode": "distance"})
    case = flat(30, (1.0, 1.0, 1.0), settings)
    points = grid((40, -4, -4), (26, 12, 12))  # the organ goes on beyond the end of the scan, at 60
    found = made_anew(case.maps, case.labels, points, settings, case.spacing_mm)
    assert float(found["soft"].max()) < 0.2
    assert float(found["difficulty"].max()) < 1.2


@pytest.mark.parametrize("dims", [3, 2])
def test_batches_are_made_so_and_slices_stay_slices(dims: int) -> None:
    patch = (20, 24, 34) if dims == 3 else (1, 24, 34)
    settings = settings_of(Augmentation(rotate_deg=20, scale=0.2), patch_vox=patch, dims=dims, foreground=1.0)
    case = case_of(settings)
    for seed in range(6):
        _, labels, maps, _ = draw(case, settings, np.random.default_rng(seed))
        axes = None if dims == 3 else (1, 2)
        border = inner_boundary(labels.numpy() == 1, axes=axes)
        crop = (slice(1, -1) if dims == 3 else slice(None), slice(1, -1), slice(1, -1))
        assert np.array_equal(maps["hard"][0].numpy()[crop] > 0, border[crop])


def test_what_is_only_moved_or_mirrored_is_read_from_the_scans_own_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "made_anew", lambda *_: pytest.fail("nothing was turned, scaled or bent"))
    settings = settings_of(Augmentation(flip_axes=("x",), shift_mm=2.0, noise=0.1))
    draw(case_of(settings), settings, np.random.default_rng(0))
