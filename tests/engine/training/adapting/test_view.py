"""View: windows hold every organ on the corrected slices, and what they answer comes back to the right voxels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.engine.training.adapting.corrected_slices import CorrectedSlices
from napari_boundaryseg.engine.training.adapting.view import View

Case = tuple[Volume, LabelMap]
Made = tuple[View, CorrectedSlices]


@pytest.fixture
def make(make_model: Callable[..., LoadedModel], case: Case) -> Callable[..., Made]:
    """A view through windows of some size, in a box of the scan; the model found what is drawn."""

    def view(window: tuple[int, int, int], box: tuple[slice, slice, slice] | None = None, **settings: object) -> Made:
        recipe = make_model(window=window, **settings).card.recipe
        scan = PreparedScan.of(case[0], recipe).within(box)
        return View.of(scan, case[1]), CorrectedSlices.of(*case, (6, 10, 14), 1, recipe.scheme)

    return view


def labels_as_answers(view: View, labels: LabelMap, places: list[tuple[int, int, int]]) -> dict:
    """A network that says what a label map has."""
    classes = torch.from_numpy(view.scan.grid.labels(labels).astype(np.int64))
    padded = torch.zeros(view.image.shape[1:], dtype=torch.long)
    padded[view.inside] = classes
    sure = torch.nn.functional.one_hot(padded, 3).movedim(-1, 0).float()
    cut = [tuple(slice(a, a + n) for a, n in zip(place, view.window, strict=True)) for place in places]
    return {place: sure[(slice(None), *part)] for place, part in zip(places, cut, strict=True)}


@pytest.mark.parametrize("window", [(8, 8, 8), (16, 16, 16), (24, 24, 24), (5, 30, 7)])
@pytest.mark.parametrize("box", [None, (slice(2, 15), slice(3, 19), slice(1, 17))], ids=["whole", "box"])
def test_every_organ_on_the_slices_is_seen_and_comes_back(
    make: Callable[..., Made], case: Case, window: tuple[int, int, int], box: tuple[slice, slice, slice] | None
) -> None:
    view, corrected = make(window, box)
    places = view.places(corrected, corrected)
    answers = labels_as_answers(view, case[1], places)
    for some in ((6,), (10,), (14,), (6, 10, 14)):
        shown = view.showing(places, replace(corrected, slices=some))
        assert shown
        found = view.slices_of({place: answers[place] for place in shown}, 1, some)
        np.testing.assert_array_equal(found, np.moveaxis(case[1].array, 1, 0)[list(some)])
    if window == (24, 24, 24):
        assert len(places) == 1


def test_what_is_drawn_on_a_slice_that_is_left_out_moves_no_window(make: Callable[..., Made], case: Case) -> None:
    view, corrected = make((6, 6, 6))
    array = case[1].array.copy()
    array[:, 10] = 1
    other = CorrectedSlices.of(case[0], replace(case[1], array=array), (6, 10, 14), 1, case[1].scheme)
    assert view.places(corrected.without(10), corrected) == view.places(other.without(10), other)
    assert view.places(corrected, corrected) != view.places(other, other)


def test_windows_teach_the_corrected_slices_and_hold_back_elsewhere(make: Callable[..., Made], case: Case) -> None:
    view, corrected = make((20, 24, 20))
    lesson = next(iter(view.lessons(corrected, view.places(corrected, corrected)).values()))
    assert int(lesson.counted.sum()) == 3 * 16 * 18
    assert int(lesson.elsewhere.sum()) == 17 * 16 * 18, "what pads the scan counts nowhere"
    assert not (lesson.counted & lesson.elsewhere).any()
    assert not lesson.labels[~lesson.counted[0]].any()
    assert lesson.image.shape == (1, 20, 24, 20)


def test_without_an_answer_there_is_nothing(make: Callable[..., Made]) -> None:
    view, _ = make((8, 8, 8))
    assert not view.slices_of({}, 1, (3, 4)).any()
    assert view.slices_of({}, 1, (3, 4)).shape == (2, 16, 18)
