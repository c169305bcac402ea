"""The estimate of what is still wrong: exact intervals, and the truth of a made border over many queues."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from napari_boundaryseg.review.arcs.arc import Arc
from napari_boundaryseg.review.arcs.audit import audited, pooled
from napari_boundaryseg.review.arcs.binomial import clopper_pearson
from napari_boundaryseg.review.arcs.item import Item
from napari_boundaryseg.review.arcs.queue import Draw, Queue
from napari_boundaryseg.review.arcs.queuing import queued


@given(st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_that_of_scipys_exact_binomial_test(counts: tuple[int, int]) -> None:
    k, n = counts
    if n == 0:
        assert clopper_pearson(k, n) == (0.0, 1.0)
        return
    wanted = binomtest(k, n).proportion_ci(0.95, "exact")
    assert clopper_pearson(k, n) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


def made(n: int, seed: int) -> tuple[list[Arc], np.ndarray, np.ndarray]:
    """Arcs far apart, longer ones more often wrong; and a score that knows something of it."""
    rng = np.random.default_rng(seed)
    points = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 2.0, 0.0]])
    lengths = rng.uniform(2, 10, n)
    wrong = rng.random(n) < lengths / 25
    arcs = [
        Arc(1, 2, 5 * k, points + np.array((0, 0, 5 * k)), (1.0, 1.0, 1.0), float(mm)) for k, mm in enumerate(lengths)
    ]
    return arcs, wrong, wrong + rng.normal(size=n)


def test_over_many_queues_the_interval_holds_the_truth_and_the_estimate_is_not_biased() -> None:
    """A person stops after a third of the items; what is estimated is the part of the rest's length that is wrong."""
    held, differences = [], []
    for seed in range(300):
        arcs, wrong, scores = made(300, seed)
        is_wrong = {arc.key: bool(one) for arc, one in zip(arcs, wrong, strict=True)}
        queue = queued(arcs, scores, {1}, seed=seed, audited=0.3)
        shown = len(queue.items) // 3
        answers = {n: is_wrong[queue.items[n].arcs[0].key] for n in range(shown)}
        found = audited(queue, answers)
        random_ones = {draw.item for draw in queue.draws if draw.before < shown <= draw.ranked}
        ranked = {queue.items[n].arcs[0].key for n in range(shown) if n not in random_ones}
        rest = [(arc.length_mm, bad) for arc, bad in zip(arcs, wrong, strict=True) if arc.key not in ranked]
        truth = sum(mm for mm, bad in rest if bad) / sum(mm for mm, _ in rest)
        assert found.share is not None
        held.append(found.low <= truth <= found.high)
        differences.append(found.share - truth)
        assert found.skipped == 0
    assert np.mean(held) >= 0.94
    assert abs(np.mean(differences)) < 2.5 * np.std(differences) / np.sqrt(len(differences))


def queue_of(n: int, *draws: Draw) -> Queue:
    points = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    items = tuple(Item((Arc(1, 2, k, points + np.array((0, 0, k)), (1.0, 1.0, 1.0), 1.0),)) for k in range(n))
    return Queue(items, (), draws, float(n))


def test_places_that_were_shown_for_their_score_say_nothing_of_the_others() -> None:
    """The first is also ranked second; the next one comes for its score at the end; the third was not reached."""
    queue = queue_of(9, Draw(0, 0, 1), Draw(3, 3, 8), Draw(6, 6, 7))
    found = audited(queue, {n: n in (0, 3) for n in range(5)})
    assert (found.drawn, found.wrong, found.share) == (1, 1, 1.0)
    assert (found.low, found.high) == pytest.approx((0.025, 1.0))


def test_a_place_that_is_drawn_twice_counts_twice() -> None:
    queue = queue_of(9, Draw(0, 0, 8), Draw(2, 0, 8), Draw(3, 3, 8))
    found = audited(queue, dict.fromkeys(range(4), False) | {3: True})
    assert (found.drawn, found.wrong) == (3, 1)


def test_a_place_that_was_passed_over_widens_the_interval_at_both_ends() -> None:
    queue = queue_of(9, Draw(0, 0, 8), Draw(1, 1, 8), Draw(2, 2, 8))
    found = audited(queue, {1: True, 2: False, 3: False})
    assert (found.drawn, found.wrong, found.skipped, found.share) == (3, 1, 1, 0.5)
    assert found.low == pytest.approx(clopper_pearson(1, 3)[0])
    assert found.high == pytest.approx(clopper_pearson(2, 3)[1])


def test_before_the_first_random_place_nothing_is_known() -> None:
    found = audited(queue_of(5, Draw(2, 2, 4)), {0: True})
    assert (found.drawn, found.share, found.low, found.high) == (0, None, 0.0, 1.0)
    assert "nothing is known" in found.text()
    assert audited(queue_of(5), {}).share is None


def test_the_audits_of_several_scans_are_one() -> None:
    queue = queue_of(9, *(Draw(n, n, 8) for n in range(8)))
    first, second = (audited(queue, {n: n == bad for n in range(8) if n != gone}) for bad, gone in ((0, 9), (3, 5)))
    both = pooled([first, second])
    assert (both.drawn, both.wrong, both.skipped, both.share) == (16, 2, 1, 2 / 15)
    assert both.low == pytest.approx(binomtest(2, 16).proportion_ci(0.95, "exact").low)
    assert both.high == pytest.approx(binomtest(3, 16).proportion_ci(0.95, "exact").high)
    assert pooled([]).share is None


def test_the_words_hold_the_figures() -> None:
    queue = queue_of(9, *(Draw(n, n, 8) for n in range(8)))
    words = audited(queue, {n: n == 0 for n in range(8)}).text()
    low, high = binomtest(1, 8).proportion_ci(0.95, "exact")
    assert f"12 % is wrong ({100 * low:.0f} to {100 * high:.0f} %, from 8 random places)" in words
