"""Adapting: a copy learns from the corrected slices alone, and slices that were left out say how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import napari_boundaryseg.engine.training.adapting.adapt as adapt_module
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.ancestry import content_hashes
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.training.adapting import leaving_out
from napari_boundaryseg.engine.training.adapting.adapt import adapt
from napari_boundaryseg.engine.training.adapting.adapted import Adapted, best
from napari_boundaryseg.engine.training.adapting.late_layers import late_layers
from napari_boundaryseg.engine.training.adapting.late_learner import LateLearner
from napari_boundaryseg.errors import InputError, RegionNeeded
from napari_boundaryseg.progress import Cancelled

Case = tuple[Volume, LabelMap]
SLICES = (6, 10, 14)


def adapted(model: LoadedModel, case: Case, slices: Any = SLICES, axis: int = 1, **options: Any) -> Adapted:
    return adapt(model, *case, slices, axis, **{"most_steps": 2, "device": "cpu", **options})


def always(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Choose so many steps, whatever the slices that were left out say."""
    monkeypatch.setattr(adapt_module, "best", lambda scores: steps)


def same(one: Prediction, other: Prediction) -> bool:
    arrays = [
        (found.labels.array, found.probabilities, found.edges, *found.contours.values(), *found.attention.values())
        for found in (one, other)
    ]
    return all(np.array_equal(a, b) for a, b in zip(*arrays, strict=True))


