"""Training log that is being written: each look reads on from where the last one ended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

Points = Sequence[tuple[float, float]]


class Course(NamedTuple):
    """How a training goes, as far as it has come.

    Parameters
    ----------
    losses : list of (step, loss)
    scores : list of (step, mean Dice)
        Of the held-out cases; the first is the old model's.
    old_model, label_prior : float, optional
        Dice of the model that is fine-tuned, and of a constant answer, on the same cases.
    cases : int
        How many these are.
    """

    losses: Points = ()
    scores: Points = ()
    old_model: float | None = None
    label_prior: float | None = None
    cases: int = 0


class TrainingLog:
    """Losses and validation scores of a training, as far as it has come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._losses: list[tuple[float, float]] = []
        self._scores: list[tuple[float, float]] = []
        self._beside = Course()

    def read(self) -> Course:
        """What was logged so far; a line still being written is left for the next look."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                whole, end, _ = file.read().rpartition(b"\n")
        except OSError:
            whole, end = b"", b""
        self._offset += len(whole) + len(end)
        for text in whole.splitlines():
            self._take(text)
        return self._beside._replace(losses=tuple(self._losses), scores=tuple(self._scores))

    def _take(self, text: bytes) -> None:
        with suppress(ValueError, TypeError, KeyError):  # what is no entry of ours
            entry = json.loads(text)
            if "old_model" in entry:
                old, prior = float(entry["old_model"]), entry["label_prior"]
                self._beside = Course(
                    old_model=old,
                    label_prior=None if prior is None else float(prior),
                    cases=int(entry["watched"]["cases"]),
                )
                self._scores = [(0.0, old)]
            elif "mean_dsc" in entry:
                self._scores.append((float(entry["step"]), float(entry["mean_dsc"])))
            elif "loss" in entry:
                self._losses.append((float(entry["step"]), float(entry["loss"])))
