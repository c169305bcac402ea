"""A first model that proposes the box for a second one."""

import shutil

import numpy as np
import pytest

from napari_boundaryseg.data.boxes import around
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.inference import predictor as module
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.preprocessing.field_of_view import part_of
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Preprocessing
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data.batches import batch_at
from napari_boundaryseg.engine.training.data.cases import prepare
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.errors import InputError, RegionNeeded

GRID = Geometry((32, 32, 24), np.diag([2.0, 2.0, 3.0, 1.0]))


def scan(value: float = 200.0) -> tuple[Volume, LabelMap]:
    """A bright ball in noise, and its label."""
    i, j, k = np.indices(GRID.shape)
    ball = (i - 20) ** 2 + (j - 12) ** 2 + (k - 12) ** 2 <= 25
    noise = np.random.default_rng(0).normal(0, 10, GRID.shape)
    volume = Volume((noise + value * ball)[None].astype(np.float32), GRID, ("ct",))
    return volume, volume.with_labels(ball.astype(np.uint8), preset("prostate"))


def small(name: str, **changes: object) -> Recipe:
    return Recipe(
        **{
            "name": name,
            "channels": ("ct",),
            "scheme": preset("prostate"),
            "network": "segresnet",
            "network_arguments": {"width": 8, "norm": "group"},
            "losses": {"wce-dice": 1.0},
            "patch_vox": (16, 16, 16),
            "preprocessing": Preprocessing(),
            "steps": 1,
            "steps_per_epoch": 100,
            **changes,
        }
    )


@pytest.fixture(scope="module")
def locator(tmp_path_factory):
    """Trained until it finds the ball."""
    wanted = small("finder", steps=60, optimiser={"lr": 1e-2})
    return fit(wanted, [scan()], tmp_path_factory.mktemp("finder"), device="cpu")


def second(tmp_path, named: str) -> Predictor:
    wanted = small("second", locator=named, locator_margin_mm=6.0)
    return Predictor(load_model(fit(wanted, [scan()], tmp_path / "second", device="cpu")), "cpu")


def test_the_second_model_sees_only_what_the_first_one_found(locator, tmp_path):
    predictor, volume = second(tmp_path, "finder"), scan()[0]
    shutil.copy(locator, tmp_path / "second" / "finder.safetensors")
    found = Predictor(load_model(locator), "cpu").predict(volume, whole=True).labels
    assert found.array.any()
    box = around(found.array > 0, volume.spacing_mm, 6.0)
    result = predictor.predict(volume)
    assert result.details["box"] == [[part.start, part.stop] for part in box]
    outside = np.ones(GRID.shape, bool)
    outside[box] = False
    assert not result.labels.array[outside].any()
    whole = predictor.predict(volume, whole=True)
    assert whole.details["box"] is None
    drawn = predictor.predict(volume, box=(slice(0, 20), slice(0, 20), slice(0, 20)))
    assert drawn.details["box"] == [[0, 20]] * 3


def test_without_a_locator_that_finds_something_the_person_is_asked(locator, tmp_path, monkeypatch):
    predictor = second(tmp_path, "finder")
    with pytest.raises(RegionNeeded, match=r"finder, which proposes one, cannot be used.*put finder\.safetensors"):
        predictor.predict(scan()[0])
    predictor = Predictor(predictor.model, "cpu", load_model(locator))
    noise = np.random.default_rng(0).normal(0, 5, (1, *GRID.shape)).astype(np.float32)
    empty = Volume(noise, GRID, ("ct",))
    monkeypatch.setattr(module, "located", lambda *given: None)
    with pytest.raises(RegionNeeded, match="finder found no organ in it"):
        predictor.predict(empty)


def test_training_takes_the_box_that_a_perfect_locator_would_propose():
    volume, labels = scan()
    wanted = small("second", locator="finder", locator_margin_mm=6.0)
    assert part_of(PreparedScan.of(volume, wanted), labels) == around(labels.array > 0, volume.spacing_mm, 6.0)
    assert part_of(PreparedScan.of(volume, small("alone")), labels) is None
    with pytest.raises(InputError, match="nothing is labelled"):
        part_of(PreparedScan.of(volume, wanted), volume.with_labels(np.zeros(GRID.shape, np.uint8)))


