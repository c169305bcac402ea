"""Carrying corrections: what was drawn stays, the others move with it, far away nothing does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from napari_boundaryseg.editing.tools.propagate.carry import Carry

SPACING = (3.0, 1.0, 0.8)


def ball(shift: tuple[float, float] = (0.0, 0.0), grow: float = 0.0, shape=(15, 40, 44)) -> np.ndarray:
    z, y, x = np.meshgrid(
        *((np.arange(n) - (n - 1) / 2) * s for n, s in zip(shape, SPACING, strict=True)), indexing="ij"
    )
    return np.sqrt((z / 1.4) ** 2 + (y - shift[0]) ** 2 + (x - shift[1]) ** 2) < 12 + grow


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def test_what_was_drawn_is_what_is_proposed() -> None:
    rng = np.random.default_rng(0)
    carry = Carry(ball(), SPACING)
    drawn = {n: ball((2, 1))[n] ^ (rng.random((40, 44)) < 0.05) for n in (4, 5, 9)}
    for n, mask in drawn.items():
        carry.correct(n, mask)
    for n, mask in zip(drawn, carry.proposal(list(drawn)), strict=True):
        assert (mask == drawn[n]).all()


@pytest.mark.parametrize("wanted", [ball((3, 0)), ball((0, -3)), ball(grow=2.5), ball(grow=-2.5)])
def test_other_slices_move_as_the_corrected_ones_did(wanted: np.ndarray) -> None:
    start = ball()
    carry = Carry(start, SPACING)
    for n in (4, 7, 10):
        carry.correct(n, wanted[n])
    others = [n for n in range(15) if n not in (4, 7, 10)]
    found = carry.proposal(others)
    assert dice(found, wanted[others]) > 1 - 0.5 * (1 - dice(start[others], wanted[others]))


def test_a_correction_does_not_reach_far_along_the_slices() -> None:
    start = ball(shape=(41, 40, 44))
    carry = Carry(start, SPACING, length_mm=6.0)
    carry.correct(20, ball(grow=-5, shape=(41, 40, 44))[20])
    near, far = carry.proposal([21]), carry.proposal([20 + 10, 20 - 10])
    assert near.sum() < start[21].sum()
    assert (far == start[[30, 10]]).all()


def test_nothing_moves_where_nothing_was_corrected_or_all_was_right() -> None:
    start = ball()
    carry = Carry(start, SPACING)
    assert (carry.proposal(range(15)) == start).all()
    for n in (3, 6, 9, 12):
        carry.correct(n, start[n])
    assert (carry.proposal(range(15)) == start).all()


def test_one_that_is_forgotten_has_no_say() -> None:
    carry, other = Carry(ball(), SPACING), Carry(ball(), SPACING)
    for one in (carry, other):
        one.correct(5, ball((2, 2))[5])
    carry.correct(8, ball((-2, 0))[8])
    carry.forget(8)
    assert (carry.proposal(range(15)) == other.proposal(range(15))).all()
    assert carry.corrected == (5,)


def test_a_slice_corrected_twice_is_as_it_was_drawn_last() -> None:
    once, twice = Carry(ball(), SPACING), Carry(ball(), SPACING)
    twice.correct(7, ball(grow=5)[7])
    for one in (once, twice):
        one.correct(7, ball((1, 0))[7])
    assert (once.proposal(range(15)) == twice.proposal(range(15))).all()


def test_it_does_not_matter_which_slices_are_asked_for_together_nor_how_arrays_lie_in_memory() -> None:
    wanted, start = ball((2, -2)), ball()
    carry = Carry(start, SPACING)
    turned = Carry(np.asfortranarray(start[::-1])[::-1], SPACING)
    for n in (4, 11):
        carry.correct(n, wanted[n])
        turned.correct(n, np.asfortranarray(wanted[n]))
    whole = carry.proposal(range(15))
    assert all((carry.proposal([n])[0] == whole[n]).all() for n in range(15))
    assert (turned.proposal(range(15)) == whole).all()


def test_it_is_the_mean_of_a_gaussian_process_on_signed_distances() -> None:
    """Voxel by voxel, with the textbook's formula."""
    start, wanted, known, length = ball(), ball((2, 1)), [3, 8], 9.0
    carry = Carry(start, SPACING, length_mm=length, reach_mm=7.0)
    for n in known:
        carry.correct(n, wanted[n])

    def distance(mask: np.ndarray) -> np.ndarray:
        if not mask.any():
            return np.full(mask.shape, -14.0)
        sides = [distance_transform_edt(side, sampling=SPACING[1:]) - 0.4 for side in (mask, ~mask)]
        return np.clip(np.where(mask, sides[0], -sides[1]), -14, 14)

    gap = np.subtract.outer(known, known) * SPACING[0]
    inverse = np.linalg.inv(np.exp(-(gap**2) / (2 * length**2)) + 0.02 * np.eye(2))
    moved = np.array([np.clip(distance(wanted[n]) - distance(start[n]), -7, 7) for n in known])
    for n in (0, 2, 5, 6, 9, 13):
        row = np.exp(-((np.array(known) - n) ** 2) * SPACING[0] ** 2 / (2 * length**2)) @ inverse
        slow = distance(start[n]) + row[0] * moved[0] + row[1] * moved[1]
        decided = np.abs(slow) > 1e-4
        assert (carry.proposal([n])[0] == (slow > 0))[decided].all()