def test_the_model_is_left_as_it_is(model: LoadedModel, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    always(2, monkeypatch)
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    found = adapted(model, case)
    assert all(torch.equal(before[name], value) for name, value in model.network.state_dict().items())
    assert all(weight.requires_grad and weight.grad is None for weight in model.network.parameters())
    assert not model.network.training
    assert not same(found.prediction, Predictor(model, "cpu").predict(case[0]))


@pytest.mark.parametrize("norm", ["group", "batch"])
def test_only_late_layers_change(
    make_model: Callable[..., LoadedModel], case: Case, monkeypatch: pytest.MonkeyPatch, norm: str
) -> None:
    always(2, monkeypatch)
    model = make_model(network_arguments={"width": 4, "norm": norm})
    used: list[LoadedModel] = []
    real = Predictor.__init__

    def spy(self: Predictor, given: LoadedModel, *args: Any) -> None:
        used.append(given)
        real(self, given, *args)

    monkeypatch.setattr(Predictor, "__init__", spy)
    adapted(model, case)
    old, new = (one.network.state_dict() for one in (used[0], used[-1]))
    changed = {name for name in old if not torch.equal(old[name], new[name])}
    late = late_layers(model.network, 1, (16, 16, 16))
    assert changed
    assert {name.rpartition(".")[0] for name in changed} <= set(late)
    assert not any(name.endswith(("running_mean", "running_var", "num_batches_tracked")) for name in changed)


def test_what_lies_on_other_slices_has_no_influence(
    model: LoadedModel, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    always(2, monkeypatch)
    volume, labels = case
    garbage = np.random.default_rng(1).integers(0, 3, labels.array.shape).astype(np.uint8)
    garbage[:, SLICES] = labels.array[:, SLICES]
    unknown = garbage.copy()
    unknown[0, 0, 0] = 77  # what the model does not know at all
    wanted = adapted(model, case)
    for array in (garbage, unknown):
        found = adapted(model, (volume, replace(labels, array=array)))
        assert same(found.prediction, wanted.prediction)
        assert found.scores == wanted.scores
        assert all(np.array_equal(found.held_out[steps], wanted.held_out[steps]) for steps in wanted.held_out)


def test_the_same_seed_gives_the_same(model: LoadedModel, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    always(2, monkeypatch)
    torch.manual_seed(1)
    one = adapted(model, case)
    torch.manual_seed(2)
    assert same(one.prediction, adapted(model, case).prediction)
    assert not same(one.prediction, adapted(model, case, seed=1).prediction)
    assert same(one.prediction, adapted(model, case, slices=(14, 6, 10, 6)).prediction), "the order says nothing"


@pytest.mark.parametrize("most", [0, 2])
def test_no_steps_give_exactly_the_models_own_prediction(
    model: LoadedModel, case: Case, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    always(0, monkeypatch)
    found = adapted(model, case, most_steps=most)
    own = Predictor(model, "cpu").predict(case[0])
    assert found.steps == 0
    assert same(found.prediction, own)
    assert found.prediction.details.keys() == own.details.keys()


def test_a_slice_that_is_left_out_never_trains_its_own_turn(model: LoadedModel, case: Case) -> None:
    volume, labels = case
    wanted = adapted(model, case)
    assert wanted.left_out == wanted.corrected == SLICES
    for turn, n in enumerate(SLICES):
        array = labels.array.copy()
        array[:, n] = np.random.default_rng(n).integers(0, 3, array[:, n].shape)
        found = adapted(model, (volume, replace(labels, array=array)))
        for steps in (0, 2):
            assert np.array_equal(found.held_out[steps][turn], wanted.held_out[steps][turn])
        assert found.scores != wanted.scores
        others = [one for one in range(3) if one != turn]
        assert not np.array_equal(found.held_out[2][others], wanted.held_out[2][others])


def test_as_many_steps_are_taken_as_help_where_a_slice_is_left_out(
    model: LoadedModel, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    real = LateLearner.step
    monkeypatch.setattr(LateLearner, "step", lambda self: (taken.append(1), real(self)))
    monkeypatch.setattr(leaving_out, "agreement", lambda *given: 0.5)
    found = adapted(model, case, most_steps=7)
    assert sorted(found.scores) == sorted(found.held_out) == [0, 5, 7]
    assert (found.steps, len(taken)) == (0, 21), "equal scores: the least steps"
    values = iter([0.1] * 3 + [0.4] * 3 + [0.2] * 3)  # of no steps, of 5, of 7
    monkeypatch.setattr(leaving_out, "agreement", lambda *given: next(values))
    taken.clear()
    found = adapted(model, case, most_steps=7)
    assert found.steps == best(found.scores) == 5
    assert len(taken) == 21 + 5
    assert found.prediction.details["adapted_steps"] == 5


def test_no_more_steps_are_tried_once_they_do_harm(
    model: LoadedModel, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = iter([0.4] * 3 + [0.3] * 3)
    monkeypatch.setattr(leaving_out, "agreement", lambda *given: next(values))
    found = adapted(model, case, most_steps=15)
    assert found.steps == 0
    assert found.scores == pytest.approx({0: 0.4, 5: 0.3})
    assert list(found.held_out) == [0, 5]


def test_slices_that_are_left_out_lie_as_in_the_scan(
    make_model: Callable[..., LoadedModel], make_case: Callable[..., Case]
) -> None:
    """However it is stored; through one window that holds all of it each is exactly what the model says there."""
    model = make_model(window=(20, 20, 20))
    for affine in (np.eye(4), np.diag([-1.0, -1, 1, 1]), np.eye(4)[[1, 2, 0, 3]]):
        volume, labels = make_case(affine)
        own = Predictor(model, "cpu").predict(volume).labels.array
        for axis in (0, 1, 2):
            found = adapted(model, (volume, labels), (6, 9), axis, most_steps=0)
            planes = np.stack([np.take(own, n, axis) for n in (6, 9)])
            assert np.array_equal(found.held_out[0], [planes, planes])


def test_of_many_slices_a_few_are_left_out(model: LoadedModel, case: Case) -> None:
    found = adapted(model, case, slices=range(4, 17), most_steps=1)
    assert found.left_out == (4, 10, 16)
    assert found.held_out[1].shape == (3, 13, 16, 18)


def test_the_corrected_slices_are_learnt(model: LoadedModel, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    always(15, monkeypatch)
    volume, labels = case
    own, found = Predictor(model, "cpu").predict(volume), adapted(model, case, most_steps=15).prediction
    truth = labels.array[:, SLICES]
    sure = [
        float(np.mean([one.probabilities[n][:, SLICES][truth == n].mean() for n in (0, 1, 2)])) for one in (own, found)
    ]
    assert sure[1] > sure[0] + 0.02


def test_only_the_box_is_looked_at(model: LoadedModel, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    always(1, monkeypatch)
    box = (slice(2, 14), slice(3, 18), slice(2, 16))
    found = adapted(model, case, box=box, most_steps=1)
    outside = np.ones(case[0].geometry.shape, bool)
    outside[box] = False
    assert not found.prediction.labels.array[outside].any()
    assert found.prediction.details["box"] == [[2, 14], [3, 18], [2, 16]]
    grown = adapted(model, case, box=(slice(5, 14), slice(3, 18), slice(2, 16)), most_steps=1)
    assert grown.prediction.details["box"] == [[4, 14], [3, 18], [2, 16]], "to what is drawn outside it"
    assert grown.held_out[0].shape == (3, 3, 16, 18)


SMALL: dict[str, dict[str, Any]] = {
    "hippocampus-hmedn": {"network_arguments": {"width": 4, "norm": "group", "stage": 2, "connectivity": "residual"}},
    "hippocampus-egcnn": {"network_arguments": {"width": 4, "norm": "group", "per_channel": True}},
    "egcnn-unet-brats19": {"network_arguments": {"backbone": "unet", "width": 4}, "augmentation.flip_axes": ()},
    "egcnn-vnet-brats19": {"network_arguments": {"backbone": "narrow-vnet", "width": 4}},
    "hippocampus-bacnn": {"window": (16, 1, 16), "network_arguments": {"width": 4, "norm": "group", "rates": (1, 2)}},
    "bacnn-brats18-tc": {"window": (1, 16, 16), "network_arguments": {"width": 4, "single": True}},
    "hmedn-pelvis-ct": {"window": (1, 16, 16), "network_arguments": {"width": 4}},
    "hmedn-brats17": {
        "window": (16, 16, 16),
        "network_arguments": {"width": 4, "stage": 2},
        "preprocessing.size_vox": (16, 16, 16),
    },
    "sarcoma-t1-sgm": {"network_arguments": {"width": 4}, "preprocessing.size_vox": (16, 16, 16)},
    "pelvis-mr-sgm": {"window": (8, 8, 8), "network_arguments": {"width": 4}},
    "hippocampus-segresnet": {"network_arguments": {"width": 8}},
}


@pytest.mark.parametrize("name", SMALL)
def test_every_kind_of_model_adapts(
    name: str, make_model: Callable[..., LoadedModel], make_case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    always(2, monkeypatch)
    model = make_model(name, **SMALL[name])
    recipe = model.card.recipe
    if recipe.preprocessing.normalise == "dataset":
        settings = {"preprocessing.means": (0.0,), "preprocessing.sds": (1.0,)}
        model = replace(model, card=model.card.model_copy(update={"recipe": recipe.with_settings(settings)}))
    case = make_case(scheme=recipe.scheme, channels=recipe.channels)
    box = [(0, n) for n in case[0].geometry.shape]
    found = adapted(model, case, (6, 14), box=box)
    own = Predictor(model, "cpu").predict(case[0], box=box)
    assert found.steps == 2
    assert not np.array_equal(found.prediction.probabilities, own.probabilities)
    assert found.prediction.contours.keys() == own.contours.keys()
    assert set(np.unique(found.held_out[2])) <= {0, *recipe.scheme.ids}


def test_a_grid_coarser_than_the_slices_misses_none(
    make_model: Callable[..., LoadedModel], case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    always(1, monkeypatch)
    coarse = make_model(**{"preprocessing.spacing_mm": (1.0, 3.0, 1.0)})
    for slices in ((5, 12), (6, 13), (7, 14)):
        found = adapted(coarse, case, slices, most_steps=1)
        assert not same(found.prediction, Predictor(coarse, "cpu").predict(case[0]))


def test_progress_runs_forward_and_cancelling_goes_through(model: LoadedModel, case: Case) -> None:
    seen: list[float] = []
    adapted(model, case, progress=lambda fraction, text="": seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[0] < 0.01
    assert seen[-1] == 1

    def stop(fraction: float, text: str = "") -> None:
        if text.startswith("Step 2"):
            raise Cancelled

    with pytest.raises(Cancelled):
        adapted(model, case, progress=stop)


@pytest.mark.parametrize(
    "change, said",
    [
        ({"slices": ()}, "none is corrected"),
        ({"slices": (6, 6)}, "1 is corrected"),
        ({"slices": (6, 20)}, "one lies outside the scan"),
        ({"slices": (-1, 6)}, "one lies outside the scan"),
        ({"axis": 3}, "Choose 0, 1 or 2"),
        ({"slices": (0, 1), "box": [(0, 16), (3, 20), (0, 18)]}, "fewer than two lie in the box"),
        ({"box": [(20, 30)] * 3}, "lies outside the scan"),
        ({"most_steps": -1}, "below 0"),
        ({"device": "abacus"}, "no such device"),
    ],
)
def test_what_is_wrong_is_one_sentence(model: LoadedModel, case: Case, change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        adapted(model, case, **change)


def test_labels_that_do_not_fit_are_refused(model: LoadedModel, case: Case) -> None:
    volume, labels = case
    with pytest.raises(InputError, match="another grid"):
        adapted(model, (volume, replace(labels, geometry=Geometry(volume.geometry.shape, 2 * np.eye(4)))))
    with pytest.raises(InputError, match="the model knows only"):
        adapted(model, (volume, replace(labels, scheme=preset("prostate"), array=(labels.array > 0).astype(np.uint8))))
    assert adapted(model, (volume, LabelMap(labels.array, labels.geometry)), most_steps=1).scores


def test_slices_without_any_organ_are_refused(model: LoadedModel, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    volume, labels = case
    nothing = replace(labels, array=np.zeros_like(labels.array))
    real = Predictor.predict
    monkeypatch.setattr(Predictor, "predict", lambda *args, **kw: replace(real(*args, **kw), labels=nothing))
    with pytest.raises(InputError, match="no organ is on the corrected ones"):
        adapted(model, (volume, nothing))


def test_a_model_for_boxes_asks_for_one(make_model: Callable[..., LoadedModel], case: Case) -> None:
    with pytest.raises(RegionNeeded):
        adapted(make_model(box_margin_mm=(1.0, 3.0)), case)


def test_the_copy_is_kept_with_a_card_that_says_what_it_learnt_from(
    model: LoadedModel, case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    always(2, monkeypatch)
    path = tmp_path / "out" / "tiny-adapted.safetensors"
    found = adapted(model, case, keep=path)
    kept = load_model(path)
    assert same(Predictor(kept, "cpu").predict(case[0]), found.prediction)
    assert kept.card.training.description.endswith("Adapted to one scan of the user's: 2 steps on 3 corrected slices.")
    assert kept.card.ancestry.why_not(content_hashes(case[0]), "another name")
    assert kept.card.ancestry.why_not((), case[0].name)
    assert not kept.card.ancestry.why_not((), "another name")
    assert (kept.card.scores, kept.card.calibration) == ((), None)
    assert kept.card.parent == f"tiny {model.sha256[:16]}"
    assert kept.title == "tiny-adapted"


def test_nothing_is_kept_of_no_steps(
    model: LoadedModel, case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    always(0, monkeypatch)
    adapted(model, case, keep=tmp_path / "tiny-adapted.safetensors")
    assert not list(tmp_path.iterdir())
