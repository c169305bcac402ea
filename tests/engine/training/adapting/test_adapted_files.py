"""Adapted predictions go through a folder unchanged, and damage is one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel
from napari_boundaryseg.engine.training.adapting.adapt import adapt
from napari_boundaryseg.engine.training.adapting.adapted import Adapted
from napari_boundaryseg.engine.training.adapting.adapted_files import load_adapted, save_adapted
from napari_boundaryseg.errors import InputError


@pytest.fixture
def result(model: LoadedModel, case: tuple[Volume, LabelMap]) -> Adapted:
    return adapt(model, *case, (6, 10), 1, most_steps=1, device="cpu")


def test_everything_comes_back(result: Adapted, tmp_path: Path) -> None:
    found = load_adapted(save_adapted(result, tmp_path / "out"))
    assert (found.steps, found.corrected, found.left_out) == (result.steps, (6, 10), (6, 10))
    assert found.scores == result.scores
    assert found.seconds == result.seconds
    assert list(found.held_out) == [0, 1]
    for steps, array in result.held_out.items():
        np.testing.assert_array_equal(found.held_out[steps], array)
    np.testing.assert_array_equal(found.prediction.probabilities, result.prediction.probabilities)
    np.testing.assert_array_equal(found.prediction.labels.array, result.prediction.labels.array)
    with pytest.raises(ValueError, match="read-only"):
        found.held_out[0][:] = 1


@pytest.mark.parametrize("fault", ["no archive", "cut", "pickled", "not json", "no scores"])
def test_damage_is_one_sentence(result: Adapted, tmp_path: Path, fault: str) -> None:
    folder = save_adapted(result, tmp_path)
    archive, values = folder / "held_out.npz", folder / "adapted.json"
    if fault == "no archive":
        archive.unlink()
    elif fault == "cut":
        archive.write_bytes(archive.read_bytes()[:-40])
    elif fault == "pickled":
        np.savez(archive, **{"0": np.array([{}], object)})
    else:
        known = json.loads(values.read_text("utf-8"))
        known.pop("scores")
        values.write_text("{" if fault == "not json" else json.dumps(known), "utf-8")
    with pytest.raises(InputError, match="the adapted result: its files cannot be read"):
        load_adapted(folder)
