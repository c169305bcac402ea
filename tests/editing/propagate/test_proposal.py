"""Proposals kept up with a history: what is offered, what taking writes, what no proposal ever touches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_boundaryseg.editing.history.edit import CARRIED, CLEANED, MODEL
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.history.slice_work import touched_slices
from napari_boundaryseg.editing.tools.propagate.carry import Carry
from napari_boundaryseg.editing.tools.propagate.interpolate import interpolated
from napari_boundaryseg.editing.tools.propagate.proposal import Proposal
from napari_boundaryseg.editing.tools.propagate.ways import Way, best_way

SPACING = (3.0, 1.0, 1.0)
SHAPE = (13, 40, 40)
EVERYWHERE = (slice(0, 13), slice(0, 40), slice(0, 40))
Z, Y, X = np.ogrid[:13, :40, :40]


def disc(y: float = 20, x: float = 20, radius: float = 9) -> np.ndarray:
    return ((Y - y) ** 2 + (X - x) ** 2 < radius**2)[0]


def started(organ: np.ndarray | None = None) -> History:
    history = History(np.zeros(SHAPE, np.uint8))
    values = np.zeros(SHAPE, np.uint8)
    values[1:12] = disc() if organ is None else organ
    history.apply("Model", (slice(None),) * 3, values, MODEL)
    return history


def draw(history: History, n: int, mask: np.ndarray, axis: int = 0) -> None:
    part = [slice(None)] * 3
    part[axis] = slice(n, n + 1)
    box = (part[0], part[1], part[2])
    now = history.array[box]
    wide = np.expand_dims(mask, axis)
    history.apply("Paint", box, np.where(wide, 1, np.where(now == 1, 0, now)))


def test_nothing_is_offered_before_anything_is_corrected() -> None:
    proposal = Proposal(started(), 1, 0, SPACING)
    assert proposal.offered == ()
    assert proposal.labels_of(range(13)) is None
    assert proposal.next_to_correct() is None


def test_it_is_what_carrying_says_on_the_slices_that_nobody_touched() -> None:
    history = started()
    proposal = Proposal(history, 1, 0, SPACING)
    start = history.array == 1
    for n in (3, 9):
        draw(history, n, disc(22, 19))
    proposal.update()
    carry = Carry(start[1:12], SPACING)
    for n in (3, 9):
        carry.correct(n - 1, disc(22, 19))
    assert proposal.corrected == (3, 9)
    assert set(proposal.offered) <= set(range(1, 12)) - {3, 9}
    slow = carry.proposal(range(11))
    for n in proposal.offered:
        shown = np.zeros((40, 40), bool)
        shown[proposal.box[1:]] = proposal.found[n - proposal.box[0].start]
        assert (shown == slow[n - 1]).all()


def test_from_nothing_it_is_what_interpolating_says() -> None:
    history = History(np.zeros(SHAPE, np.uint8))
    proposal = Proposal(history, 1, 0, SPACING)
    draw(history, 2, disc(18, 20, 6))
    proposal.update()
    assert proposal.offered == ()
    draw(history, 8, disc(22, 20, 10))
    proposal.update()
    assert proposal.offered == (3, 4, 5, 6, 7)
    taken = proposal.labels_of(range(13))
    assert taken is not None
    history.apply("Interpolate", *taken, CARRIED)
    for n, mask in interpolated({2: disc(18, 20, 6), 8: disc(22, 20, 10)}, SPACING).items():
        assert ((history.array[n] == 1) == mask).all()


def test_taking_is_one_step_and_undo_brings_every_voxel_back() -> None:
    history = started()
    draw(history, 6, disc(20, 24))
    proposal = Proposal(history, 1, 0, SPACING)
    before, position = history.array.copy(), history.position
    taken = proposal.labels_of(range(13))
    assert taken is not None
    history.apply("Carry", *taken, CARRIED)
    assert history.position == position + 1
    proposal.update()
    assert proposal.offered == (), "what was taken is not offered again"
    assert proposal.corrected == (6,), "the slice between those that were taken is still the person's"
    history.undo()
    assert (history.array == before).all()
    proposal.update()
    assert proposal.offered


def test_a_slice_that_was_taken_and_then_drawn_on_is_a_new_support() -> None:
    history = started()
    draw(history, 6, disc(20, 24))
    proposal = Proposal(history, 1, 0, SPACING)
    taken = proposal.labels_of([7])
    assert taken is not None
    history.apply("Carry", *taken, CARRIED)
    draw(history, 7, disc(20, 15))
    proposal.update()
    assert proposal.corrected == (6, 7)
    assert 7 not in proposal.offered


def test_other_organs_keep_their_voxels() -> None:
    history = started()
    values = history.array.copy()
    values[:, :, 29:34] = 2
    history.apply("Model", (slice(None),) * 3, values, MODEL)
    draw(history, 6, disc(20, 24))
    proposal = Proposal(history, 1, 0, SPACING)
    taken = proposal.labels_of(range(13))
    assert taken is not None
    others = history.array == 2
    history.apply("Carry", *taken, CARRIED)
    assert ((history.array == 2) == others).all()
    assert (history.array == 1)[7].sum() != disc().sum()


def test_a_part_of_the_slices_can_be_taken() -> None:
    history = started()
    draw(history, 6, disc(20, 23))
    proposal = Proposal(history, 1, 0, SPACING)
    before = history.array.copy()
    taken = proposal.labels_of([7, 8])
    assert taken is not None
    history.apply("Carry", *taken, CARRIED)
    changed = np.flatnonzero((history.array != before).any((1, 2)))
    assert set(changed.tolist()) == {7, 8} & set(proposal.offered)
    assert proposal.labels_of([6]) is None


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_every_plane_is_alike(axis: int) -> None:
    """The same organ and strokes along another axis, with the voxels' sizes turned with them."""
    order = [axis, *(a for a in range(3) if a != axis)]
    back = np.argsort(order)
    straight = started()
    turned = History(np.zeros(np.array(SHAPE)[back], np.uint8))
    turned.apply("Model", (slice(None),) * 3, straight.array.transpose(back), MODEL)
    for n in (4, 9):
        draw(straight, n, disc(23, 18))
        draw(turned, n, disc(23, 18), axis)
    spacing = tuple(np.array(SPACING)[back])
    one, other = Proposal(straight, 1, 0, SPACING), Proposal(turned, 1, axis, spacing)
    assert one.offered == other.offered
    first, second = one.labels_of(range(13)), other.labels_of(range(13))
    assert first is not None
    assert second is not None
    straight.apply("Carry", *first, CARRIED)
    turned.apply("Carry", *second, CARRIED)
    assert (straight.array.transpose(back) == turned.array).all()


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_hands_and_locks_are_never_overwritten(data: st.DataObject) -> None:
    history = started()
    numbers = st.integers(1, 11)
    for _ in range(data.draw(st.integers(1, 4))):
        draw(history, data.draw(numbers), disc(*data.draw(st.tuples(st.integers(16, 24), st.integers(16, 24)))))
    if data.draw(st.booleans()):
        draw(history, 20, history.array[:, :, 20] * 0 == 1, axis=2)  # erased along a sagittal slice
    for _ in range(data.draw(st.integers(0, 2))):
        history.lock(Lock(data.draw(st.sampled_from([None, 1])), data.draw(numbers)))
    proposal = Proposal(history, 1, 0, SPACING)
    before = history.array.copy()
    taken = proposal.labels_of(range(13))
    kept = touched_slices(history, 1, 0) | {lock.slice for lock in history.locks if lock.slice is not None}
    if taken is not None:
        outcome = history.apply("Carry", *taken, CARRIED)
        assert outcome.n_protected == 0, "nothing is offered that a lock would refuse"
        changed = set(np.flatnonzero((history.array != before).any((1, 2))).tolist())
        assert changed == set(proposal.offered)
        assert not changed & kept


