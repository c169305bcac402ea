"""The Dice that chooses a step: what is found where nothing is counts, and what the card tells does not change."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.training import train
from napari_boundaryseg.engine.training.data.cases import prepare
from napari_boundaryseg.engine.training.loop import validate
from napari_boundaryseg.engine.training.loop.validate import dice_scores, mean_of
from napari_boundaryseg.models import ModelOutput

SHAPE = (16, 16, 16)
WANTED = Recipe(
    name="two", channels=("mr",), scheme=preset("hippocampus"), network="unet", network_arguments={"width": 4},
    losses={"wce-dice": 1.0}, patch_vox=SHAPE, steps=2, steps_per_epoch=1, batch=1,
)  # fmt: skip
ANTERIOR, POSTERIOR = WANTED.scheme.names


def scan(*organs):
    """Cubes of some organs, number n at 5 n."""
    array = np.zeros(SHAPE, np.uint8)
    for organ in organs:
        array[5 * organ : 5 * organ + 4, 4:8, 4:8] = organ
    image = np.random.default_rng(0).normal(0, 1, SHAPE).astype(np.float32) + array
    volume = Volume(image[None], Geometry(SHAPE, np.eye(4)), ("mr",))
    return volume, volume.with_labels(array, WANTED.scheme)


class Finds(torch.nn.Module):
    """A network that finds certain organs, whatever it is shown."""

    def __init__(self, *organs):
        super().__init__()
        classes = torch.from_numpy(scan(*organs)[1].array.transpose(2, 1, 0).astype(np.int64))
        self.logits = 20.0 * torch.nn.functional.one_hot(classes, 3).movedim(-1, 0).float()

    def forward(self, image):
        return ModelOutput(self.logits.expand(len(image), -1, -1, -1, -1))


def scored(found, *cases):
    return dice_scores(Finds(*found), cases, WANTED, torch.device("cpu"))


def test_what_is_found_where_nothing_is_counts_as_much_as_what_is_missed():
    both, one = prepare(*scan(1, 2), WANTED), prepare(*scan(1), WANTED)
    assert scored((1, 2), both, one).choosing == {ANTERIOR: [1.0, 1.0], POSTERIOR: [1.0, 0.0]}
    assert scored((1,), both, one).choosing == {ANTERIOR: [1.0, 1.0], POSTERIOR: [0.0, 1.0]}
    assert scored((1, 2), both, one).in_reference == {ANTERIOR: [1.0, 1.0], POSTERIOR: [1.0]}


def test_to_find_nothing_is_better_than_to_find_what_is_not_there():
    empty = prepare(*scan(1), WANTED)
    empty = replace(empty, labels=torch.zeros_like(empty.labels))
    assert mean_of(scored((), empty).choosing) == 1.0
    assert mean_of(scored((1, 2), empty).choosing) == 0.0
    assert scored((), empty).in_reference == {}


def test_an_organ_that_nobody_sought_judges_nothing():
    volume, labels = scan(1)
    scheme = WANTED.scheme.model_copy(update={"name": "front", "organs": WANTED.scheme.organs[:1]})
    case = prepare(volume, volume.with_labels(labels.array, scheme), WANTED)
    assert scored((1, 2), case).choosing == {ANTERIOR: [1.0]}


@pytest.mark.parametrize("first_finds_none", [True, False])
def test_the_checkpoint_without_the_false_finding_is_kept(tmp_path, monkeypatch, first_finds_none):
    real, calls = validate._labels, []

    def labels(network, case, recipe, device):
        calls.append(case)
        return real(Finds(1) if (len(calls) == 1) == first_finds_none else Finds(1, 2), case, recipe, device)

    monkeypatch.setattr(validate, "_labels", labels)
    train.fit(WANTED, [scan(1, 2)], tmp_path, validation=[scan(1)], device="cpu")
    best, last = (read_card(tmp_path / name)[0] for name in ("best.safetensors", "last.safetensors"))
    assert (best.step, last.step) == (1 if first_finds_none else 2, 2)
    assert [(score.organ, score.mean, score.n) for score in best.scores] == [(ANTERIOR, 1.0, 1)]
