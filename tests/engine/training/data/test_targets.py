"""Target maps on their way to the losses: only those that are needed, and turned as the labels are."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_boundaryseg import losses
from napari_boundaryseg.data.boundaries import outline
from napari_boundaryseg.data.contour_targets import contour_targets, slicewise_difficulty
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Augmentation, Preprocessing
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data.augment import sample, sampling_points
from napari_boundaryseg.engine.training.data.batches import _centre, batch_at, draw
from napari_boundaryseg.engine.training.data.cases import prepare, prepare_loosely
from napari_boundaryseg.engine.training.data.random_boxes import boxed
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.losses import target_maps
from napari_boundaryseg.losses.signed_distance import signed_distance_mm
from napari_boundaryseg.losses.target_maps import GridLabels
from napari_boundaryseg.models import ModelOutput

SPACING = (1.0, 1.5, 2.0)


def scan(shape: tuple[int, int, int] = (40, 30, 24)) -> tuple[Volume, LabelMap]:
    """An ellipsoid (1) with a box beside it (2), well inside the scan."""
    i, j, k = np.ogrid[: shape[0], : shape[1], : shape[2]]
    labels = np.zeros(shape, np.uint8)
    labels[((i - 16) / 7) ** 2 + ((j - 14) / 5) ** 2 + ((k - 12) / 4) ** 2 < 1] = 1
    labels[26:32, 11:18, 9:16] = 2
    image = np.random.default_rng(0).normal(0, 0.2, shape) + np.array([0, 2, -2])[labels]
    volume = Volume(image[None].astype(np.float32), Geometry(shape, np.diag([*SPACING, 1.0])), name="two")
    return volume, volume.with_labels(labels, preset("hippocampus"))


def wanted(augmentation: Augmentation | None = None, **changes: object) -> Recipe:
    """A patch as large as the scan."""
    return recipe("hippocampus-sgm").with_settings(
        {
            "losses": {"wce-dice": 1.0, "signed-distance": 0.01},
            "preprocessing": Preprocessing().model_dump(),
            "augmentation": (augmentation or Augmentation()).model_dump(),
            "patch_vox": (24, 30, 40),
            "expected_field_mm": None,
            "batch": 2,
            "network_arguments": {"width": 8, "norm": "group"},
            **changes,
        }
    )


def distances(labels: Tensor, spacing_mm: tuple[float, ...]) -> Tensor:
    """The map of labels as they lie in a patch."""
    return torch.from_numpy(np.stack([signed_distance_mm((labels == n).numpy(), spacing_mm) for n in (1, 2)]))


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (["wce-dice"], set()),
        (["wce-dice", "hard-contour", "soft-contour"], {"hard", "soft"}),
        (["difficulty-ce"], {"difficulty"}),
        (["signed-distance", "contour-regression"], {"hard", "soft", "signed-distance"}),
    ],
)
def test_only_the_maps_that_the_losses_need_are_made_and_carried(chosen, expected):
    settings = wanted(losses=dict.fromkeys(chosen, 1.0), scheme=preset("pelvis-mr").model_dump())
    volume, labels = scan()
    case = prepare(volume, volume.with_labels(labels.array, settings.scheme), settings)
    assert case.maps.keys() == expected
    image, target = batch_at([case], settings, 0, 0)
    assert target.maps.keys() == expected
    assert {one.dtype for one in target.maps.values()} <= {torch.float32}
    for name, one in target.maps.items():
        assert one.shape == (2, len(case.maps[name]), *image.shape[2:])


@pytest.mark.parametrize(
    "changes", [{}, {"dims": 2, "slices": 3, "plane": "coronal", "patch_vox": (24, 1, 40)}], ids=str
)
def test_maps_of_contours_and_difficulty_are_each_step_by_hand_bit_by_bit(changes):
    """From organ ids, one function of the data floor after the other; in a batch, read at the patch's points."""
    chosen = {"hard-contour": 1.0, "soft-contour": 1.0, "difficulty-ce": 1.0}
    scheme = preset("pelvis-mr")
    moving = Augmentation(shift_mm=4.0, flip_axes=("x",))
    settings = wanted(moving, losses=chosen, scheme=scheme.model_dump(), network="hmedn", batch=1, **changes)
    volume, labels = scan()
    case = prepare(volume, volume.with_labels(labels.array, scheme), settings)
    ids, chosen_targets, across = labels.array.T, settings.targets, settings.across
    assert np.array_equal(case.labels, ids)
    clear, blurry = ([organ.id for organ in organs] for organs in (scheme.clear, scheme.blurry))
    hard, soft = contour_targets(ids, clear, blurry, chosen_targets, case.spacing_mm, across)
    edges = [outline(ids == organ, chosen_targets.boundary, across) for organ in scheme.ids]
    sigma_vox = [chosen_targets.difficulty_sigma_mm / step for step in case.spacing_mm]
    difficulty = slicewise_difficulty(edges, sigma_vox, gain=chosen_targets.difficulty_gain, across=across)
    expected = {"hard": hard, "soft": soft.astype(np.float16), "difficulty": difficulty[None].astype(np.float16)}
    assert case.maps.keys() == expected.keys()
    for name, one in expected.items():
        assert case.maps[name].numpy().dtype == one.dtype
        assert np.array_equal(case.maps[name], one), name
    rng = np.random.default_rng([5, 0])
    rng.integers(1)  # which case
    points = sampling_points(settings.patch_vox, _centre(case, settings, rng), case.spacing_mm, moving, rng, across)
    _, target = batch_at([case], settings, 5, 0)
    assert torch.equal(target.labels[0], sample(case.labels[None], points, "nearest")[0].long())
    for name, mode in (("hard", "nearest"), ("soft", "bilinear"), ("difficulty", "bilinear")):
        read = sample(torch.from_numpy(expected[name]), points, mode)
        assert torch.equal(target.maps[name][0], read.clamp_min(1.0) if name == "difficulty" else read), name


