"""Fine-tuning: the old model stays as it is, the new one says where it comes from, and held-out cases decide."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import napari_boundaryseg.engine.training.fine_tune as fine_tune_module
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints import model_library
from napari_boundaryseg.engine.checkpoints.card import Card, Score, TrainingData
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, build_network, load_model, save
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.recipes.recipe import Augmentation
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.recipes.tuning import FineTuneSettings
from napari_boundaryseg.engine.training.fine_tune import LEARNING_RATE, TUNING_BATCH, fine_tune, tuning_recipe
from napari_boundaryseg.engine.training.trained_part import only
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.phantom.two_part import two_part_structure
from napari_boundaryseg.progress import Cancelled


def write_model(path: Path, norm: str = "group") -> Path:
    wanted = (
        recipe("hippocampus-sgm")
        .model_copy(
            update={
                "patch_vox": (16, 16, 16),
                "batch": 1,
                "augmentation": Augmentation(),
                "expected_field_mm": None,
                "network_arguments": {"width": 4, "norm": norm},
            }
        )
        .with_settings({"inference.window_vox": (16, 16, 16), "inference.flip_axes": ()})
    )
    torch.manual_seed(0)
    training = TrainingData(description="Made by hand.", cases=7, licence="CC-BY-4.0", attribution="Somebody")
    save(path, Card(name="tiny", recipe=wanted, parameters=1, training=training), build_network(wanted).state_dict())
    return path


@pytest.fixture
def model(tmp_path: Path) -> LoadedModel:
    return load_model(write_model(tmp_path / "tiny.safetensors"))


def case(seed: int, affine: np.ndarray | None = None) -> tuple[Volume, LabelMap]:
    array = np.zeros((16, 16, 16), np.uint8)
    array[4:12, 3:8, 4:12] = 1
    array[4:12, 8:13, 4:12] = 2
    image = np.random.default_rng(seed).normal(0, 0.2, array.shape) + np.array([0, 2, -2])[array]
    volume = Volume(
        image[None].astype(np.float32),
        Geometry(array.shape, np.eye(4) if affine is None else affine),
        name=f"case{seed}",
    )
    return volume, volume.with_labels(array, preset("hippocampus"))


def weights(model: LoadedModel) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.network.state_dict().items()}


def test_the_old_model_is_left_as_it_is(model: LoadedModel, tmp_path: Path) -> None:
    before, file = weights(model), model.path.read_bytes()
    tuned = load_model(fine_tune(model, [case(1)], tmp_path / "out", steps=2, device="cpu"))
    assert all(torch.equal(before[name], value) for name, value in model.network.state_dict().items())
    assert model.path.read_bytes() == file
    assert any(not torch.equal(before[name], value) for name, value in tuned.network.state_dict().items())


def test_the_new_card_says_where_it_comes_from(model: LoadedModel, tmp_path: Path) -> None:
    card = load_model(fine_tune(model, [case(1), case(2)], tmp_path / "out", steps=2, device="cpu")).card
    assert card.parent == f"tiny {model.sha256[:16]}"
    assert (card.name, card.step, card.training.cases) == ("tiny", 2, 2)
    assert card.training.description == "Made by hand. Fine-tuned on 2 cases accepted by the user."
    assert (card.training.licence, card.training.attribution) == ("CC-BY-4.0", "Somebody")
    named = fine_tune(model, [case(1)], tmp_path / "named", steps=1, device="cpu", name="mine")
    assert load_model(named).card.name == "mine"


def test_a_model_that_was_fine_tuned_many_times_can_be_read(model: LoadedModel, tmp_path: Path) -> None:
    sentence = "Fine-tuned on 2 cases accepted by the user."
    training = TrainingData(description=" ".join(["Made by hand.", *[sentence] * 22]))
    often = replace(model, card=model.card.model_copy(update={"training": training}))
    path = fine_tune(often, [case(1)], tmp_path / "out", steps=1, device="cpu")
    found = load_model(path).card.training
    assert found.cases == 1
    assert found.description == "Made by hand. Fine-tuned on 1 case accepted by the user."


def test_a_long_description_makes_room(model: LoadedModel, tmp_path: Path) -> None:
    long = replace(model, card=model.card.model_copy(update={"training": TrainingData(description="x" * 1000)}))
    found = load_model(fine_tune(long, [case(1)], tmp_path, steps=1, device="cpu")).card.training.description
    assert len(found) == 1000
    assert found.endswith("xx… Fine-tuned on 1 case accepted by the user.")


def test_notes_stay_and_scores_of_the_old_model_do_not(model: LoadedModel, tmp_path: Path) -> None:
    score = Score(organ="Hippocampus_A", metric="dsc", mean=0.9, sd=0.1, n=9)
    said = {
        "notes": "An early version.",
        "expected_spacing_mm": (1.0, 1.0, 2.0),
        "scores": (score,),
        "scored_on": "9 cases",
    }
    parent = replace(model, card=model.card.model_copy(update=said))
    card = load_model(fine_tune(parent, [case(1)], tmp_path / "a", steps=1, device="cpu")).card
    assert (card.notes, card.expected_spacing_mm) == ("An early version.", (1, 1, 2))
    assert (card.scores, card.scored_on) == ((), "")
    path = fine_tune(parent, [case(1)], tmp_path / "b", held_out=[case(2), case(3)], steps=1, device="cpu")
    card = load_model(path).card
    comparison = json.loads((tmp_path / "b" / "comparison.json").read_text("utf-8"))
    for organ in ("Hippocampus_A", "Hippocampus_P"):
        values = [row["dsc_after"] for row in comparison["cases"] if row["organ"] == organ]
        (found,) = (score for score in card.scores if (score.organ, score.metric) == (organ, "dsc"))
        assert (found.metric, found.n) == ("dsc", 2)
        assert found.mean == pytest.approx(np.mean(values))
        assert found.sd == pytest.approx(np.std(values, ddof=1))
    assert card.scored_on.startswith("2 of the user's cases, held out; against the model before: no evidence")
    assert json.loads((tmp_path / "b" / "card.json").read_text("utf-8"))["scored_on"] == card.scored_on


def test_a_comparison_of_another_run_is_never_left_beside_a_new_model(model: LoadedModel, tmp_path: Path) -> None:
    fine_tune(model, [case(1)], tmp_path / "out", held_out=[case(2)], steps=1, device="cpu")
    with pytest.raises(InputError, match="it holds another training"):
        fine_tune(model, [case(1)], tmp_path / "out", steps=1, device="cpu")
    assert (tmp_path / "out" / "comparison.json").exists()
    fine_tune(model, [case(1)], tmp_path / "out", steps=1, device="cpu", overwrite=True)
    assert not (tmp_path / "out" / "comparison.json").exists()
    assert not (tmp_path / "out" / "comparison.md").exists()


def test_a_model_with_the_longest_name_can_be_fine_tuned(model: LoadedModel, tmp_path: Path) -> None:
    long = replace(model, card=model.card.model_copy(update={"name": "x" * 128}))
    path = fine_tune(long, [case(1)], tmp_path / "out", steps=1, device="cpu")
    assert load_model(path).card.name == "x" * 128


def test_the_recipe_is_the_models_own_but_gentle(model: LoadedModel) -> None:
    own = model.card.recipe.model_copy(update={"synthetic": "pelvis"})
    gentle = tuning_recipe(own, 120)
    assert (gentle.optimiser.lr, gentle.steps, gentle.steps_per_epoch) == (LEARNING_RATE, 120, 50)
    assert (gentle.synthetic, gentle.synthetic_share) == ("pelvis", 0.0), "none is shown, and its generator is kept"
    assert gentle.optimiser.gradient_clip > 0
    for name in (
        "scheme",
        "network",
        "network_arguments",
        "losses",
        "preprocessing",
        "targets",
        "patch_vox",
        "inference",
        "expected_field_mm",
        "channels",
    ):
        assert getattr(gentle, name) == getattr(own, name), name
    assert tuning_recipe(own, 1).steps_per_epoch == 1


def test_statistics_of_batches_stay_those_of_the_first_training(tmp_path: Path) -> None:
    model = load_model(write_model(tmp_path / "batch.safetensors", norm="batch"))
    tuned = load_model(fine_tune(model, [case(1)], tmp_path / "out", steps=3, device="cpu")).network.state_dict()
    before = model.network.state_dict()
    running = [name for name in before if name.endswith(("running_mean", "running_var", "num_batches_tracked"))]
    assert len(running) > 3
    for name in running:
        assert torch.equal(before[name], tuned[name]), name


def test_the_same_seed_gives_the_same_model(model: LoadedModel, tmp_path: Path) -> None:
    paths = [
        fine_tune(model, [case(1), case(2)], tmp_path / str(n), steps=3, seed=seed, device="cpu")
        for n, seed in enumerate((1, 1, 2))
    ]
    found = [load_model(path.with_name("last.safetensors")) for path in paths]
    first, again, other = (torch.cat([value.flatten().float() for value in weights(one).values()]) for one in found)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_held_out_cases_are_compared_before_and_after(model: LoadedModel, tmp_path: Path) -> None:
    fine_tune(model, [case(1)], tmp_path, held_out=[case(2), case(3, np.diag([-1, 1, 1, 1.0]))], steps=2, device="cpu")
    comparison = json.loads((tmp_path / "comparison.json").read_text("utf-8"))
    assert comparison["n"] == 2
    assert comparison["verdict"] == "no evidence", "two cases are too few"
    assert {(row["case"], row["organ"]) for row in comparison["cases"]} == {
        (name, organ) for name in ("case2", "case3") for organ in ("Hippocampus_A", "Hippocampus_P")
    }
    page = (tmp_path / "comparison.md").read_text("utf-8")
    assert "**Verdict: no evidence**" in page
    assert "case3" in page
    assert "Research use only" in page


def test_held_out_cases_choose_nothing(model: LoadedModel, tmp_path: Path) -> None:
    alone = fine_tune(model, [case(1)], tmp_path / "a", steps=3, device="cpu")
    compared = fine_tune(model, [case(1)], tmp_path / "b", held_out=[case(2)], steps=3, device="cpu")
    a, b = (weights(load_model(path)) for path in (alone, compared))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not (tmp_path / "a" / "comparison.json").exists()


def test_each_case_is_taught_and_compared_in_its_box(
    model: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan far larger than the model's field, with a box, and without one: then round its labels."""
    seen: list[tuple[str, list[tuple[int, int]]]] = []
    real = Predictor.segment

    def watched(self: Predictor, volume: Volume, **options: Any) -> Any:
        seen.append((volume.name, [(part.start, part.stop) for part in options["box"]]))
        return real(self, volume, **options)

    monkeypatch.setattr(Predictor, "segment", watched)
    small = model.card.recipe.model_copy(update={"expected_field_mm": (6.0, 6.0, 6.0)})
    cropped = replace(model, card=model.card.model_copy(update={"recipe": small}))
    apart = [LabelledScan(*case(2), box=[[0, 14], [1, 14], [2, 15]]), case(3, np.diag([5.0, 5.0, 5.0, 1.0]))]
    fine_tune(
        cropped,
        [LabelledScan(*case(1), box=((1, 15), (1, 15), (1, 15)))],
        tmp_path,
        held_out=apart,
        steps=1,
        device="cpu",
    )
    assert seen == [*2 * [("case2", [(0, 14), (1, 14), (2, 15)])], *2 * [("case3", [(1, 15), (0, 16), (1, 15)])]]


