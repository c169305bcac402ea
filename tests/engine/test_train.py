"""Training: it learns, resumes exactly, guards against NaN, and can be cancelled without loss."""

import json

import numpy as np
import pytest
import torch

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine import train
from napari_boundaryseg.engine.checkpoint import load_model
from napari_boundaryseg.engine.fine_tune import fine_tune
from napari_boundaryseg.engine.recipe import Augmentation, Recipe, recipe
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Cancelled


def tiny(**settings) -> Recipe:
    base = recipe("hippocampus-sgm").model_copy(update={
        "patch_vox": (16, 16, 16), "batch": 2, "steps": 6, "steps_per_epoch": 3, "augmentation": Augmentation(),
        "network_arguments": {"width": 8, "norm": "group"}, "expected_field_mm": None,
    })
    return base.with_settings({"inference.window_vox": (16, 16, 16), **settings})


def case(seed: int, name: str = "case"):
    """A bright cube (1) beside a dark one (2) in noise: on paper, two boxes that touch."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((16, 16, 16), np.uint8)
    labels[4:12, 3:8, 4:12] = 1
    labels[4:12, 8:13, 4:12] = 2
    image = rng.normal(0, 0.2, labels.shape) + np.array([0, 2, -2])[labels]
    volume = Volume(image[None].astype(np.float32), Geometry(labels.shape, np.eye(4)), name=f"{name}{seed}")
    return volume, volume.with_labels(labels, preset("hippocampus"))


def log(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_it_learns_two_boxes(tmp_path):
    settings = tiny(**{"optimiser.lr": 1e-2})
    path = train.fit(settings, [case(1), case(2)], tmp_path, validation=[case(3)], steps=60)
    lines = log(tmp_path)
    losses = [line["loss"] for line in lines if "loss" in line]
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])
    assert max(line["mean_dsc"] for line in lines if "mean_dsc" in line) > 0.8
    card = load_model(path).card
    assert card.scores[0].metric == "dsc"
    assert card.training.cases == 2


def test_resumed_equals_uninterrupted(tmp_path):
    def stop_after_four(fraction, text=""):
        if "step 4" in text:
            raise Cancelled

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train.fit(tiny(), [case(1)], whole)
    with pytest.raises(Cancelled):
        train.fit(tiny(), [case(1)], parts, progress=stop_after_four)
    train.fit(tiny(), [case(1)], parts, resume=True)
    a, b = (load_model(folder / "last.safetensors").network.state_dict() for folder in (whole, parts))
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_same_seed_same_weights_other_seed_others(tmp_path):
    weights = []
    for n, seed in enumerate((5, 5, 6)):
        path = train.fit(tiny(), [case(1)], tmp_path / str(n), seed=seed)
        weights.append(torch.cat([p.flatten() for p in load_model(path).network.state_dict().values()]))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_nan_loss_is_skipped_then_restored_then_refused(tmp_path, monkeypatch):
    real = train.batch_at

    def poisoned(cases, settings, seed, step):
        image, target = real(cases, settings, seed, step)
        return image * float("nan"), target

    train.fit(tiny(), [case(1)], tmp_path)
    good = load_model(tmp_path / "last.safetensors").network.state_dict()
    monkeypatch.setattr(train, "batch_at", poisoned)
    with pytest.raises(InputError, match="not a finite number"):
        train.fit(tiny(), [case(1)], tmp_path / "bad", steps=40, start=load_model(tmp_path / "last.safetensors"))
    kept = load_model(tmp_path / "bad" / "last.safetensors").network.state_dict()
    assert all(torch.equal(good[name], kept[name]) for name in good)
    assert [line["lr_factor"] for line in log(tmp_path / "bad") if "restored" in line] == [0.5, 0.25, 0.125]


def test_cases_without_labels_are_refused(tmp_path):
    volume, labels = case(1)
    empty = volume.with_labels(np.zeros_like(labels.array), preset("hippocampus"))
    with pytest.raises(InputError, match="none of them holds a labelled voxel"):
        train.fit(tiny(), [(volume, empty)], tmp_path)


def test_fine_tuning_adds_a_model_and_compares(tmp_path):
    path = train.fit(tiny(**{"optimiser.lr": 1e-2}), [case(1)], tmp_path / "base", steps=30)
    before = path.read_bytes()
    held = [case(n) for n in (5, 6, 7)]
    tuned = fine_tune(load_model(path), [case(2), case(3)], tmp_path / "tuned", held_out=held, steps=10)
    comparison = json.loads((tmp_path / "tuned" / "comparison.json").read_text())
    assert path.read_bytes() == before
    assert comparison["n"] == 3
    assert comparison["verdict"] in ("better", "worse", "no evidence")
    assert load_model(tuned).card.parent.startswith("hippocampus-sgm ")


def test_a_case_is_never_both_trained_on_and_held_out(tmp_path):
    path = train.fit(tiny(), [case(1)], tmp_path / "base")
    with pytest.raises(InputError, match="both a training case and held out"):
        fine_tune(load_model(path), [case(2)], tmp_path / "tuned", held_out=[case(2)])
