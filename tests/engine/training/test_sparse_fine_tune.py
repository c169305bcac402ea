"""Three slices of each case are a training set: what they teach shows on them, and only they judge."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from test_fine_tune import case, write_model

from napari_boundaryseg.data.metrics import evaluate_on
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.evaluation.comparison_words import remarks
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.training.fine_tune import fine_tune, tuning_recipe
from napari_boundaryseg.engine.training.train import fit

LOOKED = LookedAt(axis=2, slices={1: (5, 8, 10), 2: (5, 8, 10)})


def sparse(seed: int, elsewhere: int = 0) -> LabelledScan:
    """A case with three slices of the truth; on the others everything is one organ."""
    volume, labels = case(seed)
    array = labels.array.copy()
    array[:, :, [n for n in range(16) if n not in (5, 8, 10)]] = elsewhere
    return LabelledScan(volume, replace(labels, array=array), None, LOOKED)


def test_three_slices_of_each_case_teach_what_is_on_them(tmp_path: Path) -> None:
    """Wrong labels on all others teach nothing, to the last bit; on the three slices the model gets better."""
    model = load_model(write_model(tmp_path / "tiny.safetensors"))
    networks = []
    for n, elsewhere in enumerate((2, 1)):
        cases = [sparse(seed, elsewhere) for seed in (1, 2)]
        settings = tuning_recipe(model.card.recipe, 60, 0.03)
        found = fit(settings, cases, tmp_path / str(n), start=model, device="cpu", precision="float32")
        networks.append(load_model(found))
    for one, two in zip(networks[0].network.state_dict().values(), networks[1].network.state_dict().values()):
        assert torch.equal(one, two)
    volume, labels = case(1)
    before, after = (
        evaluate_on(Predictor(one, device="cpu").segment(volume, whole=True).labels, labels, LOOKED)
        for one in (model, networks[0])
    )
    for organ in before:
        assert after[organ]["dsc"] > max(0.8, before[organ]["dsc"] + 0.2)


def test_held_out_cases_judge_on_the_slices_that_were_looked_at(tmp_path: Path) -> None:
    model = load_model(write_model(tmp_path / "tiny.safetensors"))
    held = [sparse(seed, 1) for seed in (3, 4)]
    fine_tune(model, [sparse(1), sparse(2)], tmp_path / "out", held_out=held, steps=2, device="cpu")
    comparison = json.loads((tmp_path / "out" / "comparison.json").read_text("utf-8"))
    assert comparison["on_slices"] == {"case3": [3, 16], "case4": [3, 16]}
    wanted = evaluate_on(
        Predictor(model, device="cpu").segment(held[0].volume, whole=True).labels, held[0].labels, LOOKED
    )
    rows = {row["organ"]: row for row in comparison["cases"] if row["case"] == "case3"}
    assert rows.keys() == wanted.keys()
    for organ, row in rows.items():
        assert np.isclose(row["dsc_before"], wanted[organ]["dsc"])
        assert np.isclose(row["surface_dice_before"], wanted[organ]["surface_dice"])
    assert "case3 (3 of 16 slices), case4 (3 of 16 slices): only the slices" in " ".join(remarks(comparison))
