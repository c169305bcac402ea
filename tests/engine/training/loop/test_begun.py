"""A training is resumed by what it was begun with, and by nothing else; more steps where that changes no step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock
from safetensors.torch import load_file

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.recipes.recipe import Augmentation, Recipe
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.loop import begun
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Cancelled

CONSTANT = {"schedule.name": "constant"}


def tiny(**settings: Any) -> Recipe:
    plain = {"augmentation": Augmentation(), "expected_field_mm": None}
    small = {"network": "unet", "network_arguments": {"width": 4}, "losses": {"wce-dice": 1.0}, "batch": 1, "steps": 6}
    return (
        recipe("hippocampus-sgm")
        .model_copy(update=plain)
        .with_settings({**small, "patch_vox": (16, 16, 16), "inference.window_vox": (16, 16, 16), "steps_per_epoch": 3})
        .with_settings(settings)
    )


def case(seed: int, shift: int = 0) -> tuple[Volume, LabelMap]:
    labels = np.zeros((16, 16, 16), np.uint8)
    labels[4:12, 3 + shift : 8 + shift, 4:12] = 1
    labels[4:12, 8 + shift : 13, 4:12] = 2
    image = np.random.default_rng(seed).normal(0, 0.2, labels.shape) + np.array([0, 2, -2])[labels]
    volume = Volume(image[None].astype(np.float32), Geometry(labels.shape, np.eye(4)), name=f"case{seed}")
    return volume, volume.with_labels(labels, preset("hippocampus"))


def stopped(folder: Path, wanted: Recipe, at: int = 4, **options: Any) -> None:
    def stop(fraction: float, text: str = "") -> None:
        if f"step {at} " in text:
            raise Cancelled

    with pytest.raises(Cancelled):
        fit(wanted, [case(1), case(2)], folder, device="cpu", progress=stop, **options)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"preprocessing.normalise": "unit"}, "preprocessing.normalise zscore, not unit"),
        ({"optimiser.lr": 0.1}, "optimiser.lr .*, not 0.1"),
        ({"losses": {"wce-dice": 2.0}}, "losses.wce-dice 1.0, not 2.0"),
        ({"preprocessing.spacing_mm": (2.0, 2.0, 2.0)}, "preprocessing.spacing_mm"),
        ({"inference.overlap": 0.25}, "inference.overlap 0.5, not 0.25"),
    ],
)
def test_another_recipe_is_refused_by_the_name_of_the_setting(
    tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    stopped(tmp_path, tiny())
    before = (tmp_path / "state.safetensors").read_bytes()
    with pytest.raises(InputError, match=f"state.safetensors: this training was begun with {said}"):
        fit(tiny(**settings), [case(1), case(2)], tmp_path, resume=True, device="cpu")
    assert (tmp_path / "state.safetensors").read_bytes() == before


def test_a_training_of_other_rules_is_refused_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one that was begun when padding was taught as background."""
    monkeypatch.setattr(begun, "RULES", 1)
    fit(tiny(**CONSTANT), [case(1)], tmp_path, steps=3, device="cpu")
    kept = (tmp_path / "state.safetensors").read_bytes()
    monkeypatch.undo()
    with pytest.raises(InputError, match="begun by another version of the program, which teaches and chooses by other"):
        fit(tiny(**CONSTANT), [case(1)], tmp_path, steps=6, device="cpu", resume=True)
    assert (tmp_path / "state.safetensors").read_bytes() == kept


def test_what_teaches_nothing_may_be_worded_anew(tmp_path: Path) -> None:
    stopped(tmp_path, tiny())
    again = tiny(source="said better", task="another sentence", metrics=("dsc", "mean_iou"))
    assert fit(again, [case(1), case(2)], tmp_path, resume=True, device="cpu").is_file()


def test_another_seed_is_refused(tmp_path: Path) -> None:
    stopped(tmp_path, tiny(), seed=5)
    with pytest.raises(InputError, match=r"begun with the seed 5, not 0\. Resume it with the seed 5"):
        fit(tiny(), [case(1), case(2)], tmp_path, resume=True, device="cpu")
    assert fit(tiny(), [case(1), case(2)], tmp_path, seed=5, resume=True, device="cpu").is_file()


@pytest.mark.parametrize(
    ("cases", "validation", "said"),
    [
        ([case(1), case(3)], [], "than case3 has now"),
        ([case(2), case(1)], [], "than case2 has now"),
        ([case(1), case(2, shift=1)], [], "than case2 has now"),
        ([case(1)], [], "with 2 training cases, not 1"),
        ([case(1), case(2)], [case(3)], "with 0 validation cases, not 1"),
    ],
)
def test_other_cases_or_labels_are_refused_by_name(
    tmp_path: Path, cases: list[Any], validation: list[Any], said: str
) -> None:
    stopped(tmp_path, tiny())
    with pytest.raises(InputError, match=said):
        fit(tiny(), cases, tmp_path, validation=validation, resume=True, device="cpu")