def test_without_a_case_nothing_is_trained(model: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no training case"):
        fine_tune(model, iter([]), tmp_path / "out", steps=1)
    assert not (tmp_path / "out").exists()


def test_cases_with_other_organs_are_refused(model: LoadedModel, tmp_path: Path) -> None:
    volume, labels = case(1)
    other = volume.with_labels(np.where(labels.array == 2, 3, 0), preset("pelvis-mr"))
    with pytest.raises(InputError, match=r"holds \[3\]"):
        fine_tune(model, [(volume, other)], tmp_path / "out", steps=1, device="cpu")


def test_cancel_goes_through_and_leaves_the_model(model: LoadedModel, tmp_path: Path) -> None:
    before = weights(model)

    def stop(fraction: float, text: str = "") -> None:
        if "step 2" in text:
            raise Cancelled

    with pytest.raises(Cancelled):
        fine_tune(model, [case(1)], tmp_path / "out", steps=5, device="cpu", progress=stop)
    assert all(torch.equal(before[name], value) for name, value in model.network.state_dict().items())


def test_progress_runs_forward_to_the_end(model: LoadedModel, tmp_path: Path) -> None:
    seen: list[float] = []
    fine_tune(
        model,
        [case(1)],
        tmp_path,
        held_out=[case(2)],
        steps=2,
        device="cpu",
        progress=lambda fraction, text="": seen.append(fraction),
    )
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1)