def test_a_map_is_mirrored_with_the_labels():
    settings = wanted(Augmentation(flip_axes=("x", "y", "z")))
    case = prepare(*scan(), settings)
    seen = set()
    for seed in range(12):
        _, labels, maps, _ = draw(case, settings, np.random.default_rng(seed))
        torch.testing.assert_close(maps["signed-distance"], distances(labels, case.spacing_mm), rtol=2e-3, atol=2e-3)
        seen.add(labels.numpy().tobytes())
    assert len(seen) > 4


def test_a_map_is_turned_with_the_labels():
    """As closely as a voxel's diagonal, where the rotated labels are staircases; in the mean far more closely."""
    settings = wanted(Augmentation(rotate_deg=25, flip_axes=("x",)))
    case = prepare(*scan(), settings)
    for seed in range(6):
        _, labels, maps, _ = draw(case, settings, np.random.default_rng(seed))
        inside = np.s_[:, 5:-5, 6:-6, 8:-8]  # of the scan, also after the turn
        error = (maps["signed-distance"] - distances(labels, case.spacing_mm))[inside].abs()
        assert float(error.max()) < 2.7
        assert float(error.mean()) < 0.4


def test_a_patch_has_the_distances_of_the_whole_scan():
    """Also to an organ that lies beyond it."""
    settings = wanted(patch_vox=(8, 8, 8), foreground=0.0)
    case = prepare(*scan(), settings)
    whole = distances(case.labels, case.spacing_mm)
    alone = 0
    for seed in range(20):
        image, labels, maps, _ = draw(case, settings, np.random.default_rng(seed))
        first = np.argwhere((case.image[0] - image[0, 0, 0, 0]).abs().numpy() < 1e-4)
        crops = [whole[(slice(None), *(slice(a, a + 8) for a in place))] for place in first]
        assert any(one.shape == (2, 8, 8, 8) and (one - maps["signed-distance"]).abs().max() < 0.05 for one in crops)
        alone += not labels.any()
    assert alone > 3


def test_a_map_comes_with_a_random_box():
    settings = wanted(Augmentation(rotate_deg=15, flip_axes=("x", "y")), box_margin_mm=(4.0, 9.0))
    case = prepare_loosely(*scan(), settings)
    for seed in range(4):
        made = boxed(case, settings, np.random.default_rng(seed))
        one = made.maps["signed-distance"]
        assert one.dtype == torch.float16
        assert one.shape == (2, *made.labels.shape)
        expected = distances(made.labels, made.spacing_mm)
        near = expected.abs() < 4.0  # the box's corners may lie beyond what was kept of the scan
        error = (one.float() - expected)[near].abs()
        assert float(error.mean()) < 0.4
        assert float(error.max()) < 2.7


def test_beyond_the_scan_a_map_is_0_or_its_least():
    settings = wanted(losses={"signed-distance": 1.0, "difficulty-ce": 1.0}, patch_vox=(40, 40, 48))
    _, _, maps, _ = draw(prepare(*scan(), settings), settings, np.random.default_rng(0))
    assert maps["signed-distance"][:, :6].eq(0).all()
    assert maps["difficulty"][:, :6].eq(1).all()
    assert float(maps["difficulty"].min()) == 1


def test_a_boundary_loss_on_signed_distances_trains(tmp_path):
    settings = wanted(steps=30, patch_vox=(16, 16, 24), **{"optimiser.lr": 1e-2, "inference.window_vox": (16, 16, 24)})
    fit(settings, [scan()], tmp_path, device="cpu")
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    for name in ("loss", "wce-dice", "signed-distance"):
        values = [line[name] for line in lines if name in line]
        assert len(values) == 30
        assert np.isfinite(values).all()
        assert np.mean(values[-5:]) < np.mean(values[:5]) - 0.2 * abs(np.mean(values[:5])), name


def test_a_loss_of_another_module_brings_its_own_map(tmp_path, monkeypatch):
    """Nothing but the two registrations: the map is made from the labels and reaches the loss beside them."""
    for registry in (losses._registry, target_maps._registry):
        registry.names()
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    seen = []

    @target_maps.register("twice", interpolation="nearest", least=0.0)
    def twice(truth: GridLabels) -> np.ndarray:
        return 2 * truth.classes[None]

    @losses.register("twice", needs=("twice",))
    def loss(output: ModelOutput, target: losses.Target) -> Tensor:
        seen.append(torch.equal(target.needed("twice")[:, 0].long(), 2 * target.labels))
        return (output.logits.float() ** 2).mean()

    moving = Augmentation(rotate_deg=20, scale=0.1, elastic_mm=2.0, flip_axes=("x",))
    settings = wanted(moving, losses={"twice": 1.0}, patch_vox=(16, 16, 24), **{"inference.window_vox": (16, 16, 24)})
    fit(settings, [scan()], tmp_path, device="cpu", steps=2)
    assert seen == [True, True]


def test_a_loss_that_needs_an_unknown_map_is_refused_before_the_first_step(tmp_path, monkeypatch):
    losses.names()
    monkeypatch.setattr(losses._registry, "_entries", dict(losses._registry._entries))

    @losses.register("lost", needs=("dificulty",))
    def lost(output: ModelOutput, target: losses.Target) -> Tensor:
        return output.logits.sum()

    with pytest.raises(InputError, match=r"dificulty: there is no such target map\. Did you mean 'difficulty'"):
        fit(wanted(losses={"lost": 1.0}), [scan()], tmp_path, device="cpu", steps=1)
