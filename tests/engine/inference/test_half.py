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
from napari_boundaryseg.engine.inference import answer
from napari_boundaryseg.engine.inference.backends import half
from napari_boundaryseg.engine.inference.backends.half import Half, NotPrecise
from napari_boundaryseg.engine.inference.backends.openvino import BackendFailed
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.recipes.shipped import recipe
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
    known = {(loaded.sha256, "bf16"): {"Hippocampus_A": (1.0, 5), "Hippocampus_P": (0.9991, 5)}}
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
    known = {(loaded.sha256, "bf16"): {"Hippocampus_A": (1.0, 5), "Hippocampus_P": (0.99, 5)}}
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
    """Finds the organ that the sign of what it sees says; in half precision nothing, or no number, where that is 2."""

    def __init__(self, *, strange: float = 0.0) -> None:
        super().__init__()
        self.strange, self.seen = strange, [0, 0]

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        in_half = torch.is_autocast_enabled("cpu")
        self.seen[in_half] += 1
        maps = torch.cat([x == n for n in range(4)], 1).float()
        if in_half:
            maps[:, 0] += 2 * self.strange * maps[:, 2]
        return (maps,)

    sizes, levels, attention_kind = {"classes": 4}, (), ""


def watching(network: Sure, **more: object) -> Half:
    wanted = recipe("brain-tumour-egcnn").with_settings(more)
    return Half(network, "bf16", "cpu", wanted, watched=True)  # type: ignore[arg-type]


def windows(organ: int, voxels: int = 2000) -> Tensor:
    x = torch.zeros(1, 1, 20, 20, 20)
    x.view(-1)[:voxels] = organ
    return x


def test_what_is_watched_is_seen_in_both_and_float32_comes_back() -> None:
    network = Sure(strange=1)
    watched = watching(network)
    for _ in range(half.ALWAYS_WATCHED):
        (found,) = watched(windows(1))
        assert bool((found[:, 1].sum() == 2000).all())
    assert network.seen == [half.ALWAYS_WATCHED] * 2
    for _ in range(half.EVERY):
        watched(windows(1))
    assert network.seen == [half.ALWAYS_WATCHED + 1, half.ALWAYS_WATCHED + half.EVERY]
    assert watched.answered == half.EVERY - 1
    watched.check()


def test_an_organ_that_half_precision_does_not_find_is_missed_however_late_it_comes() -> None:
    watched = watching(Sure(strange=1))
    for _ in range(2 * half.ALWAYS_WATCHED):
        watched(windows(1))
    with pytest.raises(NotPrecise, match=r"in bf16 ED would agree with it by a Dice of 0\.0000 only"):
        for _ in range(half.EVERY * half.WATCHED):
            watched(windows(2))


def test_an_organ_that_comes_late_is_compared_where_half_precision_finds_it() -> None:
    network = Sure()
    watched = watching(network)
    for _ in range(half.ALWAYS_WATCHED):
        watched(windows(1))
    for _ in range(half.WATCHED):
        watched(windows(3))
    assert network.seen[0] == half.ALWAYS_WATCHED + half.WATCHED


def test_a_small_organ_counts_at_the_end() -> None:
    watched = watching(Sure(strange=1))
    watched(windows(2, voxels=40))
    with pytest.raises(NotPrecise, match="ED"):
        watched.check()


def test_nested_regions_are_compared_as_they_are_decided() -> None:
    """The background is likelier than each class, and less likely than their sum, which is what counts."""

    class Region(Sure):
        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            share = 0.51 if torch.is_autocast_enabled("cpu") else 0.49
            maps = [torch.full_like(x, share), *[torch.full_like(x, (1 - share) / 3)] * 3]
            return (torch.cat(maps, 1),)

    watched = watching(Region(), regions=recipe("egcnn-segresnet-brats19").regions)
    watched(windows(0))
    with pytest.raises(NotPrecise, match=r"by a Dice of 0\.0000 only"):
        watched.check()


@pytest.mark.parametrize("watched", [False, True])
def test_what_is_no_number_in_half_precision_is_computed_in_float32(watched: bool) -> None:
    wanted = recipe("brain-tumour-egcnn")
    made = Half(Sure(strange=float("nan")), "bf16", "cpu", wanted, watched=watched)  # type: ignore[arg-type]
    with pytest.raises(NotPrecise, match="not a number everywhere"):
        made(windows(2))


def test_too_few_cases_in_the_table_leave_a_model_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = model("segresnet", tmp_path)
    for rows, watched in (
        ({"Hippocampus_A": (1.0, 5), "Hippocampus_P": (1.0, 4)}, True),
        ({"Hippocampus_A": (1.0, 5)}, True),
        ({"Hippocampus_A": (1.0, 5), "Hippocampus_P": (1.0, 5)}, False),
    ):
        monkeypatch.setattr(half, "measured", lambda rows=rows: {(loaded.sha256, "bf16"): rows})
        assert half.chosen(loaded, "bf16", "cpu") == half.Choice("bf16", watched=watched)
        assert half.chosen(loaded, "bf16", "cuda") == half.Choice("bf16", watched=True)


def test_a_refusal_is_remembered_and_a_few_windows_are_float32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(half, "measured", dict)
    monkeypatch.setattr(half, "LEAST_DICE", 0.0)
    loaded = model("segresnet", tmp_path)
    found = Predictor(loaded, "cpu", precision="bf16").segment(scan(loaded.card.recipe, shape=(16, 16, 16)), whole=True)
    assert found.details["dtype"] == "float32", "the only window was compared, and float32 came back"
    assert found.details["notes"][0] == "Computed in float32: too few windows to tell whether bf16 holds"  # type: ignore[index]
    half.refuse(loaded, "bf16", "cpu", "It was seen before")
    assert half.chosen(loaded, "bf16", "cpu") == half.Choice("float32", note="It was seen before")


def test_openvino_that_fails_in_half_precision_leaves_it_to_pytorch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = model("segresnet", tmp_path)
    known = dict.fromkeys(loaded.card.recipe.scheme.names, (1.0, 5))
    monkeypatch.setattr(half, "measured", lambda: {(loaded.sha256, "bf16"): known})
    asked: list[str] = []

    def fails(model: object, maps: object, windows: int, wanted: str, tell: object, precision: str) -> None:
        asked.append(f"{wanted} {precision}")
        if wanted != "torch":
            raise BackendFailed("memory was short")

    monkeypatch.setattr(answer, "backend_for", fails)
    found = Predictor(loaded, "cpu", precision="bf16").segment(scan(loaded.card.recipe), whole=True)
    assert (found.details["backend"], found.details["dtype"]) == ("torch", "bf16")
    assert asked == ["auto bf16", "torch bf16"]


def test_what_another_backend_says_in_half_precision_is_watched_beside_float32() -> None:
    class Other(Sure):
        name = "openvino"

        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            maps = torch.cat([x == n for n in range(4)], 1).float()
            maps[:, 0] += 2 * maps[:, 2]
            return (maps,)

    network = Sure()
    watched = Half(network, "bf16", "cpu", recipe("brain-tumour-egcnn"), watched=True, other=Other())  # type: ignore[arg-type]
    assert watched.name == "openvino"
    watched(windows(1))
    assert network.seen == [1, 0], "the network itself in float32 alone"
    with pytest.raises(NotPrecise, match="ED"):
        for _ in range(half.WATCHED):
            watched(windows(2))