def turned(how):
    """The scan of `scan`, its array in another storage order."""
    volume, labels = scan()
    order, signs = how
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    for new, old in enumerate(order):
        affine[old, new] = signs[new] * GRID.spacing_mm[old]
    array = np.moveaxis(volume.array[0], [0, 1, 2], [order.index(n) for n in range(3)])
    mask = np.moveaxis(labels.array, [0, 1, 2], [order.index(n) for n in range(3)])
    other = Volume(array[None], Geometry(array.shape, affine), ("ct",))
    return other, other.with_labels(mask, preset("prostate"))


@pytest.mark.parametrize("spacing", [None, (2.5, 2.0, 3.0), (1.0, 2.0, 2.4)])
@pytest.mark.parametrize("how", [((0, 1, 2), (1, 1, 1)), ((2, 0, 1), (-1, 1, -1))])
@pytest.mark.parametrize("patch", [(1, 24, 30), (20, 20, 20), (16, 31, 12)])
def test_where_the_scan_is_large_enough_no_patch_is_padded(patch, how, spacing):
    volume, labels = turned(how)
    wanted = small("second", locator="finder", patch_vox=patch, locator_fills_patch=True).with_settings(
        {"preprocessing.spacing_mm": spacing, "network_arguments": {}, "network": "unet"}
    )
    tight = around(labels.array > 0, volume.spacing_mm, 15.0)
    box = part_of(PreparedScan.of(volume, wanted), labels)
    assert all(a.start <= b.start and a.stop >= b.stop for a, b in zip(box, tight, strict=True))
    case = prepare(volume, labels, wanted)
    fits = [n * have >= p * want - 1e-6 for n, have, p, want in zip(
        GRID.shape[::-1], GRID.spacing_mm[::-1], patch, (spacing or GRID.spacing_mm)[::-1], strict=True
    )]  # fmt: skip
    for n, p, fit_axis in zip(case.labels.shape, patch, fits, strict=True):
        assert n >= p or not fit_axis
    masks = [batch_at([case], wanted, 0, step)[1].valid for step in range(4)]
    assert all(fits) == all(mask is None for mask in masks)


def test_a_box_that_fills_its_patch_is_the_smallest_one_round_it():
    volume, labels = scan()
    wanted = small("second", locator="finder", locator_margin_mm=0.0, patch_vox=(12, 20, 11))
    assert part_of(PreparedScan.of(volume, wanted), labels) == (slice(15, 26), slice(7, 18), slice(7, 18))
    wanted = wanted.model_copy(update={"locator_fills_patch": True})
    assert part_of(PreparedScan.of(volume, wanted), labels) == (slice(15, 26), slice(3, 23), slice(7, 19))
    larger = wanted.with_settings({"inference.window_vox": (12, 40, 11)})
    assert part_of(PreparedScan.of(volume, larger), labels) == (slice(15, 26), slice(0, 32), slice(7, 19))


def test_the_share_of_padding_in_the_papers_pelvis():
    """A scan of 1 mm pixels, organs of 90 x 80 mm: the paper's patch is full of it."""
    geometry = Geometry((256, 220, 8), np.diag([1.0, 1.0, 3.0, 1.0]))
    array = np.zeros(geometry.shape, np.uint8)
    array[80:170, 70:110, 1:7], array[100:150, 110:130, 2:6], array[100:150, 130:150, 2:6] = 1, 2, 3
    volume = Volume(np.random.default_rng(0).normal(0, 100, (1, *geometry.shape)).astype(np.float32), geometry, ("ct",))
    wanted = recipe("hmedn-pelvis-ct")
    wanted = wanted.with_settings({"preprocessing.means": (0.0,), "preprocessing.sds": (100.0,)})
    labels = volume.with_labels(array, wanted.scheme)
    _, target = batch_at([prepare(volume, labels, wanted)], wanted, 0, 0)
    assert target.valid is None
    before = wanted.model_copy(update={"locator_fills_patch": False})
    _, target = batch_at([prepare(volume, labels, before)], before, 0, 0)
    assert float(target.valid.float().mean()) == pytest.approx(120 * 110 / (144 * 208))


def test_prediction_takes_the_same_box_as_training(locator, tmp_path):
    wanted = small("second", locator="finder", locator_margin_mm=6.0, locator_fills_patch=True, patch_vox=(8, 24, 28))
    predictor = Predictor(load_model(fit(wanted, [scan()], tmp_path, device="cpu")), "cpu", load_model(locator))
    volume, _ = scan()
    found = Predictor(load_model(locator), "cpu").predict(volume, whole=True).labels
    box = part_of(PreparedScan.of(volume, wanted), found)
    assert [part.stop - part.start for part in box][:2] == [28, 24]
    assert predictor.predict(volume).details["box"] == [[part.start, part.stop] for part in box]
