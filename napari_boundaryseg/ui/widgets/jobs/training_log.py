"""Training log that is being written: each look reads on from where the last one ended."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

Points = list[tuple[float, float]]


class TrainingLog:
    """Losses and validation scores of a training, as far as it has come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._losses: Points = []
        self._dices: Points = []

    def read(self) -> tuple[Points, Points]:
        """(step, loss) and (step, mean Dice) so far; a line still being written is left for the next look."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                whole, end, _ = file.read().rpartition(b"\n")
        except OSError:
            whole, end = b"", b""
        self._offset += len(whole) + len(end)
        for text in whole.splitlines():
            self._take(text)
        return list(self._losses), list(self._dices)

    def _take(self, text: bytes) -> None:
        with suppress(ValueError, TypeError, KeyError):  # what is no entry of ours
            entry = json.loads(text)
            if "mean_dsc" in entry:
                self._dices.append((float(entry["step"]), float(entry["mean_dsc"])))
            elif "loss" in entry:
                self._losses.append((float(entry["step"]), float(entry["loss"])))


def smoothed(points: Points, width: int = 20) -> Points:
    """Each value with the mean of itself and those before it, ``width`` in all; fewer at the start.

    Examples
    --------
    >>> smoothed([(1, 4.0), (2, 2.0), (3, 0.0)], 2)
    [(1, 4.0), (2, 3.0), (3, 1.0)]
    """
    values = [value for _, value in points]
    means = []
    for n, (step, _) in enumerate(points):
        window = values[max(0, n + 1 - width) : n + 1]
        means.append((step, sum(window) / len(window)))
    return means


def begun_at(points: Points, steps: int = 10) -> float | None:
    """The mean of the first steps, in which a model is nearly as it was; None before there are so many."""
    return sum(value for _, value in points[:steps]) / steps if len(points) >= steps else None
