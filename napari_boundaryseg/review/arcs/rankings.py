"""Which rankings are proven: for each model and organ, whether a score was measured to find what is wrong."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LEAST_MEAN, LEAST_LOW = 0.82, 0.78
"""A ranking is proven where its mean AUROC, and the lower end of the interval over patients, reach these."""
NO_MODEL = "none"
"""In place of a model's name: labels from elsewhere."""


@dataclass(frozen=True)
class Ranking:
    """What a score was worth, on cases that neither the model nor the choice of the score had seen.

    Parameters
    ----------
    model : str
        Its name, or `NO_MODEL`.
    organ : str
        TG-263 name.
    score : str
        Of `measures.MEASURES`.
    tolerance_mm : float
        An arc that is off by more, in its mean, is wrong.
    cases : str
        What it was measured on.
    patients : int
        Of whom any arc was wrong, and any right.
    auroc, low, high : float
        Mean over patients, and its 95 % interval.
    """

    model: str
    organ: str
    score: str
    tolerance_mm: float
    cases: str
    patients: int
    auroc: float
    low: float
    high: float

    @property
    def proven(self) -> bool:
        """Whether the queue may say that it shows the worst first."""
        return self.auroc >= LEAST_MEAN and self.low >= LEAST_LOW


@dataclass(frozen=True)
class FirstPlaces:
    """What the first places of a queue held, up to a fifth of the border, of labels as a model made them.

    Parameters
    ----------
    model : str
    organs : str
        TG-263 names of those in the queue, with spaces between.
    cases : str
        What it was measured on.
    patients : int
    held, low, high : float
        Of the summed error, mean over patients and its 95 % interval.
    perfect : float
        What a perfect order would have held.
    """

    model: str
    organs: str
    cases: str
    patients: int
    held: float
    low: float
    high: float
    perfect: float


FIRST_PART = 0.2
"""Of the border: what `FirstPlaces` is about."""


@cache
def rankings() -> tuple[Ranking, ...]:
    """All that were measured: ``benchmarks/review/arcs.py --table`` writes them."""
    return tuple(_ranking(row) for row in _rows("rankings.csv"))


def first_places(model: str, organs: Iterable[str]) -> FirstPlaces | None:
    """What was measured of the first places of a model's queue of just these organs; None where nothing was.

    Examples
    --------
    >>> found = first_places("hippocampus-hmedn", ["Hippocampus_P", "Hippocampus_A"])
    >>> found.low < found.held < found.perfect
    True
    >>> first_places("hippocampus-hmedn", ["Hippocampus_P", "Prostate"]) is None
    True
    """
    wanted = set(organs)
    own = (row for row in _rows("first_places.csv") if row["model"] == model and set(row["organs"].split()) == wanted)
    return next((_first_places(row) for row in own), None)


def proven(model: str, organs: Iterable[str]) -> dict[str, Ranking]:
    """The organs of which a model has a proven ranking, each with what it was worth.

    Parameters
    ----------
    model : str
        The model's name, or of one that was fine-tuned from it; `NO_MODEL` for labels from elsewhere.
    organs : iterable of str
        TG-263 names.

    Examples
    --------
    >>> sorted(proven("hippocampus-hmedn", ["Hippocampus_A", "Hippocampus_P", "Prostate"]))
    ['Hippocampus_A', 'Hippocampus_P']
    >>> proven("a model that nobody measured", ["Prostate"])
    {}
    """
    wanted = set(organs)
    return {one.organ: one for one in rankings() if one.model == model and one.organ in wanted and one.proven}


def _ranking(row: dict[str, str]) -> Ranking:
    tolerance_mm, auroc, low, high = (float(row[name]) for name in ("tolerance_mm", "auroc", "low", "high"))
    words = (row["model"], row["organ"], row["score"], tolerance_mm, row["cases"], int(row["patients"]))
    return Ranking(*words, auroc, low, high)


def _first_places(row: dict[str, str]) -> FirstPlaces:
    held, low, high, perfect = (float(row[name]) for name in ("held", "low", "high", "perfect"))
    return FirstPlaces(row["model"], row["organs"], row["cases"], int(row["patients"]), held, low, high, perfect)


def _rows(name: str) -> csv.DictReader[str]:
    return csv.DictReader((files(__package__) / name).read_text("utf-8").splitlines())
