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
    monkeypatch.setattr(module, "around", lambda *given: None)
    with pytest.raises(RegionNeeded, match="finder found no organ in it"):
        predictor.predict(empty)


def test_training_takes_the_box_that_a_perfect_locator_would_propose():
    volume, labels = scan()
    wanted = small("second", locator="finder", locator_margin_mm=6.0)
    assert part_of(PreparedScan.of(volume, wanted), labels) == around(labels.array > 0, volume.spacing_mm, 6.0)
    assert part_of(PreparedScan.of(volume, small("alone")), labels) is None
    with pytest.raises(InputError, match="nothing is labelled"):
        part_of(PreparedScan.of(volume, wanted), volume.with_labels(np.zeros(GRID.shape, np.uint8)))
