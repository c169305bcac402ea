"""Reviews: answers that are stored and read, and that hold as long as their piece of border does."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.arcs.cutting import cut
from napari_boundaryseg.review.arcs.queuing import queued
from napari_boundaryseg.review.arcs.review import Review
from napari_boundaryseg.review.arcs.stored import from_json, to_json

SPACING = (1.0, 1.0, 3.0)


@pytest.fixture
def labels() -> np.ndarray:
    rows, columns = np.mgrid[:60, :60]
    return np.stack([np.hypot(rows - 30, columns - 30) < 20] * 4, axis=2).astype(np.uint8)


@pytest.fixture
def review(labels: np.ndarray) -> Review:
    arcs = cut(labels, [1], SPACING, 2, 8.0)
    return Review(queued(arcs, np.random.default_rng(0).random(len(arcs)), {1}, seed=1))


def test_what_is_stored_is_read_again(review: Review) -> None:
    review = review.answered(0, "accept").answered(1, "flag").answered(2, "corrected", review.queue.items[2].arcs)
    back = from_json(json.loads(json.dumps(to_json(review), allow_nan=False)))
    assert [[arc.key for arc in item.arcs] for item in back.queue.items] == [
        [arc.key for arc in item.arcs] for item in review.queue.items
    ]
    assert {n: answer.verdict for n, answer in back.answers.items()} == {0: "accept", 1: "flag", 2: "corrected"}
    assert [arc.key for arc in back.answers[2].now] == [arc.key for arc in review.answers[2].now]
    assert back.queue.draws == review.queue.draws
    assert back.audit == review.audit
    assert back.reviewed_mm == pytest.approx(review.reviewed_mm, abs=1e-2)
    assert to_json(back) == to_json(review)


def test_a_key_is_stored_and_read_for_any_place() -> None:
    rng = np.random.default_rng(0)
    from napari_boundaryseg.review.arcs.arc import Arc
    from napari_boundaryseg.review.arcs.stored import _arc, _plain

    for axis in (0, 1, 2):
        for _ in range(300):
            points = np.insert(rng.uniform(-0.5, 500, (4, 2)), axis, 7, axis=1)
            arc = Arc(3, axis, 7, points, (0.7, 0.7, 3.0), 4.0)
            back = _arc(json.loads(json.dumps(_plain(arc))))
            assert back.key == arc.key
            assert back.points == pytest.approx(arc.points, abs=0.006)


def test_answering_makes_a_new_review(review: Review) -> None:
    other = review.answered(0, "accept")
    assert review.answers == {}
    assert (other.next_item, review.next_item) == (1, 0)
    assert other.answered(0, "flag").answers[0].verdict == "flag"
    with pytest.raises(IndexError):
        review.answered(len(review.queue.items), "accept")
    done = review
    for n in range(len(review.queue.items)):
        done = done.answered(n, "accept")
    assert done.next_item is None
    assert done.reviewed_mm == pytest.approx(review.queue.border_mm)


def everything(review: Review) -> Review:
    for n in range(len(review.queue.items)):
        review = review.answered(n, "flag" if n % 7 == 0 else "accept")
    return review


def test_an_answer_holds_where_another_part_of_the_same_outline_changed(labels: np.ndarray, review: Review) -> None:
    """A large dent at the top changes the length of the outline, and so where every arc of it begins."""
    done = everything(review)
    arcs = cut(labels, [1], SPACING, 2, 8.0)
    assert None not in done.verdicts(arcs)
    by_key = {arc.key: done.answers[n].verdict for n, item in enumerate(done.queue.items) for arc in item.arcs}
    assert done.verdicts(arcs) == [by_key[arc.key] for arc in arcs]
    labels[:20, :, 1] = 0
    changed = cut(labels, [1], SPACING, 2, 8.0)
    on_slice = [arc for arc in changed if arc.slice == 1]
    assert not {arc.key for arc in on_slice} & set(by_key)
    for arc, verdict in zip(on_slice, done.verdicts(on_slice), strict=True):
        if arc.points[:, 0].min() > 24:
            assert verdict is not None
        if arc.points[:, 0].max() < 20.5 and np.abs(arc.points[:, 1] - 30).max() < 13:
            assert verdict is None
    assert None not in done.verdicts([arc for arc in changed if arc.slice != 1])


def test_an_answer_does_not_hold_for_a_border_that_moved_by_a_voxel(labels: np.ndarray, review: Review) -> None:
    moved = np.roll(labels, 1, axis=0)
    arcs = cut(moved, [1], SPACING, 2, 8.0)
    said = everything(review).verdicts(arcs)
    level = [verdict for arc, verdict in zip(arcs, said, strict=True) if abs(arc.normals[:, 0]).min() > 0.7]
    assert level
    assert set(level) == {None}


def test_an_answer_is_of_its_organ_slice_and_axis_alone(labels: np.ndarray, review: Review) -> None:
    done = everything(review)
    assert set(done.verdicts(cut(2 * labels, [2], SPACING, 2, 8.0))) == {None}
    assert set(done.verdicts(cut(np.moveaxis(labels, 2, 0), [1], SPACING[::-1], 0, 8.0))) == {None}
    assert set(review.verdicts(cut(labels, [1], SPACING, 2, 8.0))) == {None}


def test_what_was_put_right_is_reviewed_as_it_is_now(labels: np.ndarray, review: Review) -> None:
    item = review.queue.items[0]
    middle = np.rint(item.centre).astype(int)
    part = (slice(middle[0] - 3, middle[0] + 4), slice(middle[1] - 3, middle[1] + 4), middle[2])
    labels[part] = 1
    now = cut(labels, [1], SPACING, 2, 8.0)
    done = review.answered(0, "corrected", now)
    assert done.answers[0].now
    assert {arc.slice for arc in done.answers[0].now} <= set(range(item.slices[0], item.slices[1] + 1))
    said = dict(zip((arc.key for arc in now), done.verdicts(now), strict=True))
    assert all(said[arc.key] == "corrected" for arc in done.answers[0].now)
    assert sum(verdict is not None for verdict in said.values()) < 12
    assert done.audit.wrong in (0, 1)


WRONG: dict[str, Any] = {
    "another format": lambda v: v | {"format": "review of arcs, version 2"},
    "nothing": lambda v: {},
    "a list": lambda v: [],
    "an item without arcs": lambda v: v | {"items": [[]]},
    "a verdict that nobody knows": lambda v: v | {"answers": [{"item": 0, "verdict": "fine", "now": []}]},
    "an answer to no item": lambda v: v | {"answers": [{"item": 9999, "verdict": "flag", "now": []}]},
    "a draw of no item": lambda v: v | {"draws": [[0, 9999, 3]]},
    "words for numbers": lambda v: v | {"border_mm": "long"},
    "an axis that there is not": lambda v: v | {"items": [[v["items"][0][0] | {"axis": 3}]]},
    "points that are no numbers": lambda v: v | {"items": [[v["items"][0][0] | {"points": [[float("nan"), 1.0]]}]]},
    "no size": lambda v: v | {"items": [[v["items"][0][0] | {"spacing_mm": [1.0, 0.0, 1.0]}]]},
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_no_review_is_refused_in_one_sentence(fault: str, review: Review) -> None:
    values = WRONG[fault](copy.deepcopy(to_json(review)) | {"draws": [], "answers": []})
    with pytest.raises(InputError, match="review"):
        from_json(values)
