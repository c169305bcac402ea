"""How long edits take on 256 x 256 x 120: a stroke and an organ taken, undone and done again; the journal; memory.

    python benchmarks/editing.py                  one line per measure; exit status 1 when one misses its bound
    python benchmarks/editing.py --folder DISK    journals on this disk

What the disk itself takes for a small append is measured beside the journal: on a busy machine that is most of it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.records import JournalHeader
from napari_boundaryseg.editing.journal.recovery import recover, recoverable
from napari_boundaryseg.editing.journal.scan_hash import scan_hash

SHAPE = (120, 256, 256)
WHOLE = (slice(0, 120), slice(0, 256), slice(0, 256))
HEADER = JournalHeader("benchmark", "0" * 32, "{}", 0.001)
STROKES, APPENDS = 100, 1000

Row = tuple[str, float, float, str]
"""What, the value, its bound (infinite where none is set), its unit."""


def ball(centre: tuple[float, float, float], radius: tuple[float, float, float]) -> np.ndarray:
    """(z, y, x) bool, an ellipsoid."""
    grids = np.ogrid[tuple(slice(0, n) for n in SHAPE)]
    return np.asarray(sum(((grid - c) / r) ** 2 for grid, c, r in zip(grids, centre, radius)) <= 1)


def organs() -> np.ndarray:
    """A bladder, a prostate and a rectum."""
    labels = np.zeros(SHAPE, np.uint8)
    for organ, centre in enumerate(((80, 90, 128), (45, 125, 128), (55, 180, 128)), 1):
        labels[ball(centre, (28, 45, 50))] = organ
    return labels


def stroke(history: History, rng: np.random.Generator) -> None:
    """A brush of 20 voxels drawn across one slice, as napari leaves it."""
    z, y, x = (int(rng.integers(30, n - 70)) for n in SHAPE)
    for step in range(40):
        history.array[z, y + step : y + step + 20, x + step : x + step + 20] = rng.integers(1, 4)


def times_ms(repeats: int, *steps: Callable[[], object]) -> np.ndarray:
    """(steps, repeats): how long each step takes, one after the other."""
    found = np.zeros((len(steps), repeats))
    for repeat in range(repeats):
        for at, step in enumerate(steps):
            began = time.perf_counter()
            step()
            found[at, repeat] = 1000 * (time.perf_counter() - began)
    return found


def strokes() -> list[Row]:
    """A stroke: taken without knowing where, undone, done again."""
    history, rng = History(organs()), np.random.default_rng(0)
    history.lock(Lock(1))
    found = times_ms(STROKES, lambda: stroke(history, rng), lambda: history.commit("Paint"), history.undo, history.redo)
    return [
        row
        for name, bound, row_ms in zip(("take", "undo", "redo"), (np.inf, 30.0, 30.0), found[1:])
        for row in quantiles(f"stroke, {name}", row_ms, bound)
    ]


def results() -> list[Row]:
    """A result for all organs, and one that is different at every voxel of half the scan: the worst there can be."""
    rows = []
    noise = np.random.default_rng(0).integers(0, 4, SHAPE).astype(np.uint8)
    for name, result, bound in (("organs", organs(), 150.0), ("noise", noise, np.inf)):
        history = History(np.roll(organs(), 7, axis=1))
        history.lock(Lock(4))
        found = times_ms(
            5,
            partial(history.apply, "Model", WHOLE, result, "model"),
            history.undo,
            history.redo,
            history.undo,
        )
        for what, row in zip(("apply", "undo", "redo"), found):
            rows += quantiles(f"result ({name}), {what}", row, np.inf if what == "apply" else bound)
    return rows


def quantiles(name: str, values_ms: np.ndarray, bound_ms: float) -> list[Row]:
    """The median, and the 99th percentile with its bound."""
    return [
        (f"{name}, median", float(np.median(values_ms)), np.inf, "ms"),
        (f"{name}, 99th percentile", float(np.percentile(values_ms, 99)), bound_ms, "ms"),
    ]


def memory() -> list[Row]:
    """What 200 results of all organs take, each different from the one before."""
    history, labels = History(np.zeros(SHAPE, np.uint8)), organs()
    for number in range(1, 201):
        history.apply("Model", WHOLE, np.roll(labels, number % 5, axis=2) if number % 2 else labels * 0, "model")
    return [
        ("200 results, memory", history.bytes_used / 2**20, 64.0, "MiB"),
        ("200 results, steps that are kept", float(len(history.steps)), np.inf, "steps"),
    ]


def journal(folder: Path) -> list[Row]:
    """Strokes into a journal: on the caller's thread, and until they are on the disk."""
    history, rng = History(organs()), np.random.default_rng(0)
    one = Journal(HEADER, history.array, folder)
    one.flush()
    for _ in range(APPENDS):
        stroke(history, rng)
        history.commit("Paint")
    steps = iter(history.steps)
    found = times_ms(APPENDS, lambda: one.append(next(steps)), one.flush)
    one.close()
    size = sum(path.stat().st_size for path in one.folder.iterdir())
    began = time.perf_counter()
    (work,) = recoverable(folder)
    listed = time.perf_counter()
    back = recover(work)
    ended = time.perf_counter()
    if not np.array_equal(back.labels, history.array):
        raise SystemExit("what came back is not what was painted")
    return [
        *quantiles("journal, append on the caller's thread", found[0], np.inf),
        *quantiles("journal, append until it is on the disk", found.sum(axis=0), 5.0),
        (f"journal, {APPENDS} strokes listed", 1000 * (listed - began), np.inf, "ms"),
        (f"journal, {APPENDS} strokes replayed", 1000 * (ended - listed), np.inf, "ms"),
        (f"journal, {APPENDS} strokes on the disk", size / 2**20, np.inf, "MiB"),
    ]


def disk(folder: Path) -> list[Row]:
    """What the disk takes for 8 KiB appended to a file and forced to it."""
    with (folder / "append").open("wb", buffering=0) as stream:
        found = times_ms(APPENDS, lambda: stream.write(bytes(8192)), lambda: os.fsync(stream.fileno()))
    return quantiles("the disk alone, 8 KiB appended and synced", found.sum(axis=0), np.inf)


def hashing() -> list[Row]:
    """The hash of a scan."""
    scan = np.random.default_rng(0).random((1, *SHAPE)).astype(np.float32)
    return quantiles("hash of the scan", times_ms(5, lambda: scan_hash(scan, np.eye(4)))[0], np.inf)


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description="How long edits take")
    options.add_argument("--folder", type=Path, default=None)
    with tempfile.TemporaryDirectory(dir=options.parse_args().folder) as work:
        rows = [*strokes(), *results(), *memory(), *journal(Path(work)), *disk(Path(work)), *hashing()]
    for name, value, bound, unit in rows:
        wanted = "" if np.isinf(bound) else f"   (at most {bound:g}: {'yes' if value <= bound else 'NO'})"
        print(f"{name:<55}{value:10.2f} {unit}{wanted}")
    return int(any(value > bound for _, value, bound, _ in rows))


if __name__ == "__main__":
    raise SystemExit(main())
