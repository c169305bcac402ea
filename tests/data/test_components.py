"""Specks and holes: the toy case of the specification, and what must stay."""

import numpy as np
import pytest

from napari_boundaryseg.data.components import fill_enclosed, largest_components, organ_boxes


@pytest.fixture
def toy() -> np.ndarray:
    """Organ 1 with a hole and a speck of organ 2 in it, organ 2 below it, a speck of organ 1 beside it."""
    labels = np.zeros((12, 12), np.uint8)
    labels[1:8, 1:8] = 1
    labels[3, 3], labels[5, 5] = 2, 0
    labels[9:12, 6:12] = 2
    labels[10, 1] = 1
    return labels


def cleaned(labels: np.ndarray) -> np.ndarray:
    """As the HMEDN recipe asks for it: specks below a tenth, then what an organ encloses."""
    return fill_enclosed(largest_components(labels, 0.1))


def test_the_toy_of_the_specification(toy: np.ndarray) -> None:
    before = toy.copy()
    after = cleaned(toy)
    assert np.bincount(toy.ravel()).tolist() == [77, 48, 19]
    assert np.bincount(after.ravel()).tolist() == [77, 49, 18]
    assert (after[3, 3], after[5, 5], after[10, 1]) == (1, 1, 0)
    assert (after[9:12, 6:12] == 2).all()
    assert after.dtype == np.uint8
    assert (toy == before).all(), "the labels that were given are not changed"


def test_nested_structures_are_not_filled(toy: np.ndarray) -> None:
    after = largest_components(toy, 0.1)
    assert (after[3, 3], after[5, 5], after[10, 1]) == (0, 0, 0)


@pytest.mark.parametrize("shape", [(14, 9), (9, 14, 6)])
@pytest.mark.parametrize("integers", [(), (1,), (3, 300), (1, 2, 5, 9)])
def test_every_organ_that_occurs_has_its_box(shape: tuple[int, ...], integers: tuple[int, ...]) -> None:
    rng = np.random.default_rng(len(integers))
    labels = np.zeros(shape, np.uint16)
    for n in integers:
        labels[tuple(rng.integers(2, size, 3) for size in shape)] = n
    at = {int(n): np.nonzero(labels == n) for n in np.unique(labels) if n}
    expected = [(n, tuple(slice(each.min(), each.max() + 1) for each in where)) for n, where in at.items()]
    assert organ_boxes(labels) == organ_boxes(np.asfortranarray(labels)) == expected


def test_a_large_second_component_stays() -> None:
    labels = np.zeros((20, 10, 10), np.uint16)
    labels[1:9, 2:8, 2:8] = 300
    labels[12:14, 2:8, 2:8] = 300  # a quarter of the first
    assert (cleaned(labels) == labels).all()
    assert (largest_components(labels, 0.3)[12:14] == 0).all()
    assert (largest_components(labels)[1:9] == labels[1:9]).all()


def test_of_equal_components_one_stays() -> None:
    labels = np.array([[1, 1, 0, 1, 1]])
    assert largest_components(labels).tolist() == [[1, 1, 0, 0, 0]]


def test_voxels_that_touch_by_an_edge_only_are_apart() -> None:
    labels = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]])
    assert largest_components(labels)[2, 2] == 0


def test_an_organ_inside_another_keeps_its_largest_part() -> None:
    labels = np.zeros((14, 14, 14), np.uint8)
    labels[1:13, 1:13, 1:13] = 1
    labels[4:8, 4:8, 4:8] = 2
    labels[10, 10, 10] = 2
    after = fill_enclosed(labels)
    assert (after[4:8, 4:8, 4:8] == 2).all()
    assert after[10, 10, 10] == 1


def test_a_hole_that_is_open_to_the_border_is_none() -> None:
    labels = np.ones((6, 6), int)
    labels[0:3, 2] = 0
    labels[4, 4] = 0
    after = fill_enclosed(labels)
    assert (after[0:3, 2] == 0).all()
    assert after[4, 4] == 1


def ring(shape: tuple[int, int, int]) -> np.ndarray:
    labels = np.zeros(shape, np.uint8)
    labels[:, 2:9, 2:9] = 1
    return labels


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(
    ("slices", "hole"),
    [(1, slice(0, 1)), (6, slice(0, 1)), (6, slice(5, 6)), (6, slice(0, 3)), (6, slice(0, 6))],
    ids=["one slice", "first", "last", "three", "through all"],
)
def test_a_hole_that_the_scans_end_cuts_is_one(slices: int, hole: slice, axis: int) -> None:
    whole = ring((slices, 11, 12))
    holed = whole.copy()
    holed[hole, 4:6, 5:8] = 0
    after = fill_enclosed(holed.swapaxes(0, axis)).swapaxes(0, axis)
    np.testing.assert_array_equal(after, whole)


def test_a_dent_and_a_hole_to_the_side_at_the_scans_end_stay() -> None:
    labels = ring((6, 11, 12))
    labels[0, 4:6, :5] = 0  # open to the side within the end slice
    inner = np.zeros((8, 11, 12), np.uint8)
    inner[1:7] = ring((6, 11, 12))
    inner[1, 4:6, 5:8] = 0  # a dent in the organ's own end, which the scan shows
    np.testing.assert_array_equal(fill_enclosed(labels), labels)
    np.testing.assert_array_equal(fill_enclosed(inner), inner)


def test_nothing_is_made_of_nothing() -> None:
    assert not cleaned(np.zeros((4, 4, 4), np.uint8)).any()