def test_the_slices_say_how_far_a_correction_reaches_once_they_are_enough() -> None:
    carry = Carry(ball(), SPACING, length_mm=7.0)
    same = ball(grow=2)
    for n in (5, 7, 9):
        carry.correct(n, same[n])
        assert carry.length_mm == 7.0
    carry.correct(8, same[8])
    assert carry.length_mm > 7.0, "what was the same on all of them reaches far"
    assert carry.unknown[8] < 0.05
    assert carry.unknown[0] > carry.unknown[4]


def test_what_ends_too_early_is_carried_on_beyond_its_end() -> None:
    wanted = ball(shape=(21, 40, 44), grow=3)
    start = ball(shape=(21, 40, 44))
    ends = [n for n in range(21) if wanted[n].any() and not start[n].any()]
    assert ends
    carry = Carry(start, SPACING)
    last = np.flatnonzero(start.any((1, 2)))
    for n in (last[0], last[-1], 10):
        carry.correct(int(n), wanted[n])
    found = carry.proposal(ends)
    assert dice(found, wanted[ends]) > 0.6
    far = [n for n in range(21) if not wanted[max(n - 1, 0) : n + 2].any()]
    assert not carry.proposal(far).any()


def test_an_empty_slice_lies_as_far_from_the_organ_as_its_nearest_slice() -> None:
    start = ball(shape=(21, 40, 44))
    start[8:12] = False  # a gap inside, too
    found = Carry(start, SPACING)._distance
    assert ((found > 0) == start).all()
    outside = distance_transform_edt(~start, sampling=SPACING)
    empty = ~start.any((1, 2))
    assert (-found[empty] <= np.minimum(outside, 24)[empty] + 5).all()
    assert (-found[empty]).min() == pytest.approx(SPACING[0] / 2)


def test_an_emptied_slice_or_one_drawn_where_nothing_was_moves_no_border() -> None:
    start = ball(shape=(21, 40, 44))
    there = np.flatnonzero(start.any((1, 2)))
    carry = Carry(start, SPACING)
    carry.correct(int(there[-1]), np.zeros((40, 44), bool))
    carry.correct(int(there[0]) - 1, start[there[0]])
    others = [int(n) for n in there[:-1]]
    assert (carry.proposal(others) == start[others]).all()
    assert carry.corrected == (there[0] - 1, there[-1])


def test_an_empty_slice_that_was_found_right_moves_no_border_elsewhere() -> None:
    start = np.zeros((8, 30, 30), bool)
    start[2:6, 8:22, 8:22] = True
    carry = Carry(start, (3.0, 1.0, 1.0))
    for n in (1, 6):
        carry.correct(n, start[n])
    np.testing.assert_array_equal(carry.proposal(range(8)), start)
    assert carry.corrected == (1, 6)


def test_slices_may_lie_anywhere_along_the_axis() -> None:
    """Some slices of a stack alone say the same of each other as in the stack."""
    rng = np.random.default_rng(0)
    start = np.stack([_disc(8 + 2 * np.sin(n)) for n in range(12)])
    known = [1, 4, 6, 10]
    drawn = {n: _disc(8 + rng.uniform(-2, 4)) for n in known}
    whole = Carry(start, SPACING_MM, 9.0)
    some = Carry(start[known], SPACING_MM, 9.0, places_mm=[n * SPACING_MM[0] for n in known])
    for place, n in enumerate(known[:3]):
        whole.correct(n, drawn[n])
        some.correct(place, drawn[n])
    assert (whole.proposal([10])[0] == some.proposal([3])[0]).all()
    np.testing.assert_allclose(whole.unknown[known], some.unknown)


def _disc(radius: float) -> np.ndarray:
    y, x = np.mgrid[:40, :40]
    return np.asarray((y - 20) ** 2 + (x - 20) ** 2 < radius**2)


SPACING_MM = (3.0, 1.0, 1.0)
