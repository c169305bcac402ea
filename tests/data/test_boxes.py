"""A box is three slices or pairs; open ends are the scan's; what is no box gets a sentence."""

import numpy as np
import pytest

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import given
from napari_boundaryseg.errors import InputError

SHAPE = (21, 18, 20)
PART = (slice(2, 12), slice(4, 18), slice(0, 20))


@pytest.mark.parametrize(
    "box",
    [
        PART,
        (slice(2, 12), slice(4, None), slice(None)),
        (slice(2, 12, 1), slice(4, 400), slice(-3, None)),
        ((2, 12), (4, None), (None, None)),
        [[2, 12], [4, 18], [0, 20]],
        np.array([[2, 12], [4, 18], [0, 20]]),
        (slice(np.int64(2), np.int64(12)), (4, 18), slice(20)),
    ],
)
def test_every_way_to_write_a_box(box):
    found = given(box, SHAPE)
    assert found == PART
    assert all(type(end) is int for part in found for end in (part.start, part.stop))


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((slice(0, 5), slice(0, 5)), "is no box. Give a slice or a pair"),
        ((slice(0, 5),) * 4, "is no box"),
        (5, "box: 5 is no box"),
        ("2:5", "is no box"),
        ((1, 2, 3), "is no box"),
        (((0, 5, 1),) * 3, "is no box"),
        (((0.5, 5.0),) * 3, "is no box"),
        ((None, None, None), "is no box"),
        ((slice(0, 20, 2), slice(None), slice(None)), "its step is 2. Leave out the step"),
        ((slice(50, 60),) * 3, "it lies outside the scan"),
        ((slice(5, 5),) * 3, "it lies outside the scan"),
        ((slice(-9, -2),) * 3, "it lies outside the scan"),
    ],
)
def test_what_is_no_box_is_refused(box, words):
    with pytest.raises(InputError) as caught:
        given(box, SHAPE)
    assert words in str(caught.value)


def random_masks(count: int = 30) -> list[np.ndarray]:
    """Masks of a few voxels each, some at the border."""
    rng = np.random.default_rng(0)
    masks = []
    for n in range(count):
        mask = np.zeros((7, 9, 11), bool)
        for _ in range(1 + n % 3):
            mask[tuple(rng.integers(0, mask.shape))] = True
        masks.append(mask)
    return masks


def inside(box, shape) -> np.ndarray:
    """The voxels of a box, as a mask."""
    mask = np.zeros(shape, bool)
    mask[box] = True
    return mask


def distance_to_box_mm(box, shape, spacing) -> np.ndarray:
    """How far each voxel lies from a box along its worst axis, in mm, by brute force."""
    far = np.zeros(shape)
    for axis, (part, mm) in enumerate(zip(box, spacing)):
        at = np.arange(shape[axis])
        apart = np.maximum.reduce([part.start - at, at - (part.stop - 1), np.zeros(len(at), int)]) * mm
        far = np.maximum(far, apart.reshape([-1 if a == axis else 1 for a in range(3)]))
    return far


@pytest.mark.parametrize("margin", [0.0, 1.0, 2.5, 3.0, 100.0])
def test_a_box_around_a_mask_is_the_smallest_with_its_margin(margin):
    spacing = (1.0, 0.5, 3.0)
    for mask in random_masks():
        tight = tuple(slice(int(at.min()), int(at.max()) + 1) for at in np.nonzero(mask))
        assert boxes.around(mask, spacing) == boxes.changed(np.zeros_like(mask), mask) == tight
        found = boxes.around(mask, spacing, margin)
        # a voxel is in it where a whole voxel's step towards the mask comes within the margin
        reach = [np.ceil(margin / mm - 1e-6) * mm for mm in spacing]
        expected = np.ones(mask.shape, bool)
        for axis in range(3):
            near = np.minimum.reduce(
                [np.abs(np.arange(mask.shape[axis]) - at) * spacing[axis] for at in np.nonzero(mask)[axis]]
                + [np.where(inside(tight, mask.shape).any(tuple({0, 1, 2} - {axis})), 0.0, 1e9)]
            )
            expected &= (near <= reach[axis] + 1e-9).reshape([-1 if a == axis else 1 for a in range(3)])
        assert (inside(found, mask.shape) == expected).all()


@pytest.mark.parametrize("more", [0, 1, (2, 0, 30)])
def test_bounds_are_the_box_with_so_many_voxels_more_in_any_dimension(more):
    for mask in random_masks():
        for seen in (mask, mask.T, mask.any(axis=2), mask.any(axis=(1, 2))):
            margins = np.broadcast_to(more if np.ndim(more) == 0 else more[: seen.ndim], seen.ndim)
            assert boxes.bounds(seen, margins.tolist()) == tuple(
                slice(max(0, at.min() - margin), min(n, at.max() + 1 + margin))
                for at, margin, n in zip(np.nonzero(seen), margins, seen.shape)
            )


