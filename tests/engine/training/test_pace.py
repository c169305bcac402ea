"""How long a fine-tuning takes: timed on a made-up scan, for every recipe that ships, and nothing is left behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from test_fine_tune import weights, write_model

from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.shipped import RECIPES
from napari_boundaryseg.engine.recipes.tuning import LOOKS, FineTuneSettings, Pace
from napari_boundaryseg.engine.training.data.cases import check_pair
from napari_boundaryseg.engine.training.fine_tune import tuning_recipe
from napari_boundaryseg.engine.training.pace import made_up, pace
from napari_boundaryseg.engine.training.share_choice import SHARES


def test_steps_and_looks_are_timed_and_the_model_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    model = load_model(write_model(tmp_path / "tiny.safetensors"))
    before = weights(model)
    found = pace(model, "norm", "cpu")
    assert found.step_s > 0
    assert found.look_s > 0
    assert all(torch.equal(before[name], value) for name, value in weights(model).items())
    assert all(weight.requires_grad for weight in model.network.parameters())
    left = [path.name for path in tmp_path.iterdir() if not path.name.startswith("torchinductor")]
    assert left == ["tiny.safetensors"]


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda one: one.name)
def test_a_scan_can_be_made_up_for_every_recipe(recipe: Recipe) -> None:
    volume, labels = made_up(tuning_recipe(recipe, 3))
    check_pair(volume, labels)
    assert volume.channels == recipe.channels
    assert set(np.unique(labels.array)) == {0, *recipe.scheme.ids}


def test_a_training_of_twice_the_steps_takes_twice_as_long() -> None:
    timed = Pace(step_s=1.5, look_s=2.0)
    assert timed.expected_s(FineTuneSettings(steps=40), 0, 0) == 1.5 * 60
    assert timed.expected_s(FineTuneSettings(steps=80), 0, 0) == 1.5 * 120
    assert timed.expected_s(FineTuneSettings(steps=80), 4, 3) == 1.5 * 120 + 2.0 * (12 + 6 + 15)
    assert len(SHARES) + 1 == LOOKS


def test_cross_fitting_takes_as_many_times_longer_as_there_are_models() -> None:
    timed, settings = Pace(step_s=1.0, look_s=0.0), FineTuneSettings(steps=40)
    assert timed.expected_s(settings, 5, 0, models=5) == 6 * timed.expected_s(settings, 5, 0)
    looks = Pace(step_s=0.0, look_s=1.0)
    assert looks.expected_s(settings, 5, 0, models=5) == 3 * (5 + 5 * 4) + 2 * 5, "each model learns from four of five"