def test_the_next_slice_to_correct_is_far_from_those_that_are() -> None:
    history = started()
    proposal = Proposal(history, 1, 0, SPACING)
    draw(history, 2, disc(21, 20))
    proposal.update()
    assert proposal.next_to_correct() == 11
    draw(history, 11, disc(21, 20))
    proposal.update()
    assert proposal.next_to_correct() in (6, 7)


def test_on_demand_it_interpolates_between_drawn_slices_also_where_there_was_some_of_the_organ() -> None:
    history = started()
    proposal = Proposal(history, 1, 0, SPACING)
    draw(history, 4, disc(24, 24))
    draw(history, 8, disc(16, 16))
    proposal.update()
    carried = proposal.found.copy()
    proposal.choose(Way.INTERPOLATED)
    known = {n: history.array[n] == 1 for n in (4, 8)}
    box = proposal.box
    for n, mask in interpolated(known, SPACING).items():
        np.testing.assert_array_equal(proposal.found[n - box[0].start], mask[box[1:]])
    beyond = [n - box[0].start for n in (2, 3, 9, 10)]
    np.testing.assert_array_equal(proposal.found[beyond], carried[beyond])
    assert (proposal.found != carried).any()
    proposal.choose(Way.CARRIED)
    np.testing.assert_array_equal(proposal.found, carried)


