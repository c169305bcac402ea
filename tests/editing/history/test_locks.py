"""Locked organs keep every voxel and gain none."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.editing.history.locks import Lock, Locks
from napari_boundaryseg.editing.history.protection import allowed
from napari_boundaryseg.errors import InputError

BOX = (slice(4, 6), slice(0, 1), slice(0, 4))
BEFORE = np.array([[[0, 1, 2, 2]], [[0, 1, 2, 2]]], np.uint8)
AFTER = np.array([[[1, 2, 1, 2]], [[1, 2, 1, 2]]], np.uint8)


@pytest.mark.parametrize(
    ("locks", "axis", "written", "n_protected"),
    [
        ((), 0, [[1, 2, 1, 2], [1, 2, 1, 2]], 0),
        ((Lock(1),), 0, [[0, 1, 2, 2], [0, 1, 2, 2]], 6),
        ((Lock(2),), 0, [[1, 1, 2, 2], [1, 1, 2, 2]], 4),
        ((Lock(2, 5),), 0, [[1, 2, 1, 2], [1, 1, 2, 2]], 2),
        ((Lock(None, 4),), 0, [[0, 1, 2, 2], [1, 2, 1, 2]], 3),
        ((Lock(None, 4), Lock(2)), 0, [[0, 1, 2, 2], [1, 1, 2, 2]], 5),
        ((Lock(None, 3), Lock(None, 6), Lock(7)), 0, [[1, 2, 1, 2], [1, 2, 1, 2]], 0),
        ((Lock(None, 2),), 2, [[1, 2, 2, 2], [1, 2, 2, 2]], 2),
    ],
)
def test_what_may_be_written(locks: tuple[Lock, ...], axis: int, written: list[list[int]], n_protected: int) -> None:
    found, count = allowed(BEFORE, AFTER, Locks.of(locks), BOX, axis)
    assert found[:, 0].tolist() == written
    assert found.dtype == np.uint8
    assert count == n_protected


def test_a_lock_less_frees_its_own_voxels_alone() -> None:
    locks = Locks.of([Lock(1), Lock(2, 5)])
    assert len(locks) == 2
    found, count = allowed(BEFORE, AFTER, locks.without(Lock(1)), BOX, 0)
    assert (found[:, 0].tolist(), count) == ([[1, 2, 1, 2], [1, 1, 2, 2]], 2)


@pytest.mark.parametrize(("organ", "slice"), [(None, None), (0, None), (1, -1)])
def test_a_lock_names_something(organ: int | None, slice: int | None) -> None:
    with pytest.raises(InputError):
        Lock(organ, slice)


def test_a_lock_says_what_it_is() -> None:
    assert [str(lock) for lock in (Lock(2), Lock(2, 41), Lock(None, 7))] == [
        "organ 2",
        "organ 2, slice 41",
        "all labels, slice 7",
    ]
