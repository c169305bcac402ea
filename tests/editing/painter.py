"""A person who paints, locks and undoes at random, the same way for the same seed; also as a program of its own.

``python painter.py FOLDER SEED STEPS`` keeps a journal in FOLDER and prints a number after each step that is on the
disk; after STEPS of them it waits until it is killed, or its input ends.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import numpy as np

from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.records import JournalHeader

SHAPE = (8, 24, 24)
HEADER = JournalHeader("case one", "0" * 32, '{"name": "pelvis-mr"}', 0.002)


def blank() -> np.ndarray:
    """Labels with one organ in them."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:5, 6:15, 6:15] = 2
    return labels


def step(history: History, rng: Random) -> None:
    """One step: mostly a stroke, sometimes a lock, undo, redo or jump."""
    dice = rng.random()
    lock = Lock(rng.choice((1, 2, 3)), rng.choice((None, 2, 3)))
    if dice < 0.7:
        stroke(history, rng)
    elif dice < 0.75:
        history.lock(lock)
    elif dice < 0.8:
        history.unlock(lock)
    elif dice < 0.9:
        history.undo()
    elif dice < 0.95:
        history.redo()
    else:
        history.go_to(rng.randint(history.first, history.last))


def stroke(history: History, rng: Random) -> None:
    """A rectangle of one label, written into the array as a brush does."""
    z, y, x = (rng.randrange(n) for n in SHAPE)
    history.array[z, y : y + rng.randint(1, 9), x : x + rng.randint(1, 9)] = rng.randrange(4)
    history.commit(f"Paint: slice {z}")


def states(seed: int, count: int) -> list[History]:
    """The history after 0, 1, ... ``count`` steps, each as it was then."""
    history, rng = History(blank()), Random(seed)
    found = [_frozen(history)]
    for _ in range(count):
        step(history, rng)
        found.append(_frozen(history))
    return found


def _frozen(history: History) -> History:
    return History(history.array.copy(), locks=history.locks, steps=history.steps, position=history.position)


def main(folder: Path, seed: int, steps: int) -> None:
    """Paint, and rest until killed."""
    history, rng = History(blank()), Random(seed)
    journal = Journal(HEADER, history.array, folder)
    journal.follow(history)
    for number in range(1, steps + 1):
        step(history, rng)
        journal.flush()
        print(number, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