def test_nothing_has_no_box():
    nothing = np.zeros((3, 4, 5), bool)
    assert boxes.bounds(nothing, 1) is None
    assert boxes.around(nothing, (1.0, 1.0, 1.0)) is None
    assert boxes.changed(nothing, nothing) is None
    assert boxes.union([]) is None
    with pytest.raises(ValueError, match="empty"):
        boxes.loosely_around(nothing, (1.0, 1.0, 1.0), (0.0, 1.0), np.random.default_rng(0))


def test_a_loose_box_keeps_to_its_margins_and_to_the_array():
    rng, spacing = np.random.default_rng(1), (1.0, 0.5, 3.0)
    seen = set()
    for mask in random_masks():
        tight = boxes.around(mask, spacing)
        loose = boxes.loosely_around(mask, spacing, [(1.0, 4.0)] * 3, rng)
        for part, held, n, mm in zip(loose, tight, mask.shape, spacing):
            for more, room in ((held.start - part.start, held.start), (part.stop - held.stop, n - held.stop)):
                assert min(np.ceil(1.0 / mm), room) <= more <= min(np.ceil(4.0 / mm), room)
                seen.add(more)
    assert len(seen) > 3  # the margins are drawn


def test_where_no_margin_is_demanded_a_box_may_end_with_the_organ():
    mask = np.zeros((9, 9, 9), bool)
    mask[4, 4, 4] = True
    rng, seen = np.random.default_rng(0), set()
    for _ in range(60):
        part = boxes.loosely_around(mask, (1.0, 1.0, 1.0), [(1.0, 1.5), (1.0, 1.5), (0.0, 3.0)], rng)[2]
        seen |= {4 - part.start, part.stop - 5}
    assert seen == {0, 1, 2}


def test_a_box_that_was_counted_from_another_ones_corner():
    whole = np.arange(7 * 9 * 11).reshape(7, 9, 11)
    origin, box = (slice(1, 6), slice(3, 9), slice(2, 10)), (slice(2, 4), slice(1, 5), slice(3, 8))
    assert (whole[boxes.shifted(box, origin)] == whole[origin][box]).all()


def test_a_union_holds_both_and_no_more():
    one, two = (slice(1, 3), slice(4, 6), slice(0, 2)), (slice(2, 5), slice(1, 5), slice(7, 9))
    both = inside(one, SHAPE) | inside(two, SHAPE)
    assert boxes.union([one, two]) == boxes.around(both, (1.0, 1.0, 1.0))
    assert boxes.union([one]) == one


@pytest.mark.parametrize("by", [0, 1, 3, 30])
def test_a_grown_box_has_the_voxels_within_reach(by):
    box = (slice(2, 5), slice(0, 4), slice(17, 20))
    grown = boxes.grown(box, SHAPE, by)
    assert (inside(grown, SHAPE) == (distance_to_box_mm(box, SHAPE, (1, 1, 1)) <= by)).all()
    assert boxes.grown(box, SHAPE) == boxes.grown(box, SHAPE, 1)


@pytest.mark.parametrize(
    "box", [None, (slice(None),) * 3, (slice(-3, None), slice(5, 99), slice(None, -1)), (slice(6, 2),) * 3]
)
def test_a_clipped_box_takes_what_numpy_takes(box):
    whole = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    found = boxes.clipped(box, SHAPE)
    assert np.array_equal(whole[found], whole if box is None else whole[box])
    assert all(0 <= part.start <= part.stop <= n for part, n in zip(found, SHAPE))


def test_a_drawn_box_lies_in_the_scan_or_is_refused_with_what_fits():
    assert boxes.drawn((slice(None, 5), slice(4, None), slice(None)), SHAPE, "scan") == (
        slice(0, 5),
        slice(4, 18),
        slice(0, 20),
    )
    for part in (slice(0, 22), slice(-1, 5), slice(5, 5), slice(6, 2)):
        with pytest.raises(InputError) as caught:
            boxes.drawn((part, slice(None), slice(None)), SHAPE, "scan")
        assert "within 0:21,0:18,0:20" in str(caught.value)
        assert f"{part.start}:{part.stop},0:18,0:20" in str(caught.value)


def test_pairs_and_boxes_are_the_same_both_ways():
    assert boxes.from_pairs(boxes.as_pairs(PART)) == PART
    assert boxes.as_pairs(PART) == [[2, 12], [4, 18], [0, 20]]


def test_the_size_of_a_box_is_in_mm():
    assert boxes.size_text(PART, (1.0, 0.5, 4.0)) == "10 × 7 × 80 mm"