def test_a_doubtful_border_is_to_be_corrected_first_also_beyond_the_end() -> None:
    history = started()
    proposal = Proposal(history, 1, 0, SPACING)
    draw(history, 2, disc(21, 20))
    proposal.update()
    doubtful = np.ones(len(history.array))
    assert proposal.next_to_correct(doubtful) == 12, "farthest away, one beyond the organ"
    doubtful[12] = 0.1
    assert proposal.next_to_correct(doubtful) == 11
    doubtful[7] = 5.0
    assert proposal.next_to_correct(doubtful) == 7


def test_what_was_corrected_and_put_back_is_no_correction_any_more() -> None:
    history = started()
    proposal = Proposal(history, 1, 0, SPACING)
    draw(history, 6, disc(20, 25))
    proposal.update()
    assert proposal.offered
    history.undo()
    proposal.update()
    assert proposal.offered == ()
    assert proposal.found.size == 0


def test_a_result_for_other_slices_gives_nothing_that_was_drawn_away() -> None:
    history = started()
    draw(history, 4, disc(22, 22))
    history.apply(
        "Model", (slice(10, 12), slice(0, 40), slice(0, 40)), np.stack([disc(20, 18)] * 2) * np.uint8(1), MODEL
    )
    draw(history, 6, disc(22, 20))
    proposal = Proposal(history, 1, 0, SPACING)
    assert proposal.corrected == (4, 6)
    assert 4 not in proposal.offered


def test_an_organ_that_is_accepted_does_not_keep_another_from_being_carried() -> None:
    history = started()
    draw(history, 6, disc(20, 24))
    offered = Proposal(history, 1, 0, SPACING).offered
    for n in range(13):
        history.lock(Lock(2, n))
    assert Proposal(history, 1, 0, SPACING).offered == offered


def test_what_is_locked_altogether_is_not_offered() -> None:
    history = started()
    draw(history, 6, disc(20, 24))
    history.lock(Lock(1))
    assert Proposal(history, 1, 0, SPACING).offered == ()


def test_carrying_across_another_plane_keeps_what_was_drawn_in_this_one() -> None:
    history = started()
    history.apply("Paint", (slice(6, 7), slice(12, 14), slice(28, 31)), np.ones((1, 2, 3), np.uint8))
    wider = history.array[:, 22] == 1
    wider[2:11, 27:34] = True
    draw(history, 22, wider, axis=1)
    proposal = Proposal(history, 1, 1, SPACING)
    assert proposal.offered
    before = history.array.copy()
    taken = proposal.labels_of(range(40))
    assert taken is not None
    history.apply("Carry", *taken, CARRIED)
    assert (history.array[6] == before[6]).all()
    assert (history.array[5] != before[5]).any()


def test_a_speck_of_a_start_elsewhere_does_not_stop_interpolation() -> None:
    history = History(np.zeros(SHAPE, np.uint8))
    history.apply("Model", (slice(1, 2), slice(3, 4), slice(3, 4)), np.ones((1, 1, 1), np.uint8), MODEL)
    for n in (4, 9):
        draw(history, n, disc())
    assert set(Proposal(history, 1, 0, SPACING).offered) == {5, 6, 7, 8}


def test_what_was_drawn_before_the_oldest_kept_step_is_still_the_persons() -> None:
    history = History(np.zeros(SHAPE, np.uint8), most_bytes=1)
    rng = np.random.default_rng(0)
    for n in (3, 5, 9):
        history.apply(
            "Paint", (slice(n, n + 1), slice(0, 40), slice(0, 40)), disc()[None] & (rng.random((1, 40, 40)) < 0.9)
        )
    assert history.first == 2
    proposal = Proposal(history, 1, 0, SPACING)
    assert proposal.corrected == (3, 5, 9)
    assert not {3, 5, 9} & set(proposal.offered)