def test_figures_that_were_measured_on_other_cases_are_refused(tmp_path: Path) -> None:
    wanted = tiny(**{"preprocessing.normalise": "dataset"})
    stopped(tmp_path, wanted)
    with pytest.raises(InputError, match=r"begun with preprocessing\.means"):
        fit(wanted, [case(1), case(3)], tmp_path, resume=True, device="cpu")


@pytest.mark.parametrize("schedule", ["one-cycle", "poly"])
def test_more_steps_are_refused_where_the_rate_depends_on_their_number(tmp_path: Path, schedule: str) -> None:
    stopped(tmp_path, tiny(**{"schedule.name": schedule}))
    with pytest.raises(InputError, match=f"for 6 steps, not 9, and the rate of the schedule '{schedule}' depends"):
        fit(tiny(**{"schedule.name": schedule}), [case(1), case(2)], tmp_path, steps=9, resume=True, device="cpu")


@pytest.mark.parametrize("schedule", ["constant", "sgm", "plateau"])
def test_more_steps_give_what_one_training_of_so_many_gives(tmp_path: Path, schedule: str) -> None:
    wanted = tiny(**{"schedule.name": schedule})
    cases = [case(1), case(2)]
    fit(wanted, cases, tmp_path / "parts", device="cpu")
    for name, steps in (("parts", 9), ("whole", 9)):
        fit(wanted, cases, tmp_path / name, steps=steps, resume=True, device="cpu")
    one, two = (load_file(tmp_path / name / "state.safetensors") for name in ("parts", "whole"))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert load_model(tmp_path / "parts" / "last.safetensors").card.recipe.steps == 9


def test_more_steps_are_refused_after_an_end_in_the_middle_of_an_epoch(tmp_path: Path) -> None:
    fit(tiny(**CONSTANT), [case(1), case(2)], tmp_path, steps=4, device="cpu")
    with pytest.raises(InputError, match="and it has ended in the middle of an epoch"):
        fit(tiny(**CONSTANT), [case(1), case(2)], tmp_path, steps=6, resume=True, device="cpu")


def test_fewer_steps_than_were_taken_are_refused(tmp_path: Path) -> None:
    stopped(tmp_path, tiny(**CONSTANT))
    with pytest.raises(InputError, match="not 3, and it has taken 4 steps already"):
        fit(tiny(**CONSTANT), [case(1), case(2)], tmp_path, steps=3, resume=True, device="cpu")


def test_the_card_says_what_was_done(tmp_path: Path) -> None:
    """From the card alone the training can be repeated."""
    path = fit(tiny(), [case(1), case(2)], tmp_path / "first", steps=3, seed=5, device="cpu")
    card = load_model(path).card
    assert (card.recipe.steps, card.recipe.seed, card.step) == (3, 5, 3)
    assert card.threads == (torch.get_num_threads(),)
    again = load_model(fit(card.recipe, [case(1), case(2)], tmp_path / "again", device="cpu"))
    first = load_model(path).network.state_dict()
    assert all(torch.equal(value, first[name]) for name, value in again.network.state_dict().items())


def test_the_numbers_of_threads_are_on_the_card_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    stopped(tmp_path, tiny())
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert load_model(fit(tiny(), [case(1), case(2)], tmp_path, resume=True, device="cpu")).card.threads == (1, 2)


def test_organs_that_no_case_has_are_on_the_card(tmp_path: Path) -> None:
    volume, labels = case(1)
    half = volume.with_labels(labels.array % 2, preset("hippocampus"))
    assert load_model(
        fit(tiny(), [(volume, half)], tmp_path / "a", steps=1, device="cpu")
    ).card.training.not_taught == ("Hippocampus_P",)
    assert load_model(fit(tiny(), [case(1)], tmp_path / "b", steps=1, device="cpu")).card.training.not_taught == ()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("mirrored", "its labels lie on another grid"),
        ("blank", "the image is the same everywhere"),
        ("hole", "some voxels are not numbers"),
    ],
)
def test_a_case_that_teaches_nothing_or_something_wrong_is_refused(tmp_path: Path, fault: str, said: str) -> None:
    volume, labels = case(1)
    array = np.array(volume.array)
    if fault == "mirrored":
        labels = LabelMap(labels.array, Geometry(labels.array.shape, np.diag([-1.0, 1, 1, 1])), labels.scheme)
    array[:, 3 if fault == "hole" else 99 :] = np.nan
    array = np.ones_like(array) if fault == "blank" else array
    with pytest.raises(InputError, match=f"case1: {said}"):
        fit(tiny(), [(Volume(array, volume.geometry, name="case1"), labels)], tmp_path, steps=1, device="cpu")


def test_two_processes_never_train_in_one_folder(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    taken = FileLock(tmp_path / "out" / "training.lock")
    with taken, pytest.raises(InputError, match="out: another process trains in this folder"):
        fit(tiny(), [case(1)], tmp_path / "out", steps=1, device="cpu")
    assert fit(tiny(), [case(1)], tmp_path / "out", steps=1, device="cpu").is_file()
