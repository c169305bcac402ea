"""Against forgetting: earlier scans are rehearsed, say what was lost, and keep the share that is taken in bounds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from test_fine_tune import case, weights, write_model
from torch import nn

from napari_boundaryseg.engine.checkpoints.card import EarlierScores
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model, save
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training import earlier as earlier_module
from napari_boundaryseg.engine.training import taken_share
from napari_boundaryseg.engine.training import train as train_module
from napari_boundaryseg.engine.training.data.cases import prepare_all
from napari_boundaryseg.engine.training.data.mixed_cases import MixedCases
from napari_boundaryseg.engine.training.data.synthetic_cases import SyntheticScans, judging_scans
from napari_boundaryseg.engine.training.earlier import EarlierScans, Forgetting, few_enough
from napari_boundaryseg.engine.training.fine_tune import fine_tune, tuning_recipe
from napari_boundaryseg.engine.training.loop.optimiser import Anchor
from napari_boundaryseg.engine.training.loop.validate import dice_scores, mean_of
from napari_boundaryseg.engine.training.share_choice import LITTLE, SHARES, mixed
from napari_boundaryseg.engine.training.taken_share import taken
from napari_boundaryseg.engine.training.trained_part import only


@pytest.fixture
def model(tmp_path: Path) -> LoadedModel:
    return load_model(write_model(tmp_path / "tiny.safetensors"))


def scores(after: float) -> EarlierScores:
    return EarlierScores(synthetic=True, n=6, dsc_before=0.9, dsc_after=after)


@pytest.mark.parametrize(("n", "rehearsed", "judging"), [(0, 0, 0), (3, 0, 3), (4, 2, 2), (7, 3, 4), (20, 14, 6)])
def test_no_earlier_case_is_rehearsed_and_judges(n: int, rehearsed: int, judging: int) -> None:
    cases = [LabelledScan(*case(seed)) for seed in range(n)]
    found = EarlierScans.of(cases)
    assert (len(found.rehearsed), len(found.judging)) == (rehearsed, judging)
    names = [one.volume.name for one in (*found.rehearsed, *found.judging)]
    assert len(set(names)) == n if n >= 4 else len(names) == n


def test_a_case_of_now_its_copy_and_its_patients_other_scans_are_no_earlier_ones() -> None:
    cases = [LabelledScan(*case(seed)) for seed in range(6)]
    copy = LabelledScan(replace(cases[1].volume, name="copy"), cases[1].labels)
    patients = {"case2": "p", "case9": "p"}
    now = [cases[0], copy, LabelledScan(*case(9))]
    found = EarlierScans.of(cases, now, patients)
    assert [one.volume.name for one in found.judging] == ["case3", "case4", "case5"]


def test_a_hundredth_may_be_lost() -> None:
    assert few_enough(None)
    assert few_enough(scores(0.8901))
    assert not few_enough(scores(0.889))
    assert few_enough(scores(0.95))


def test_what_is_kept_is_the_dice_of_the_mixed_weights(model: LoadedModel, tmp_path: Path) -> None:
    other = load_model(write_model(tmp_path / "other.safetensors"))
    with torch.no_grad():
        for weight in other.network.parameters():
            weight.mul_(1.5)
    cases = [LabelledScan(*case(seed)) for seed in (1, 2)]
    asked = Forgetting(model, EarlierScans((), cases), "cpu")
    save(tmp_path / "learnt.safetensors", other.card, other.network.state_dict())
    found = asked.kept(tmp_path / "learnt.safetensors", 0.5)
    assert found is not None
    prepared = prepare_all(cases, model.card.recipe)
    before = mean_of(dice_scores(model.network, prepared, model.card.recipe, torch.device("cpu")).choosing)
    model.network.load_state_dict(mixed(model.network, other.network, 0.5))
    after = mean_of(dice_scores(model.network, prepared, model.card.recipe, torch.device("cpu")).choosing)
    assert (found.n, found.synthetic) == (2, False)
    assert (found.dsc_before, found.dsc_after) == pytest.approx((before, after))
    assert Forgetting(model, EarlierScans(), "cpu").kept(tmp_path / "learnt.safetensors", 0.5) is None


@pytest.mark.parametrize(
    ("kept", "share", "why"),
    [
        ({1.0: 0.9, 0.5: 0.9, LITTLE: 0.9}, 1.0, "sure"),
        ({1.0: 0.88, 0.5: 0.895, LITTLE: 0.9}, 0.5, "forgets"),
        ({1.0: 0.8, 0.5: 0.88, LITTLE: 0.895}, LITTLE, "forgets"),
        ({1.0: 0.8, 0.5: 0.8, LITTLE: 0.8}, 0.0, "forgets"),
    ],
)
def test_the_most_that_does_not_forget_is_taken(
    model: LoadedModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kept: dict[float, float],
    share: float,
    why: str,
) -> None:
    gains = iter(range(100))
    monkeypatch.setattr(taken_share, "_changes", lambda *_: {one: one * (0.02 + 1e-4 * next(gains)) for one in SHARES})
    monkeypatch.setattr(taken_share, "load_model", lambda path: model)
    cases = [LabelledScan(*case(seed)) for seed in range(4)]
    asked = lambda one: scores(kept[one])  # noqa: E731
    found = taken(model, cases, {}, lambda *_: model.path, tmp_path, "cpu", asked)
    assert (found.share, found.why, found.earlier) == (share, why, scores(kept[share or LITTLE]))
    again = taken(model, cases, {}, lambda *_: model.path, tmp_path, "cpu", lambda _: pytest.fail("asked again"))
    assert again == found


def test_what_was_kept_stands_on_the_card_and_in_the_comparison(model: LoadedModel, tmp_path: Path) -> None:
    before = [case(seed) for seed in (7, 8)]
    path = fine_tune(model, [case(1)], tmp_path / "out", held_out=[case(2)], earlier=before, steps=1, device="cpu")
    found = load_model(path).card.training.earlier
    assert found is not None
    assert (found.n, found.synthetic) == (2, False)
    comparison = json.loads((tmp_path / "out" / "comparison.json").read_text("utf-8"))
    assert EarlierScores.model_validate(comparison["earlier"]) == found
    assert "On 2 accepted cases of those that the model learnt from before" in (
        tmp_path / "out" / "comparison.md"
    ).read_text("utf-8")


def test_a_share_of_what_is_shown_are_earlier_cases(
    model: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    class Noted(MixedCases):
        def at(self, step: int) -> list:
            found = super().at(step)
            shown.extend(one.name for one in found)
            return found

    monkeypatch.setattr(train_module, "MixedCases", Noted)
    before = [case(seed) for seed in (6, 7, 8, 9)]
    fine_tune(model, [case(1)], tmp_path / "out", earlier=before, rehearsal=0.25, steps=2, device="cpu")
    share = sum(name != "case1" for name in shown) / len(shown)
    assert share == pytest.approx(0.25, abs=0.02)
    assert set(shown) == {"case1", "case7", "case9"}, "case6 and case8 judge"


def test_a_recipe_of_synthetic_scans_keeps_its_generator_and_gives_the_share_that_is_asked_for() -> None:
    wanted = recipe("pelvis-mr-sgm")
    assert (tuning_recipe(wanted, 10).synthetic, tuning_recipe(wanted, 10).synthetic_share) == ("pelvis", 0.0)
    assert tuning_recipe(wanted, 10, rehearsal=0.3).synthetic_share == 0.3
    assert tuning_recipe(wanted, 10).learns_from_cases
    plain = tuning_recipe(recipe("hippocampus-sgm"), 10, rehearsal=0.3)
    assert (plain.synthetic, plain.synthetic_share) == ("", 1.0)


def test_synthetic_scans_that_judge_are_seen_by_no_training() -> None:
    wanted = recipe("pelvis-mr-sgm")
    (judge,), again = judging_scans(wanted, 1), judging_scans(wanted, 1)[0]
    assert torch.equal(judge.image, again.image)
    shown = SyntheticScans(wanted, 0, pool=2).at(0)
    assert all(one.image.shape != judge.image.shape or not torch.equal(one.image, judge.image) for one in shown)


def test_an_anchor_pulls_what_is_trained_part_of_the_way_back() -> None:
    network = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
    network[0].requires_grad_(False)
    start = [weight.detach().clone() for weight in network.parameters()]
    anchor = Anchor(50.0, network)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(1.0)
    anchor.pull(0.004)
    for weight, before, moved in zip(network.parameters(), start, (1.0, 1.0, 0.8, 0.8), strict=True):
        torch.testing.assert_close(weight.detach(), before + moved)
    anchor.pull(1.0)
    assert all(torch.equal(weight, before) for weight, before in list(zip(network.parameters(), start))[2:])
    Anchor(0.0, network).pull(1.0)


def test_a_strong_anchor_changes_the_model_less(model: LoadedModel, tmp_path: Path) -> None:
    moved = []
    for anchor in (0.0, 200.0):
        fine_tune(model, [case(1)], tmp_path / str(anchor), anchor=anchor, steps=6, device="cpu")
        learnt = weights(load_model(tmp_path / str(anchor) / "last.safetensors"))
        moved.append(sum(float((learnt[name] - value).square().sum()) for name, value in weights(model).items()))
    assert 0 < moved[1] < 0.7 * moved[0]


def test_only_scales_and_shifts_of_the_norms_are_trained(model: LoadedModel) -> None:
    chosen = only("norm", model.network)
    trained = {name for name, weight in chosen.named_parameters() if weight.requires_grad}
    norms = {
        f"{name}.{one}"
        for name, module in chosen.named_modules()
        if isinstance(module, nn.GroupNorm)
        for one in ("weight", "bias")
    }
    assert trained == norms
    assert 0 < len(trained) < len(list(chosen.parameters()))


def test_few_scans_are_asked(monkeypatch: pytest.MonkeyPatch, model: LoadedModel, tmp_path: Path) -> None:
    """Of a recipe that makes synthetic scans six; they are made once, however many shares are tried."""
    made: list[int] = []

    def instead(wanted: object, n: int) -> list:
        made.append(n)
        return prepare_all([LabelledScan(*case(seed)) for seed in range(n)], model.card.recipe)

    monkeypatch.setattr(earlier_module, "judging_scans", instead)
    card = model.card.model_copy(update={"recipe": model.card.recipe.model_copy(update={"synthetic": "pelvis"})})
    asked = Forgetting(replace(model, card=card), EarlierScans(), "cpu")
    found = [asked.kept(model.path, share) for share in SHARES]
    assert made == [6]
    assert all(one is not None and one.synthetic and one.n == 6 for one in found)