@pytest.mark.parametrize("part", ["decoder", "heads"])
def test_weights_outside_the_trained_part_do_not_move(model: LoadedModel, tmp_path: Path, part: Any) -> None:
    before = weights(model)
    path = fine_tune(model, [case(1)], tmp_path / "out", steps=3, part=part, device="cpu")
    after = load_model(path).network.state_dict()
    moved = {name.partition(".")[0] for name, value in before.items() if not torch.equal(value, after[name])}
    assert moved <= {"stages", "segment", "side", "soft"} if part == "decoder" else moved <= {"segment", "side", "soft"}
    assert {"segment", "soft"} <= moved
    assert ("stages" in moved) == (part == "decoder")
    assert all(weight.requires_grad for weight in model.network.parameters()), "the old model is left as it is"


def test_a_lower_rate_moves_the_weights_less(model: LoadedModel, tmp_path: Path) -> None:
    before, moved = weights(model), []
    for rate in (1e-3, 1e-4):
        path = fine_tune(model, [case(1)], tmp_path / f"{rate}", steps=3, lr=rate, device="cpu")
        after = load_model(path).network.state_dict()
        moved.append(sum(float((after[name] - value).abs().sum()) for name, value in before.items()))
    assert moved[1] < 0.5 * moved[0]


def test_all_is_what_it_was_before_there_was_a_choice(model: LoadedModel, tmp_path: Path) -> None:
    paths = [
        fine_tune(model, [case(1)], tmp_path / name, steps=2, device="cpu", **chosen)
        for name, chosen in {"plain": {}, "chosen": FineTuneSettings(steps=2).model_dump(exclude={"steps"})}.items()
    ]
    first, second = (load_model(path).network.state_dict() for path in paths)
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    assert (FineTuneSettings().steps, FineTuneSettings().lr, FineTuneSettings().part) == (80, 1e-3, "all")


