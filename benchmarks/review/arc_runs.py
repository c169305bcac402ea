"""What the CSV files of arcs say: their rows, by set and model, and what a ranking was worth by them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from arc_figures import mean_interval
from unseen import SETS

from napari_boundaryseg.review.arcs.rankings import NO_MODEL, FirstPlaces, Ranking

HERE = Path(__file__).parent
ALL, RANKED = "all", "ranked"
"""Groups of organs: all, and those of which the table of rankings had a proven one when the set was measured."""
SET_WORDS = {
    "hippocampus": "validation cases of MSD Task04 that the model had not seen",
    "hippocampus-folds": "training cases of MSD Task04, each by a model that had not seen it",
    "phantoms": "hard synthetic pelves with seeds that the model had not seen",
    "phantoms-chosen-on": "other hard synthetic pelves, on which the score was chosen",
    "promise12": "glands of PROMISE12 (voxel size guessed), which the model had not seen",
    "sarcoma": "soft-tissue sarcomas, each by a model that had not seen the patient",
}
SYNTHETIC = ("phantoms",)
"""They prove nothing of labels without a model: how well borders are seen is made up in them."""
COUNTS = ("hippocampus", "promise12", "phantoms", "sarcoma")
"""Which sets may prove a ranking; of an organ the first that has it."""
Row = dict[str, str]


@dataclass(frozen=True, eq=False)
class Run:
    """The rows of one set and model."""

    name: str
    model: str
    rows: list[Row]

    def values(self, score: str, column: str = "auroc", organ: str = ALL) -> dict[str, float]:
        """Patient to the figure; patients of whom it cannot be had are left out."""
        own = [row for row in self.rows if row["score"] == score and row["organ"] == organ]
        return {row["patient"]: float(row[column]) for row in own if row[column]}

    @property
    def organs(self) -> list[str]:
        """All that have rows."""
        return [organ for organ in dict.fromkeys(row["organ"] for row in self.rows) if organ not in (ALL, RANKED)]

    @property
    def title(self) -> str:
        """For a table."""
        return f"{self.name}, {self.model}"


def runs() -> list[Run]:
    """Every CSV of arcs."""
    found = []
    for which in SETS:
        for path in sorted(HERE.glob(f"arcs_{which}_*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            if rows[0]["set"] == which:
                found.append(Run(which, rows[0]["model"], rows))
    return found


def read_all(pattern: str) -> dict[tuple[str, str], list[Row]]:
    """The rows of CSV files beside this one, by set and model, in the order of the sets."""
    found: dict[tuple[str, str], list[Row]] = {}
    for path in sorted(HERE.glob(pattern)):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault((row["set"], row["model"]), []).append(row)
    return dict(sorted(found.items(), key=lambda one: (list(SETS).index(one[0][0]), one[0][1])))


def difference(run: Run, a: str, b: str, organ: str = ALL) -> list[float]:
    """Patient by patient."""
    left, right = run.values(a, organ=organ), run.values(b, organ=organ)
    return [left[patient] - right[patient] for patient in left if patient in right]


def of_oracle(run: Run, score: str, organ: str = ALL) -> list[float]:
    """Error on the worst fifth of the length, in that of a perfect order, patient by patient."""
    share, best = run.values(score, "share", organ), run.values(score, "oracle", organ)
    return [share[patient] / best[patient] for patient in share]


def measured(run: Run, organ: str, score: str, model: str) -> Ranking | None:
    """What a score was worth for one organ."""
    values = list(run.values(score, organ=organ).values())
    if not values:
        return None
    figures = (round(one, 4) for one in mean_interval(values))
    return Ranking(model, organ, score, SETS[run.name].tolerance_mm, SET_WORDS[run.name], len(values), *figures)


def proofs(found: list[Run]) -> list[Ranking]:
    """For each model and organ, and for labels without a model, the set that counts most."""
    best: dict[tuple[str, str], Ranking] = {}
    for which in COUNTS:
        for run in (run for run in found if run.name == which):
            for organ in run.organs:
                for model, score in ((run.model, "doubt"), (NO_MODEL, "gradient")):
                    if model == NO_MODEL and which in SYNTHETIC:
                        continue
                    one = measured(run, organ, score, model)
                    if one is not None:
                        best.setdefault((model, organ), one)
    return list(best.values())


def first_places(proven: list[Ranking]) -> list[FirstPlaces]:
    """What the first places of a queue held, of the sets that prove the ranking of a model."""
    sets = {one.model: which for which in COUNTS for one in proven if one.cases == SET_WORDS[which]}
    found = []
    for (which, model), rows in read_all("first_places_*.csv").items():
        if sets.get(model) != which:
            continue
        for organs in dict.fromkeys(row["organs"] for row in rows):
            own = [row for row in rows if row["organs"] == organs]
            held, perfect = (by_patient(own, column) for column in ("held", "perfect"))
            mean, low, high = (round(one, 4) for one in mean_interval(held))
            figures = (len(held), mean, low, high, round(sum(perfect) / len(perfect), 4))
            found.append(FirstPlaces(model, organs, SET_WORDS[which], *figures))
    return found


def by_patient(rows: list[Row], column: str) -> list[float]:
    """The mean over the scans of each patient."""
    patients: dict[str, list[float]] = {}
    for row in rows:
        patients.setdefault(row["patient"], []).append(float(row[column]))
    return [sum(values) / len(values) for values in patients.values()]
