"""Following of a queue: a place counts as moved where its own border moved, and only there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_dilation

from napari_boundaryseg.review.arcs.cutting import cut
from napari_boundaryseg.review.arcs.item import Item
from napari_boundaryseg.review.following import Followed

SPACING = (0.8, 1.2, 3.0)


def ball(radius_mm: float = 14.0, shape: tuple[int, int, int] = (48, 40, 12)) -> np.ndarray:
    """A ball of organ 2 in the middle, in voxels that are no cubes."""
    middle = (np.array(shape) - 1) / 2
    away = np.linalg.norm((np.moveaxis(np.indices(shape), 0, -1) - middle) * SPACING, axis=-1)
    return np.where(away < radius_mm, 2, 0).astype(np.uint8)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_nothing_has_moved_in_the_labels_that_were_cut(axis: int) -> None:
    labels = ball()
    followed = Followed([Item((arc,)) for arc in cut(labels, [2], SPACING, axis, 6.0)])
    assert followed.moved(labels) == frozenset()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 47), st.integers(0, 39), st.integers(2, 9), st.integers(3, 6))
def test_what_a_dab_did_not_come_near_has_not_moved(i: int, j: int, k: int, size: int) -> None:
    labels = ball()
    items = [Item((arc,)) for arc in cut(labels, [2], SPACING, 2, 6.0)]
    now = labels.copy()
    now[max(0, i - size) : i + size, max(0, j - size) : j + size, k] = 2
    changed = now != labels
    reach = binary_dilation(changed, np.ones((5, 5, 1)))
    moved = Followed(items).moved(now)
    for n, item in enumerate(items):
        at = np.rint(item.arcs[0].points).astype(int).T
        if n in moved:
            assert reach[tuple(at)].any(), "its own border is near what changed"


def test_an_organ_that_is_gone_moves_every_item_of_its_slice_and_comes_back() -> None:
    labels = ball()
    items = [Item((arc,)) for arc in cut(labels, [2], SPACING, 2, 6.0)]
    followed = Followed(items)
    now = labels.copy()
    now[:, :, 5] = 0
    on = {n for n, item in enumerate(items) if item.arcs[0].slice == 5}
    assert followed.moved(now) == on
    assert followed.moved(labels) == frozenset()


def test_another_organ_beside_it_moves_nothing() -> None:
    labels = ball()
    items = [Item((arc,)) for arc in cut(labels, [2], SPACING, 2, 6.0)]
    assert Followed(items).moved(np.where(labels == 0, 1, labels).astype(np.uint8)) == frozenset()
