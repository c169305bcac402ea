"""Half precision is used only where a model's labels are, or are seen to be, those of float32."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.checkpoints.model_library import shipped
from napari_boundaryseg.engine.inference.backends import half
from napari_boundaryseg.engine.inference.backends.half import Half, NotPrecise
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.errors import InputError
from tests.engine.inference.test_segment import model, scan


def test_every_shipped_model_has_been_measured() -> None:
    with half.TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for name, path in shipped().items():
        loaded = load_model(path)
        organs = [row["organ"] for row in rows if (row["sha256"], row["precision"]) == (loaded.sha256, "bf16")]
        assert organs == list(loaded.card.recipe.scheme.names), f"{name}: python tools/half_precision.py"


def test_a_model_that_was_found_right_is_computed_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = model("segresnet", tmp_path)
    known = {(loaded.sha256, "bf16"): {"Hippocampus_A": 1.0, "Hippocampus_P": 0.9991}}
    monkeypatch.setattr(half, "measured", lambda: known)
    kinds: set[torch.dtype] = set()
    for module in loaded.network.modules():
        if isinstance(module, torch.nn.Conv3d):
            module.register_forward_hook(lambda *given: kinds.add(given[2].dtype))
    volume = scan(loaded.card.recipe)
    found = Predictor(loaded, "cpu", precision="bf16").predict(volume, whole=True)
    assert kinds == {torch.bfloat16}
    assert found.details["dtype"] == "bf16"
    assert found.probabilities.dtype == np.float32
    full = Predictor(loaded, "cpu").predict(volume, whole=True)
    assert full.details["dtype"] == "float32"
    close = np.abs(found.probabilities - full.probabilities)
    assert 0 < close.mean() < 0.01


def test_a_model_that_was_found_wrong_is_computed_in_float32_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = model("segresnet", tmp_path)
    known = {(loaded.sha256, "bf16"): {"Hippocampus_A": 1.0, "Hippocampus_P": 0.99}}
    monkeypatch.setattr(half, "measured", lambda: known)
    volume = scan(loaded.card.recipe)
    found = Predictor(loaded, "cpu", precision="bf16").segment(volume, whole=True)
    np.testing.assert_array_equal(found.labels.array, Predictor(loaded, "cpu").segment(volume, whole=True).labels.array)
    assert found.details["dtype"] == "float32"
    note = "Computed in float32: in bf16 Hippocampus_P would agree with it by a Dice of 0.9900 only"
    assert found.details["notes"] == [note]


def test_f16_is_for_gpus(tmp_path: Path) -> None:
    loaded = model("segresnet", tmp_path)
    found = Predictor(loaded, "cpu", precision="f16").segment(scan(loaded.card.recipe), whole=True)
    assert found.details["dtype"] == "float32"
    assert "Computed in float32: f16 is for GPUs" in found.details["notes"]  # type: ignore[operator]
    assert half.chosen(loaded, "f16", "cuda:1") == half.Choice("f16", watched=True)


def test_labels_that_differ_while_an_unknown_model_is_watched_begin_it_again_in_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Untrained networks are nearly undecided: half precision moves many voxels."""
    monkeypatch.setattr(half, "measured", dict)
    loaded = model("sgm", tmp_path)
    volume = scan(loaded.card.recipe, shape=(40, 38, 24))
    begun = Predictor(loaded, "cpu", precision="bf16")
    found, full = begun.segment(volume, whole=True), Predictor(loaded, "cpu").segment(volume, whole=True)
    assert found.details["dtype"] == "float32"
    assert "in bf16" in found.details["notes"][0]  # type: ignore[index]
    np.testing.assert_array_equal(found.labels.array, full.labels.array)


class Sure(torch.nn.Module):
    """Says the sign of what it sees, or the contrary in half precision."""

    def __init__(self, *, wrong: bool = False) -> None:
        super().__init__()
        self.wrong, self.seen = wrong, [0, 0]

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        in_half = torch.is_autocast_enabled("cpu")
        self.seen[in_half] += 1
        organ = (x > 0).float()
        organ = 1 - organ if in_half and self.wrong else organ
        return (torch.cat([1 - organ, organ], 1),)

    sizes, levels, attention_kind = {"classes": 2}, (), ""


def test_an_unknown_model_is_watched_for_a_few_windows_only() -> None:
    network = Sure()
    watched = Half(network, "bf16", "cpu", ("organ",), watched=True)  # type: ignore[arg-type]
    organ = torch.ones(1, 1, 14, 14, 14)
    for _ in range(half.WATCHED + 3):
        watched(organ)
    assert network.seen == [half.WATCHED, half.WATCHED + 3]
    empty = Sure()
    watched = Half(empty, "bf16", "cpu", ("organ",), watched=True)  # type: ignore[arg-type]
    for _ in range(half.MOST_WATCHED + 2):
        watched(-organ)
    assert empty.seen == [half.MOST_WATCHED, half.MOST_WATCHED + 2]


def test_while_it_is_watched_float32_is_what_comes_back() -> None:
    wrong = Half(Sure(wrong=True), "f16", "cpu", ("organ",), watched=True)  # type: ignore[arg-type]
    organ = torch.ones(1, 1, 14, 14, 14)
    for _ in range(half.WATCHED - 1):
        (found,) = wrong(organ)
        assert bool((found[:, 1] == 1).all())
    with pytest.raises(NotPrecise, match=r"in f16 organ would agree with it by a Dice of 0\.0000 only"):
        wrong(organ)


def test_openvino_in_half_precision_is_refused(tmp_path: Path) -> None:
    loaded = model("segresnet", tmp_path)
    with pytest.raises(InputError, match="float32 alone"):
        Predictor(loaded, "cpu", backend="openvino", precision="bf16").segment(scan(loaded.card.recipe), whole=True)
