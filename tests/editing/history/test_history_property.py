"""Random sequences: every voxel comes back, and none changes while it is locked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Lock, Locks

SHAPE = (3, 3, 3)
State = tuple[np.ndarray, Locks]

boxes = st.tuples(
    *[st.tuples(st.integers(0, n - 1), st.integers(1, n)).map(lambda ends: slice(ends[0], max(ends))) for n in SHAPE]
)
locks = st.sampled_from([Lock(1), Lock(2), Lock(1, 0), Lock(2, 1), Lock(None, 0), Lock(None, 1)])
operations = st.one_of(
    st.tuples(st.sampled_from(["draw", "draw", "apply", "draw and undo"]), boxes, st.integers(0, 3)),
    st.tuples(st.sampled_from(["lock", "unlock"]), locks),
    st.tuples(st.sampled_from(["undo", "undo", "redo"])),
    st.tuples(st.just("go to"), st.floats(0, 1)),
)
sequences = st.lists(operations, max_size=25)


def is_locked(held: Locks, z: int, now: int, then: int) -> bool:
    """The rule, voxel by voxel, written another way."""
    return any(lock.slice in (None, z) and lock.organ in (None, now, then) for lock in held)


def written(state: State, box: Any, label: int) -> np.ndarray:
    """The labels after painting a box, voxel by voxel."""
    before, held = state
    after = before.copy()
    for z, y, x in np.ndindex(SHAPE):
        inside = all(part.start <= at < part.stop for part, at in zip(box, (z, y, x)))
        if inside and not is_locked(held, z, int(before[z, y, x]), label):
            after[z, y, x] = label
    return after


class Model:
    """Every state since the start as whole arrays: what a history must agree with."""

    def __init__(self) -> None:
        self.states: list[State] = [(np.zeros(SHAPE, np.uint8), Locks())]
        self.position = 0

    @property
    def now(self) -> State:
        return self.states[self.position]

    def add(self, labels: np.ndarray, held: Locks) -> None:
        if not np.array_equal(labels, self.now[0]) or held != self.now[1]:
            self.states[self.position + 1 :] = [(labels, held)]
            self.position += 1

    def do(self, history: History, what: str, *rest: Any) -> None:
        """The same operation on both."""
        labels, held = self.now
        if what == "go to":
            self.position = round(rest[0] * (len(self.states) - 1))
            history.go_to(self.position)
        elif what in ("undo", "redo"):
            self.position = min(max(0, self.position + (1 if what == "redo" else -1)), len(self.states) - 1)
            getattr(history, what)()
        elif what in ("lock", "unlock"):
            self.add(labels, held.having(rest[0]) if what == "lock" else held.without(rest[0]))
            getattr(history, what)(rest[0])
        else:
            self.paint(history, what, *rest)

    def paint(self, history: History, what: str, box: Any, label: int) -> None:
        self.add(written(self.now, box, label), self.now[1])
        if what == "apply":
            history.apply("Tool", box, np.full([part.stop - part.start for part in box], label))
            return
        history.array[box] = label
        if what == "draw":
            history.commit("Paint")
        else:  # undo finds it by itself, and takes it back or, where all was locked, the step before
            history.undo()
            self.position = max(0, self.position - 1)


def keeps_what_is_locked(path: list[State]) -> None:
    """From one end of the path to the other, what was locked all the way is the same."""
    always = frozenset.intersection(*[held.held for _, held in path])
    a, b = path[0][0], path[-1][0]
    for lock in always:
        part = slice(None) if lock.slice is None else slice(lock.slice, lock.slice + 1)
        if lock.organ is None:
            assert np.array_equal(a[part], b[part])
        else:
            assert np.array_equal(a[part] == lock.organ, b[part] == lock.organ)


def run(sequence: list[tuple[Any, ...]]) -> None:
    history, model = History(np.zeros(SHAPE, np.uint8)), Model()
    for operation in sequence:
        before, at = (history.array.copy(), history.locks), history.position
        model.do(history, *operation)
        assert np.array_equal(history.array, model.now[0])
        assert (history.locks, history.position, history.last) == (model.now[1], model.position, len(model.states) - 1)
        between = model.states[min(at, history.position) : max(at, history.position) + 1]
        keeps_what_is_locked([before, *between, (history.array, history.locks)])
    for position in (*range(history.last, -1, -1), *range(history.last + 1)):
        history.go_to(position)
        assert np.array_equal(history.array, model.states[position][0])
        assert history.locks == model.states[position][1]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(sequences)
def test_a_few_hundred_sequences(sequence: list[tuple[Any, ...]]) -> None:
    run(sequence)


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(sequences)
def test_ten_thousand_sequences(sequence: list[tuple[Any, ...]]) -> None:
    run(sequence)