def test_kept_up_with_a_history_it_is_what_a_new_one_says() -> None:
    history = started()
    kept = Proposal(history, 1, 0, SPACING)
    rng = np.random.default_rng(1)
    for _ in range(25):
        choice = rng.integers(6)
        if choice < 3:
            draw(history, int(rng.integers(0, 13)), disc(*rng.uniform(15, 25, 2), radius=rng.uniform(4, 12)))
        elif choice == 3:
            history.undo()
        elif choice == 4:
            history.redo()
        else:
            taken = kept.labels_of(kept.offered[:2])
            if taken is not None:
                history.apply("Carry", *taken, CARRIED)
        kept.update()
        fresh = Proposal(history, 1, 0, SPACING)
        assert (kept.box, kept.corrected, kept.offered) == (fresh.box, fresh.corrected, fresh.offered)
        assert (kept.found == fresh.found).all()


def adapting(history: History, drawn: tuple[int, ...] = (3, 9)) -> tuple[Proposal, np.ndarray]:
    """A proposal after some slices were drawn, and what an adapted model finds: nearly what was drawn."""
    for n in drawn:
        draw(history, n, disc(24, 24))
    found = np.zeros(SHAPE, bool)
    found[1:12] = disc(23, 24)
    return Proposal(history, 1, 0, SPACING), found


def test_what_an_adapted_model_finds_is_offered_and_may_be_carried_on() -> None:
    proposal, found = adapting(started())
    before = proposal.found.copy()
    assert proposal.ways == (Way.CARRIED, Way.INTERPOLATED)
    proposal.adapt(found, EVERYWHERE)
    assert proposal.ways == tuple(Way)
    np.testing.assert_array_equal(proposal.found, before, "nothing is shown before it is chosen")
    proposal.choose(Way.ADAPTED)
    first, others = proposal.box[0].start, [1, 2, 4, 5, 6, 7, 8, 10, 11]
    assert proposal.offered == tuple(others)
    for n in others:
        np.testing.assert_array_equal(proposal.found[n - first], disc(23, 24)[proposal.box[1:]])
    for n in (3, 9):
        np.testing.assert_array_equal(proposal.found[n - first], disc(24, 24)[proposal.box[1:]])
    proposal.choose(Way.BOTH)
    carry = Carry(found[1:12], SPACING)
    for n in (3, 9):
        carry.correct(n - 1, disc(24, 24))
    for n in others:
        np.testing.assert_array_equal(proposal.found[n - first], carry.proposal([n - 1])[0][proposal.box[1:]])
    proposal.choose(Way.NOTHING)
    assert proposal.offered == ()
    proposal.choose(Way.CARRIED)
    np.testing.assert_array_equal(proposal.found, before)
    assert proposal.next_to_correct() is not None


def test_locks_and_other_organs_are_spared_whichever_way() -> None:
    history = started()
    values = history.array.copy()
    values[:, :, 33:36] = 2
    history.apply("Model", (slice(None),) * 3, values, MODEL)
    proposal, found = adapting(history)
    found[:, :, 30:36] = True
    history.lock(Lock(1, 5))
    proposal.adapt(found, EVERYWHERE)
    before = history.array.copy()
    for way in Way:
        proposal.choose(way)
        taken = proposal.labels_of(range(13))
        if taken is None:
            assert way is Way.NOTHING
            continue
        position = history.position
        history.apply("Take", *taken, CARRIED)
        assert ((history.array == 2) == (before == 2)).all()
        np.testing.assert_array_equal(history.array[[3, 5, 9]], before[[3, 5, 9]])
        while history.position > position:
            history.undo()
        np.testing.assert_array_equal(history.array, before)
        proposal.update()


def test_slices_that_are_left_out_judge_the_ways() -> None:
    proposal = adapting(started(), (3, 6, 9))[0]
    held = np.zeros(SHAPE, bool)
    held[1:12] = disc(24, 24)
    assert proposal.agreements({}, (3, 6, 9), 1.0) == {}
    scores = proposal.agreements(dict.fromkeys((3, 6, 9), held), (3, 6, 9), 1.0)
    assert scores[Way.ADAPTED] == scores[Way.BOTH] == 1.0
    assert scores[Way.NOTHING] < scores[Way.CARRIED] <= 1.0
    worse = np.zeros(SHAPE, bool)
    worse[1:12] = disc(12, 12)
    scores = proposal.agreements(dict.fromkeys((3, 6, 9), worse), (3, 6, 9), 1.0)
    assert scores[Way.ADAPTED] < scores[Way.CARRIED]
    assert scores[Way.ADAPTED] < scores[Way.BOTH], "its error is the same on each slice"
    assert best_way(scores) is Way.CARRIED


