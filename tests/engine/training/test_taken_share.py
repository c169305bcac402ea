"""What of a fine-tuning is taken: as much as helps on corrected cases that it did not learn from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_fine_tune import case, weights, write_model
from torch import nn

from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.training import taken_share
from napari_boundaryseg.engine.training.fine_tune import fine_tune
from napari_boundaryseg.engine.training.share_choice import LITTLE, SHARES, halves, mixed, ranked
from napari_boundaryseg.engine.training.taken_share import taken
from napari_boundaryseg.progress import Cancelled


@pytest.fixture
def model(tmp_path: Path) -> LoadedModel:
    return load_model(write_model(tmp_path / "tiny.safetensors"))


@pytest.mark.parametrize("seed", range(20))
def test_a_patient_is_in_one_half_and_the_halves_are_of_about_one_size(seed: int) -> None:
    groups = [f"p{n}" for n in np.random.default_rng(seed).integers(0, 5, 11)]
    one, two = halves(groups, [True] * 11)
    assert sorted([*one, *two]) == list(range(11))
    assert not {groups[place] for place in one} & {groups[place] for place in two}
    assert abs(len(one) - len(two)) <= max(groups.count(group) for group in groups)


@pytest.mark.parametrize("seed", range(20))
def test_each_half_has_something_labelled_or_there_is_one_half(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = [f"p{n}" for n in rng.integers(0, 6, 9)]
    labelled = [bool(value) for value in rng.random(9) < 0.3]
    one, two = halves(groups, labelled)
    assert sorted([*one, *two]) == list(range(9))
    shown = {group for group, is_labelled in zip(groups, labelled, strict=True) if is_labelled}
    if len(shown) < 2:
        assert two == []
    else:
        assert all(any(labelled[place] for place in half) for half in (one, two))


def test_a_case_without_anything_labelled_teaches_beside_another(model: LoadedModel, tmp_path: Path) -> None:
    volume, labels = case(2)
    empty = volume, volume.with_labels(np.zeros_like(labels.array), labels.scheme)
    path = fine_tune(model, [case(1), empty], tmp_path / "out", steps=1, device="cpu")
    assert load_model(path).card.training.taken_why == "one patient"


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        ({0.5: [0.04, 0.05, 0.06], 1.0: [0.08, 0.1, 0.09]}, 1.0),
        ({0.5: [0.04, 0.05, 0.06], 1.0: [0.02, 0.01, 0.09]}, 0.5),
        ({0.5: [-0.01, -0.02, 0.0], 1.0: [-0.04, -0.02, 0.01]}, 0.0),
        ({0.5: [0.05, -0.04, 0.0], 1.0: [0.1, -0.08, 0.0]}, 0.0),
        ({0.5: [0.05, 0.06, 0.05], 1.0: [0.05, 0.06, 0.05]}, 0.5),
        ({0.5: [0.02, 0.03, 0.0], 1.0: [0.04, 0.02, -0.01]}, 0.0),
        ({0.25: [0.01, 0.011, 0.0105, 0.0102], 1.0: [0.05, -0.01, 0.03, 0.02]}, 0.25),
        ({0.5: [0.05, 0.05], 1.0: [0.05, 0.05]}, 0.0),
        ({0.5: [0.3], 1.0: [0.4]}, 0.0),
        ({0.5: [], 1.0: []}, 0.0),
    ],
)
def test_what_helped_most_is_taken_where_it_is_more_than_chance(
    changes: dict[float, list[float]], share: float
) -> None:
    assert next(iter(ranked(changes)), 0.0) == share


def test_without_any_true_change_little_is_taken() -> None:
    """Of 400 draws without an effect, at n = 8 and the spread that was measured."""
    rng = np.random.default_rng(0)
    drawn = [len(ranked({share: share * rng.normal(0, 0.01, 8) for share in SHARES})) for _ in range(400)]
    gained = [len(ranked({share: rng.normal(0.05 * share, 0.01, 8) for share in SHARES})) > 0 for _ in range(100)]
    assert np.mean(np.array(drawn) == 0) > 0.9
    assert np.mean(gained) > 0.9


def test_whole_numbers_of_a_network_are_not_mixed() -> None:
    one, two = (nn.BatchNorm1d(3) for _ in range(2))
    two.num_batches_tracked += 7
    nn.init.constant_(two.weight, 3.0)
    half = mixed(one, two, 0.5)
    assert int(half["num_batches_tracked"]) == 7
    assert half["weight"].tolist() == [2.0] * 3
    assert all(torch.equal(mixed(one, two, 0.0)[name], value) for name, value in one.named_parameters())
    assert all(torch.equal(mixed(one, two, 1.0)[name], value) for name, value in two.named_parameters())


class Learning:
    """Stands for the fine-tuning of a half, and for what the other half says of it."""

    def __init__(self, model: LoadedModel, gain: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self.model, self.taught, self.asked = model, [], []
        self.gain = gain
        monkeypatch.setattr(taken_share, "_changes", self.changes)

    def __call__(self, cases: Sequence[LabelledScan], folder: Path, progress: Any) -> Path:
        folder.mkdir(parents=True)
        self.taught.append([one.volume.name for one in cases])
        return self.model.path

    def changes(self, before: LoadedModel, after: LoadedModel, prepared: Any, device: str) -> dict[float, float]:
        self.asked.append((len(self.taught) - 1, prepared.name))
        return {share: (self.gain + 1e-4 * len(self.asked)) * share for share in SHARES}


def test_no_case_and_no_patient_judges_what_it_taught(
    model: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [LabelledScan(*case(n)) for n in range(5)]
    patients = {"case0": "p", "case3": "p"}
    learning = Learning(model, 0.02, monkeypatch)
    assert taken(model, cases, patients, learning, tmp_path)[:2] == (1.0, "sure")
    assert sorted(name for half in learning.taught for name in half) == [f"case{n}" for n in range(5)]
    for half, judge in learning.asked:
        assert judge not in learning.taught[half]
    assert sorted(name for _, name in learning.asked) == [f"case{n}" for n in range(5)]
    assert ["case0" in half for half in learning.taught] == ["case3" in half for half in learning.taught]
    kept = json.loads((tmp_path / "taken.json").read_text())
    assert (kept["share"], kept["patients"]) == (1.0, 4), "two cases of one patient count once"
    assert not (tmp_path / "halves").exists()
    assert taken(model, cases, patients, Learning(model, -1.0, monkeypatch), tmp_path)[:2] == (1.0, "sure"), (
        "found once"
    )


def test_cases_of_one_patient_cannot_judge_each_other(
    model: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning = Learning(model, 0.02, monkeypatch)
    cases = [LabelledScan(*case(n)) for n in range(3)]
    one_patient = dict.fromkeys(("case0", "case1", "case2"), "p")
    for folder, some, patients in (("p", cases, one_patient), ("one", cases[:1], {})):
        (tmp_path / folder).mkdir()
        assert taken(model, some, patients, learning, tmp_path / folder)[:2] == (LITTLE, "one patient")
    assert learning.taught == []


@pytest.mark.parametrize(("gain", "share"), [(0.02, 1.0), (-0.02, 0.0)])
def test_the_new_model_lies_where_the_share_says(
    model: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gain: float, share: float
) -> None:
    monkeypatch.setattr(taken_share, "_changes", Learning(model, gain, monkeypatch).changes)
    monkeypatch.setattr(Learning, "taught", [[]], raising=False)
    path = fine_tune(model, [case(1), case(2)], tmp_path / "out", steps=2, device="cpu")
    tuned, learnt = load_model(path), load_model(path.with_name("last.safetensors"))
    assert (tuned.card.training.taken, tuned.card.training.taken_why) == (share, "sure" if share else "no gain")
    wanted = weights(learnt if share else model)
    assert all(torch.allclose(wanted[name], value) for name, value in weights(tuned).items())
    assert any(not torch.equal(weights(learnt)[name], value) for name, value in weights(model).items())


def test_a_fine_tuning_that_is_stopped_while_its_halves_learn_ends_as_if_it_had_not_been(
    model: LoadedModel, tmp_path: Path
) -> None:
    cases = [case(n) for n in range(4)]
    whole = load_model(fine_tune(model, cases, tmp_path / "whole", steps=4, device="cpu"))

    def stop(fraction: float, text: str = "") -> None:
        if text.startswith("Half 2") and "step 1" in text:
            raise Cancelled

    with pytest.raises(Cancelled):
        fine_tune(model, cases, tmp_path / "stopped", steps=4, device="cpu", progress=stop)
    assert not (tmp_path / "stopped" / "taken.json").exists()
    resumed = load_model(fine_tune(model, cases, tmp_path / "stopped", steps=4, device="cpu", resume=True))
    assert resumed.card.training.taken == whole.card.training.taken
    assert all(torch.equal(weights(whole)[name], value) for name, value in weights(resumed).items())
    again = load_model(fine_tune(model, cases, tmp_path / "stopped", steps=4, device="cpu", resume=True))
    assert all(torch.equal(weights(whole)[name], value) for name, value in weights(again).items()), "mixed once"


def test_halves_that_a_killed_process_left_go_when_the_share_is_known(model: LoadedModel, tmp_path: Path) -> None:
    (tmp_path / "taken.json").write_text('{"share": 0.5, "why": "sure", "earlier": null}', "utf-8")
    (tmp_path / "halves" / "1").mkdir(parents=True)
    assert taken(model, [], {}, lambda *_: pytest.fail("it is known"), tmp_path).share == 0.5
    assert not (tmp_path / "halves").exists()
