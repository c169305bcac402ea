"""The queue: every arc once, worst places first, neighbours together, random ones that nothing gives away."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.review.arcs.arc import Arc
from napari_boundaryseg.review.arcs.cutting import cut
from napari_boundaryseg.review.arcs.joining import joined
from napari_boundaryseg.review.arcs.queue import Queue
from napari_boundaryseg.review.arcs.queuing import queued

SPACING = (1.0, 1.0, 2.0)


@pytest.fixture(scope="module")
def arcs() -> list[Arc]:
    """A tube of 12 slices with about 12 arcs each, and a second organ beside it."""
    rows, columns = np.mgrid[:50, :90]
    labels = np.zeros((50, 90, 12), np.uint8)
    labels[np.hypot(rows - 25, columns - 25) < 15] = 1
    labels[np.hypot(rows - 25, columns - 65) < 12] = 2
    return cut(labels, [1, 2], SPACING, 2, 8.0)


def keys(queue: Queue) -> list[str]:
    return [arc.key for item in queue.items for arc in item.arcs]


def test_every_arc_of_a_ranked_organ_is_shown_exactly_once(arcs: list[Arc]) -> None:
    scores = np.random.default_rng(0).random(len(arcs))
    queue = queued(arcs, scores, {1, 2}, seed=3)
    assert sorted(keys(queue)) == sorted(arc.key for arc in arcs)
    assert queue.border_mm == pytest.approx(sum(arc.length_mm for arc in arcs))
    one = queued(arcs, scores, {1}, seed=3)
    assert sorted(keys(one)) == sorted(arc.key for arc in arcs if arc.organ == 1)
    assert one.unranked == (2,)
    none = queued(arcs, scores, set(), seed=3)
    assert (none.items, none.unranked, none.draws, none.border_mm) == ((), (1, 2), (), 0.0)


def test_without_random_places_the_worst_arcs_come_first(arcs: list[Arc]) -> None:
    scores = np.random.default_rng(1).random(len(arcs))
    queue = queued(arcs, scores, {1, 2}, seed=0, audited=0.0)
    by_key = {arc.key: score for arc, score in zip(arcs, scores, strict=True)}
    firsts = [by_key[item.arcs[0].key] for item in queue.items]
    assert firsts == sorted(firsts, reverse=True)
    assert firsts[0] == scores.max()
    assert all(by_key[item.arcs[0].key] >= by_key[arc.key] for item in queue.items for arc in item.arcs)


def test_a_fault_that_goes_over_slices_is_one_item_with_its_extent(arcs: list[Arc]) -> None:
    """Right of the first organ, on slices 4 to 7, all arcs are bad; so is one far away on slice 5."""
    scores = np.full(len(arcs), 0.1)
    fault = [n for n, arc in enumerate(arcs) if arc.organ == 1 and 4 <= arc.slice <= 7 and arc.centre[1] > 38]
    far = [n for n, arc in enumerate(arcs) if arc.organ == 1 and arc.slice == 5 and arc.centre[1] < 11][:1]
    assert len(fault) >= 4
    scores[fault], scores[far] = 0.9, 0.8
    scores[fault[len(fault) // 2]] = 1.0
    items = joined(arcs, scores)
    assert set(items[0]) == set(fault)
    assert items[1][0] == far[0]
    assert not set(items[1]) & set(fault)
    queue = queued(arcs, scores, {1, 2}, seed=0, audited=0.0)
    assert queue.items[0].slices == (4, 7)
    assert queue.items[0].organ == 1
    assert queue.items[0].length_mm == pytest.approx(sum(arcs[n].length_mm for n in fault))
    assert queue.items[0].centre == pytest.approx(arcs[fault[len(fault) // 2]].centre)


def test_a_gap_of_one_good_slice_ends_an_item(arcs: list[Arc]) -> None:
    scores = np.full(len(arcs), 0.1)
    right = [n for n, arc in enumerate(arcs) if arc.organ == 1 and arc.slice in (3, 4, 6) and arc.centre[1] > 38]
    scores[right] = 1.0
    first, second = joined(arcs, scores)[:2]
    assert {arcs[n].slice for n in first} == {3, 4}
    assert {arcs[n].slice for n in second} == {6}


def test_neighbours_that_are_not_bad_stay_on_their_own(arcs: list[Arc]) -> None:
    own = [n for n, arc in enumerate(arcs) if arc.organ == 2]
    scores = np.zeros(len(arcs))
    scores[own] = np.random.default_rng(5).random(len(own))
    items = [item for item in joined(arcs, scores) if arcs[item[0]].organ == 2]
    total = sum(arcs[n].length_mm for n in own)
    several = [n for item in items for n in item if len(item) > 1]
    assert several
    assert sum(arcs[n].length_mm for n in several) <= 0.2 * total + 8.0
    assert sorted(n for item in items for n in item) == own


def test_about_a_tenth_is_random_and_the_same_seed_gives_the_same(arcs: list[Arc]) -> None:
    scores = np.linspace(1, 0, len(arcs))
    queues = [queued(arcs, scores, {1, 2}, seed=seed) for seed in range(60)]
    shown = [len({draw.item for draw in queue.draws if draw.item == draw.before < 40}) for queue in queues]
    assert 0.07 < sum(shown) / (40 * 60) < 0.12  # later on, more and more of what is drawn was shown before
    assert keys(queues[0]) == keys(queued(arcs, scores, {1, 2}, seed=0))
    assert keys(queues[0]) != keys(queues[1])


def test_random_places_are_drawn_as_often_as_they_are_long() -> None:
    """Ten arcs of 2 mm and ten of 8 mm: four fifths of the draws are long ones."""
    points = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 2.0, 0.0]])
    arcs = [Arc(1, 2, 4 * n, points + np.array((0, 0, 4 * n)), SPACING, 2.0 if n < 10 else 8.0) for n in range(20)]
    long = drawn = 0
    for seed in range(400):
        queue = queued(arcs, np.linspace(1, 0, 20), {1}, seed=seed, audited=0.3)
        first = [draw for draw in queue.draws if draw.before == 0][:1]
        drawn += len(first)
        long += sum(queue.items[draw.item].arcs[0].length_mm == 8.0 for draw in first)
    assert drawn > 80
    assert long / drawn == pytest.approx(0.8, abs=0.12)


def test_nothing_in_an_item_tells_a_random_one() -> None:
    from dataclasses import fields

    from napari_boundaryseg.review.arcs.item import Item

    assert [one.name for one in fields(Item)] == ["arcs"]
    assert [one.name for one in fields(Arc)] == [
        "organ",
        "axis",
        "slice",
        "points",
        "spacing_mm",
        "length_mm",
    ]
    assert "draws" not in repr(queued([], [], {1}, seed=0))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("part", [0.05, 0.2, 0.9, 1.0])
def test_a_part_of_the_border_ends_where_so_much_of_it_was_shown_for_its_score(
    arcs: list[Arc], seed: int, part: float
) -> None:
    """Counted one place after the other; and beside the queue of the same scores without random places."""
    scores = np.random.default_rng(seed).random(len(arcs))
    plain, queue = (queued(arcs, scores, {1, 2}, seed=seed, audited=audited) for audited in (0.0, 0.3))
    turn = {draw.item: draw.ranked for draw in queue.draws if draw.item == draw.before}
    assert turn
    end, length = 0, 0.0
    while length < part * queue.border_mm - 1e-6:
        end += 1
        own = [item for n, item in enumerate(queue.items[:end]) if turn.get(n, 0) <= end]
        length = sum(item.length_mm for item in own)
    assert queue.first_part(part) == end
    wanted = [arc for item in plain.items[: plain.first_part(part)] for arc in item.arcs]
    shown = {arc.key for item in queue.items[:end] for arc in item.arcs}
    missing = sum(arc.length_mm for arc in wanted if arc.key not in shown)
    assert missing <= max(item.length_mm for item in plain.items)
    assert queued(arcs, scores, set(), seed=0).first_part(part) == 0