def test_a_slice_that_was_corrected_later_has_no_say_in_what_was_foretold() -> None:
    proposal = adapting(started(), (3, 6, 9))[0]
    held = np.zeros(SHAPE, bool)
    held[[3, 6, 9]] = disc(24, 23)  # what is filled of it
    before = proposal.agreements(dict.fromkeys((3, 6, 9), held), (3, 6, 9), 1.0)
    draw(proposal.history, 7, disc(20, 20, 4))
    proposal.update()
    assert proposal.corrected == (3, 6, 7, 9)
    assert proposal.agreements(dict.fromkeys((3, 6, 9), held), (3, 6, 9), 1.0) == before
    proposal.history.undo()
    proposal.history.undo()
    proposal.update()
    assert set(proposal.agreements(dict.fromkeys((3, 6, 9), held), (3, 6, 9), 1.0)) == set(before)


def test_outside_its_box_an_adapted_model_says_nothing() -> None:
    history = started()
    proposal, found = adapting(history)
    found[:] = False
    box = (slice(0, 13), slice(0, 40), slice(0, 22))
    proposal.adapt(found, box)
    for way in (Way.ADAPTED, Way.BOTH):
        proposal.choose(way)
        taken = proposal.labels_of(range(13))
        assert taken is not None
        there = history.array.copy()
        there[taken[0]] = taken[1]
        if way is Way.ADAPTED:
            assert not (there[5, :, :22] == 1).any(), "in the box the organ is gone"
            np.testing.assert_array_equal(there[5, :, 22:], history.array[5, :, 22:])
        else:
            assert (there[5, :, 22:] == 1).any(), "outside the corrections are carried"
    values = history.array.copy()
    values[5, :, 24:] = 0
    history.apply("Clean up", (slice(None),) * 3, values, CLEANED)
    proposal.choose(Way.ADAPTED)
    proposal.update()
    taken = proposal.labels_of(range(13))
    assert taken is not None
    there = history.array.copy()
    there[taken[0]] = taken[1]
    assert not (there[5, :, 24:] == 1).any(), "what was cleaned up there does not come back"


@pytest.mark.parametrize("way", [Way.CARRIED, Way.BOTH])
def test_nothing_is_carried_beyond_an_end_that_was_drawn(way: Way) -> None:
    values = np.zeros(SHAPE, np.uint8)
    values[5:9] = disc(radius=5)
    history = History(np.zeros(SHAPE, np.uint8))
    history.apply("Model", (slice(None),) * 3, values, MODEL)
    found = np.zeros(SHAPE, bool)
    found[5:9] = disc(radius=5)
    draw(history, 6, disc(radius=15))
    proposal = Proposal(history, 1, 0, SPACING)
    proposal.adapt(found, EVERYWHERE)
    proposal.choose(way)
    assert {3, 4} & set(proposal.offered), "the organ grows: it may go on"
    draw(history, 4, disc(radius=6))
    proposal.update()
    assert not set(range(4)) & set(proposal.offered), "a person drew the end"
    draw(history, 10, np.zeros((40, 40), bool))
    history.lock(Lock(1, 9))
    proposal.update()
    assert not set(range(9, 13)) & set(proposal.offered), "or accepted that there is none"


def test_it_tells_which_organs_are_in_the_way() -> None:
    history = started()
    values = history.array.copy()
    values[5, :, 31:36] = 2
    history.apply("Model", (slice(None),) * 3, values, MODEL)
    draw(history, 3, disc(20, 24))
    proposal = Proposal(history, 1, 0, SPACING)
    assert {4, 5, 6} <= set(proposal.offered)
    assert proposal.spared([5]) == [2]
    assert proposal.spared([4, 6]) == []
    assert proposal.spared(proposal.offered) == [2]
    assert proposal.spared([]) == []
    assert proposal.spared(range(-40, 80)) == [2], "what is not proposed for is not asked about"
