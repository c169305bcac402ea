"""Each loss's part of the pull at shared weights: against a network written out by hand, and in the log."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training import train
from napari_boundaryseg.engine.training.loop.gradient_shares import gradient_shares


def test_shares_are_those_of_finite_differences_on_what_all_reach() -> None:
    """A trunk of two weights, and a head that only one loss has; a loss without gradient has no share."""
    trunk, head = nn.Parameter(torch.tensor([0.3, -0.7], dtype=torch.float64)), nn.Parameter(torch.tensor(2.0))

    def losses(weights: torch.Tensor) -> list[torch.Tensor]:
        return [torch.sin(weights).sum() * 3, (weights**2).sum() * head]

    values = dict(zip(("one", "other", "none"), [*losses(trunk), torch.tensor(1.0)], strict=True))
    step = torch.eye(2, dtype=torch.float64) * 1e-6
    with torch.no_grad():
        slopes = [[(a - b) / 2e-6 for a, b in zip(losses(trunk + d), losses(trunk - d), strict=True)] for d in step]
    norms = np.linalg.norm(np.array(slopes, float), axis=0)
    found = gradient_shares(values, [trunk, head])
    assert list(found.values()) == pytest.approx([*(norms / norms.sum()), 0.0], abs=1e-6)
    assert gradient_shares({"none": torch.tensor(1.0)}, [trunk]) == {"none": 0.0}


def test_the_log_has_them_in_the_first_step_of_each_epoch_and_training_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = np.zeros((16, 16, 16), np.uint8)
    labels[4:12, 3:8, 4:12], labels[4:12, 8:13, 4:12] = 1, 2
    image = np.random.default_rng(0).normal(0, 0.2, labels.shape) + np.array([0, 2, -2])[labels]
    volume = Volume(image[None].astype(np.float32), Geometry(labels.shape, np.eye(4)))
    case = volume, volume.with_labels(labels, preset("hippocampus"))
    small = recipe("hippocampus-sgm").with_settings(
        {"network_arguments.width": 4, "patch_vox": (16, 16, 16), "batch": 1, "steps": 4, "steps_per_epoch": 2}
    )

    def logged(folder: Path) -> list[dict[str, object]]:
        train.fit(small, [case], folder)
        lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
        return [line for line in lines if "loss" in line]

    lines = logged(tmp_path / "with")
    assert ["gradient_shares" in line for line in lines] == [True, False, True, False]
    for line in lines[::2]:
        assert set(line["gradient_shares"]) == set(small.losses)
        assert sum(line["gradient_shares"].values()) == pytest.approx(1)
        assert line["gradient_shares"]["wce-dice"] > 0 and line["gradient_shares"]["soft-contour"] > 0
    monkeypatch.setattr("napari_boundaryseg.engine.training.loop.run.gradient_shares", lambda *_: {})
    assert [line["loss"] for line in logged(tmp_path / "without")] == [line["loss"] for line in lines]