def test_a_part_that_a_network_does_not_name_is_refused() -> None:
    with pytest.raises(InputError, match="which of its layers"):
        only("heads", torch.nn.Linear(2, 2))


@pytest.mark.parametrize("part", ["decoder", "heads", "norm"])
@pytest.mark.parametrize("name", sorted(model_library.shipped()))
def test_every_shipped_model_has_every_part(name: str, part: Any) -> None:
    network = only(part, load_model(name).network)
    trained = {weight for weight, value in network.named_parameters() if value.requires_grad}
    every = {weight for weight, _ in network.named_parameters()}
    assert trained
    assert trained < every
    if part == "decoder":
        heads = only("heads", network)
        assert {weight for weight, value in heads.named_parameters() if value.requires_grad} < trained


def test_a_copy_of_a_training_scan_judges_nothing(tmp_path: Path) -> None:
    scan, labels = two_part_structure(1)
    copy = replace(scan, array=scan.array.astype(np.float64), name="another")
    with pytest.raises(InputError, match="another: it is held out, and a copy of the scan of the training case"):
        fine_tune(load_model("hippocampus-sgm"), [(scan, labels)], tmp_path, held_out=[(copy, labels)], steps=1)
    assert not any(tmp_path.iterdir())


def test_batches_are_small_and_a_fine_tuning_of_a_fine_tuned_model_has_the_same() -> None:
    once = tuning_recipe(recipe("hippocampus-sgm"), 10)
    assert once.batch == TUNING_BATCH < recipe("hippocampus-sgm").batch
    assert tuning_recipe(once, 10).batch == once.batch
    mixed = recipe("pelvis-mr-sgm").with_settings({"synthetic_share": 0.5})
    tuned = tuning_recipe(mixed, 10)
    assert (tuned.synthetic, tuned.synthetic_share) == ("pelvis", 0.0)
    assert tuned.learns_from_cases


def test_one_that_was_begun_with_larger_batches_and_more_steps_for_the_halves_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As versions before this one began them."""
    whole = load_model(write_model(tmp_path / "whole.safetensors"))
    card = whole.card.model_copy(update={"recipe": whole.card.recipe.model_copy(update={"batch": 3})})
    model = replace(whole, card=card)
    cases = [case(1), case(2)]

    def stop(fraction: float, text: str = "") -> None:
        if "Half 2" in text and "step 1 of" in text:
            raise Cancelled

    with monkeypatch.context() as before:
        before.setattr(fine_tune_module, "TUNING_BATCH", 3)
        before.setattr(fine_tune_module, "PART_OF_STEPS", 2)
        with pytest.raises(Cancelled):
            fine_tune(model, cases, tmp_path / "out", steps=8, device="cpu", progress=stop)
    path = fine_tune(model, cases, tmp_path / "out", steps=8, device="cpu", resume=True)
    assert load_model(path).card.recipe.batch == 3


def test_a_version_names_its_base_and_a_model_that_ships_none(model: LoadedModel, tmp_path: Path) -> None:
    """A first model has no base, whatever it is called; a version is called after what it was made from."""
    assert (model.ships, model.base) == (False, "")
    second = load_model(fine_tune(model, [case(1)], tmp_path / "a", steps=1, device="cpu", name="mine"))
    assert (second.title, second.base) == ("mine", "tiny")
    third = load_model(fine_tune(second, [case(1)], tmp_path / "b", steps=1, device="cpu"))
    assert third.base == "mine"
    for name in ("pelvis-mr-sgm", "hippocampus-hmedn"):  # the first was trained further before it shipped
        shipped = load_model(name)
        assert (shipped.ships, shipped.base) == (True, "")
    found = Predictor(second, device="cpu", backend="torch").predict(case(2)[0], whole=True)
    assert (found.details["ships"], found.details["base"]) == (False, "tiny")
