"""What tools write, as steps of a history with locks."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.tools.scene import Written


def with_locks(labels: np.ndarray, rng: np.random.Generator) -> History:
    """Labels of which an organ, an organ on some slices (as accepting leaves it) and a whole slice may be locked."""
    history = History(labels.copy())
    n, organs = len(labels), [int(one) for one in np.unique(labels) if one]
    if rng.random() < 0.5:
        history.lock(Lock(int(rng.choice(organs))))
    for _ in range(int(rng.integers(1, 5))):
        history.lock(Lock(int(rng.choice(organs)), int(rng.integers(n))))
    if rng.random() < 0.5:
        history.lock(Lock(None, int(rng.integers(n))))
    return history


def held(history: History, before: np.ndarray) -> tuple[np.ndarray, list[tuple[int, np.ndarray]]]:
    """Voxels that no step may change, and for each locked organ where none of it may appear."""
    kept, closed = np.zeros(before.shape, bool), []
    for lock in history.locks:
        where = np.zeros(before.shape, bool)
        where[slice(None) if lock.slice is None else lock.slice] = True
        kept |= where if lock.organ is None else where & (before == lock.organ)
        if lock.organ is not None:
            closed.append((lock.organ, where & (before != lock.organ)))
    return kept, closed


def check_step(labels: np.ndarray, written: Written, rng: np.random.Generator) -> bool:
    """Make a step of it: what is locked stays, undo brings every voxel back, and redo the step; whether it changed."""
    history = with_locks(labels, rng)
    before, position = history.array.copy(), history.position
    kept, closed = held(history, before)
    history.apply("Tool", written.box, written.labels)
    after = history.array.copy()
    np.testing.assert_array_equal(after[kept], before[kept])
    for organ, where in closed:
        assert not (after[where] == organ).any()
    free = ~kept
    for organ, where in closed:
        wanted = np.zeros(before.shape, labels.dtype)
        wanted[written.box] = written.labels
        free &= ~(where & (wanted == organ))
    inside = np.zeros(before.shape, bool)
    inside[written.box] = True
    np.testing.assert_array_equal(after[inside & free], np.asarray(written.labels)[free[written.box]])
    np.testing.assert_array_equal(after[~inside], before[~inside])
    if history.position == position:
        return False
    history.undo()
    np.testing.assert_array_equal(history.array, before)
    history.redo()
    np.testing.assert_array_equal(history.array, after)
    return True
