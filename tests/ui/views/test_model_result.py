"""What a model says of a border, where the labels are still its own: below the window, in every plane."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.editing.history.edit import MODEL
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.engine.inference.assembling.decision import decided
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.ui.views.model_result import ModelResult
from napari_boundaryseg.ui.views.shown_slice import ShownSlice

AFFINE = np.diag([1.5, -2.0, 3.0, 1.0])
SHAPE = (9, 8, 7)
ORDERS = list(itertools.permutations(range(3)))
EVERYWHERE = (slice(None),) * 2


@pytest.fixture
def scan() -> Volume:
    return Volume(np.zeros((1, *SHAPE), np.float32), Geometry(SHAPE, AFFINE), ("T2",), "demo", "MR")


@pytest.fixture
def prediction(scan: Volume) -> Prediction:
    probabilities = np.random.default_rng(1).dirichlet(np.ones(4), SHAPE).astype(np.float32)
    probabilities = np.moveaxis(probabilities, -1, 0)
    labels = scan.with_labels(probabilities.argmax(axis=0), preset("pelvis-mr"))
    return Prediction(labels, probabilities, probabilities[1], {}, {})


def applied(scan: Volume, prediction: Prediction, box: tuple[slice, slice, slice] | None = None) -> ModelResult:
    """The result as one step of new labels, which are `history.array`."""
    display = scan.geometry.display
    history = History(np.zeros(display.display_shape, np.uint8))
    whole = tuple(slice(0, n) for n in display.display_shape)
    history.apply("Model", whole, display.to_display(np.asarray(prediction.labels.array)), MODEL)
    return ModelResult(history, prediction, display, box)


def shown(order: tuple[int, ...], number: int = 3) -> ShownSlice:
    return ShownSlice(order, number, (1.0, 1.0), (0.0, 0.0))


@pytest.mark.parametrize("order", ORDERS)
def test_the_margin_is_above_zero_where_the_model_rounds_to_the_organ(
    scan: Volume, prediction: Prediction, order: tuple[int, ...]
) -> None:
    result, at = applied(scan, prediction), shown(order)
    labels = at.plane(result._history.array)
    for organ in (1, 2, 3):
        margin = result.margin(labels, at, organ, EVERYWHERE)
        np.testing.assert_array_equal(margin > 0, labels == organ)
        part = slice(2, 5), slice(1, 6)
        np.testing.assert_array_equal(result.margin(labels, at, organ, part), margin[part])
        probability = result.probability(organ, at)
        likely = np.moveaxis(scan.geometry.display.to_display(prediction.probabilities[organ]), order, (0, 1, 2))[3]
        np.testing.assert_array_equal(probability, likely)
        assert (probability[margin > 0] > 0.25).all()


@pytest.mark.parametrize("order", ORDERS)
def test_of_nested_regions_the_margin_is_above_zero_where_they_decided(scan: Volume, order: tuple[int, ...]) -> None:
    nested, scheme = ((1, 2, 3), (1, 3), (3,)), preset("brats-2023")
    probabilities = np.moveaxis(np.random.default_rng(1).dirichlet(np.ones(4), SHAPE).astype(np.float32), -1, 0)
    found = np.array([0, *scheme.ids])[decided(probabilities, nested)]
    assert not np.array_equal(found, probabilities.argmax(0)), "else both rules agree"
    said = {"regions": ("WT", "TC", "ET")}
    made = Prediction(scan.with_labels(found, scheme), probabilities, probabilities[1], {}, {}, details=said)
    result, at = applied(scan, made), shown(order)
    labels = at.plane(result._history.array)
    for organ in (1, 2, 3):
        np.testing.assert_array_equal(result.margin(labels, at, organ, EVERYWHERE) > 0, labels == organ)


def test_what_somebody_changed_has_none_until_it_is_as_before(scan: Volume, prediction: Prediction) -> None:
    result, at = applied(scan, prediction), shown((0, 1, 2))
    history = result._history
    assert not np.isnan(result.margin(at.plane(history.array), at, 1, EVERYWHERE)).any()
    before = history.array[3, 2, 4]
    history.array[3, 2, 4] = (before + 1) % 4
    for committed in (False, True):
        if committed:
            history.commit("Paint")
        known = ~np.isnan(result.margin(at.plane(history.array), at, 1, EVERYWHERE))
        assert np.argwhere(~known).tolist() == [[2, 4]]
    history.undo()
    assert not np.isnan(result.margin(at.plane(history.array), at, 1, EVERYWHERE)).any()


def test_labels_outside_the_box_of_a_result_are_not_its_own(scan: Volume, prediction: Prediction) -> None:
    box = slice(2, 6), slice(3, 7), slice(1, 4)
    result = applied(scan, prediction, box)
    for order in ORDERS:
        inner = [scan.geometry.display.box_to_display(box)[axis] for axis in order]
        for number in (inner[0].start - 1, inner[0].start, inner[0].stop - 1, inner[0].stop):
            at = shown(order, number)
            known = ~np.isnan(result.margin(at.plane(result._history.array), at, 1, EVERYWHERE))
            there = np.zeros_like(known)
            there[inner[1], inner[2]] = inner[0].start <= number < inner[0].stop
            np.testing.assert_array_equal(known, there)


def test_it_holds_while_its_step_is_done_and_for_no_other_labels(scan: Volume, prediction: Prediction) -> None:
    result = applied(scan, prediction)
    history = result._history
    assert result.is_in(history.array) and not result.is_in(history.array.copy())
    history.array[0, 0, 0] = (history.array[0, 0, 0] + 1) % 4
    history.commit("Paint")
    assert result.is_in(history.array)
    history.go_to(0)
    assert not result.is_in(history.array)
    history.redo()
    assert result.is_in(history.array)
    history.undo()
    history.apply("Opened", tuple(slice(0, n) for n in history.array.shape), np.full(history.array.shape, 2), "opened")
    assert history.position == 1 and not result.is_in(history.array), "another step stands where the model's was"


def test_it_holds_when_its_step_is_too_old_to_be_kept(scan: Volume, prediction: Prediction) -> None:
    display = scan.geometry.display
    history = History(np.zeros(display.display_shape, np.uint8), most_bytes=1)
    whole = tuple(slice(0, n) for n in display.display_shape)
    history.apply("Model", whole, display.to_display(np.asarray(prediction.labels.array)), MODEL)
    result = ModelResult(history, prediction, display, None)
    for n in range(3):
        history.array[n, 0, 0] = (history.array[n, 0, 0] + 1) % 4
        history.commit("Paint")
    assert history.first > 1 and result.is_in(history.array)
