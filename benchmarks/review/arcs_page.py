"""The page docs/evidence/arcs.md, and the tables of rankings that ship, from the CSV files beside this one."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path

import numpy as np
from arc_figures import WORST, mean_interval
from arc_runs import (
    ALL,
    RANKED,
    SET_WORDS,
    Run,
    by_patient,
    difference,
    first_places,
    measured,
    of_oracle,
    proofs,
    read_all,
    runs,
)
from unseen import SETS

from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.review.arcs.rankings import LEAST_LOW, LEAST_MEAN, NO_MODEL, FirstPlaces, Ranking

ROOT = Path(__file__).parents[2]
PAGE, TABLE = ROOT / "docs/evidence/arcs.md", ROOT / "napari_boundaryseg/review/arcs/rankings.csv"
FIRST = TABLE.with_name("first_places.csv")
SHOWN = ("doubt", "entropy", "width", "gradient", "jump", "bend", "gap", "fitted")
AUROC_BARS = {"hippocampus": 0.83, "phantoms": 0.82}
SHARE_BAR, BELOW_ENTROPY = 0.70, 0.01
HEAD = """# Review queue of arcs

```sh
python benchmarks/review/unseen.py SET MODEL          # what the model says of each scan
python benchmarks/review/arcs.py SET MODEL            # how its arcs are ranked
python benchmarks/review/first_places.py SET MODEL    # how much the first places of the queue hold
python benchmarks/review/planted_arcs.py SET MODEL    # planted errors
python benchmarks/review/audited_arcs.py SET MODEL    # what the random places say
python benchmarks/review/arcs.py                      # this page, review/arcs/rankings.csv and first_places.csv
```

The border of each organ in each slice is cut into arcs of the same length. An arc is *wrong* where its mean distance to
the reference's border in that slice is more than the tolerance. AUROC: how likely a wrong arc comes before a right one,
of all arcs of a patient; mean over patients, with its 95 % t interval in brackets. The scores are described in
`napari_boundaryseg/review/arcs/measures.py`; **doubt** is what the queue goes by. *Fitted* is a ridge regression of the
log of the distance on all but *gap* and their squares, on all other patients of the same set.

That doubt is the entropy of the organ's own probability within ± 2 tolerances, instead of the entropy of all classes
within ± 3, was chosen on the synthetic pelves called *phantoms-chosen-on*. Both were looked at on the hippocampus too,
where they are worth the same. On labels that are the model's own it is that entropy; where labels were edited it is
more, which shows planted errors that the entropy alone calls certain.
"""
SELECTED = """
Which organs have a proven ranking was decided on the same cases, so that the second row of a set flatters a little.
"""
ON_EMPTY = """
The last column is what lies on slices next to an organ on which the labels have nothing of it (each piece of the
reference's border counts 10 mm there): no arc shows it, so these slices are listed on their own.
"""
PROVEN = f"""A ranking is *proven* where its AUROC is at least {LEAST_MEAN} and the lower end of its interval at least
{LEAST_LOW}; of an organ without one the queue shows nothing and says so (`review/arcs/rankings.csv`). Patients count of
whom some arcs are wrong and some right. Real scans count before synthetic ones, which prove nothing of labels without
a model; where the last column is empty, another set counts. *Fitted* is not shipped: on the pelves that judge, what it
gains over doubt is more which organ is worse than where in an organ, and on real glands it gains nothing.
"""
AUDITED = """A person goes through the first quarter of the queue and tells right from wrong without fault. One scan
has few random places, so the interval is wide; those of several scans can be added (`audit.pooled`).
"""
FIRST_PLACES = """As a person walks along it: the organs with a proven ranking, neighbours joined, random places
among them. *First* is where those that are shown for their score make up a fifth of the border (medians over scans);
*of the error*, mean over patients with its interval. The window says this (`review/arcs/first_places.csv`), of labels
as the model made them. It does not say that the rest is right.
"""
PLANTED = """One in each scan, after the prediction: an organ is moved by 5 mm, or cut off by 5 mm, over 5 mm of its
slices. In how many scans one of the first five items of the queue (all organs, random ones among them) lies on it.
Where the labels elsewhere are the reference, the model's own errors contradict them too: on the synthetic pelves, where
a third of its border is wrong, they often come before what was planted.
"""


def text(values: Iterable[float], digits: int = 3, sign: str = "") -> str:
    """Mean and interval over patients."""
    mean, low, high = mean_interval(values)
    return f"{mean:{sign}.{digits}f} [{low:{sign}.{digits}f}, {high:{sign}.{digits}f}]"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *(list(map(str, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def what_was_measured(found: list[Run]) -> str:
    def row(run: Run) -> list[object]:
        own = [one for one in run.rows if one["score"] == "doubt" and one["organ"] == ALL]
        task = SETS[run.name]
        wrong = 100 * np.mean([float(one["wrong"]) for one in own])
        sizes = [f"{task.arc_mm:g} mm", f"{task.tolerance_mm:g} mm", f"{wrong:.0f} %"]
        return [run.title, SET_WORDS[run.name], len(own), sum(int(one["arcs"]) for one in own), *sizes]

    head = ("set, model", "what it is", "patients", "arcs", "arc", "tolerance", "length that is wrong")
    return "## What was measured\n\n" + table(head, map(row, found))


def separation(found: list[Run]) -> str:
    rows = [[run.title, *(text(run.values(score).values()) for score in SHOWN)] for run in found]
    paired = [
        [
            run.title,
            text(difference(run, "doubt", "entropy"), sign="+"),
            text(difference(run, "fitted", "doubt"), sign="+"),
        ]
        for run in found
    ]
    return (
        "## AUROC for an arc that is wrong, all organs\n\n"
        + table(("set, model", *SHOWN), rows)
        + "\nDifferences, patient by patient:\n\n"
        + table(("set, model", "doubt − entropy", "fitted − doubt"), paired)
    )


def shares(found: list[Run]) -> str:
    scores = ("doubt", "entropy", "fitted")
    mean = lambda run, score, column: f"{np.mean(list(run.values(score, column).values())):.2f}"  # noqa: E731
    rows = [
        [
            run.title,
            f"{WORST:.2f}",
            *(mean(run, score, "share") for score in scores),
            mean(run, "doubt", "oracle"),
            text(of_oracle(run, "doubt"), 2),
            mean(run, "doubt", "on_empty"),
        ]
        for run in found
    ]
    head = ("set, model", "random", *scores, "perfect order", "doubt ÷ perfect order", "on empty slices")
    return "## How much of the summed error lies on the worst fifth of the length\n\n" + table(head, rows) + ON_EMPTY


def first() -> str:
    """What lies on the first places of the queue."""
    cells = []
    for (which, model), rows in read_all("first_places_*.csv").items():
        for organs in dict.fromkeys(row["organs"] for row in rows):
            own = [row for row in rows if row["organs"] == organs]
            places, first, shown = (
                np.median([float(row[name]) for row in own]) for name in ("places", "first", "shown")
            )
            held, perfect = (by_patient(own, column) for column in ("held", "perfect"))
            counts = [len(held), f"{places:.0f}", f"{first:.0f}", f"{shown:.2f}"]
            cells.append([f"{which}, {model}", organs, *counts, text(held, 2), f"{np.mean(perfect):.2f}"])
    head = ("set, model", "organs", "patients", "places", "first", "of the length", "of the error", "perfect order")
    return f"## How much of the summed error lies on the first places of the queue\n\n{FIRST_PLACES}\n" + table(
        head, cells
    )


def bars(found: list[Run]) -> str:
    """What was asked for, and whether it was met: over all organs, and over those that the queue ranks."""
    said = lambda met: "met" if met else "**missed**"  # noqa: E731
    rows = []
    for run, organ in ((run, organ) for run in found if run.name in AUROC_BARS for organ in (ALL, RANKED)):
        values = run.values("doubt", organ=organ).values()
        if not values:
            continue
        mean, low, _ = mean_interval(values)
        below, share = np.mean(difference(run, "doubt", "entropy", organ)), np.mean(of_oracle(run, "doubt", organ))
        least = AUROC_BARS[run.name]
        rows.append(
            [
                run.title,
                "all" if organ == ALL else "those with a proven ranking",
                f"{mean:.3f} ≥ {least}: {said(mean >= least)}",
                f"{low:.3f} ≥ .78: {said(low >= 0.78)}",
                f"{below:+.3f} ≥ −.01: {said(below >= -BELOW_ENTROPY)}",
                f"{share:.2f} ≥ .70: {said(share >= SHARE_BAR)}",
            ]
        )
    head = ("set, model", "organs", "AUROC", "its lower end", "doubt − entropy", "÷ perfect order")
    return "## Bars\n\n" + table(head, rows) + SELECTED


def by_organ(found: list[Run], proven: list[Ranking]) -> str:
    kept = {(one.model, one.organ): one for one in proven}
    rows = []
    for run in found:
        for organ in run.organs:
            task, none = measured(run, organ, "doubt", run.model), measured(run, organ, "gradient", NO_MODEL)
            says = "" if task is None or kept.get((run.model, organ)) != task else "yes" if task.proven else "no"
            cells = [f"{one.auroc:.3f} [{one.low:.3f}, {one.high:.3f}]" if one else "" for one in (task, none)]
            best = text(run.values("fitted", organ=organ).values()) if task else ""
            more = text(difference(run, "fitted", "doubt", organ), sign="+") if task else ""
            rows.append([run.title, organ, task.patients if task else 0, *cells, best, more, says])
    head = ("set, model", "organ", "patients", "doubt", "gradient alone", "fitted", "fitted − doubt", "proven")
    return f"## Organ by organ\n\n{PROVEN}\n" + table(head, rows)


def empty() -> str:
    """How many of the slices that are listed do miss the organ."""
    cells = []
    for (which, model), own in read_all("empty_slices_*.csv").items():
        cells.append([f"{which}, {model}", len(own), sum(row["missed"] == "1" for row in own)])
    head = ("set, model", "listed", "of them the reference has the organ on")
    return "## Slices that are empty, next to an organ or within it\n\n" + table(head, cells)


def audits() -> str:
    """What the random places said, beside the truth."""
    cells = []
    for (which, model), own in read_all("audited_arcs_*.csv").items():
        names = ("places", "truth", "estimate", "width", "held")
        places, truth, estimate, width, held = (np.mean([float(row[name]) for row in own]) for name in names)
        off = text((float(row["estimate"]) - float(row["truth"]) for row in own), 3, "+")
        figures = [f"{places:.1f}", f"{100 * truth:.1f} %", f"{100 * estimate:.1f} %", off, f"{width:.2f}"]
        cells.append([f"{which}, {model}", f"{len(own)} × {own[0]['seeds']}", *figures, f"{100 * held:.1f} %"])
    head = ("set, model", "scans × seeds", "places", "wrong", "estimate", "difference", "interval's width", "it held")
    return f"## What the random places say of the border that was not shown\n\n{AUDITED}\n" + table(head, cells)


def planted() -> str:
    """How many planted errors are among the first items."""
    rows = [row for several in read_all("planted_arcs_*.csv").values() for row in several]
    cells = []
    for key in dict.fromkeys((row["set"], row["model"], row["base"]) for row in rows):
        own = [row for row in rows if (row["set"], row["model"], row["base"]) == key]
        count = lambda score: sum(0 < int(row[score]) <= 5 for row in own)  # noqa: B023, E731
        cells.append([f"{key[0]}, {key[1]}", key[2], len(own), *(count(score) for score in PLANTED_SCORES)])
    head = ("set, model", "the labels elsewhere", "planted", *PLANTED_SCORES)
    return f"## Planted errors\n\n{PLANTED}\n" + table(head, cells)


PLANTED_SCORES = ("doubt", "entropy", "gap", "gradient", "jump")


def write_page() -> None:
    """Both files."""
    found = runs()
    proven = proofs(found)
    parts: list[Callable[[], str]] = [
        lambda: bars(found),
        lambda: what_was_measured(found),
        lambda: separation(found),
        lambda: shares(found),
        first,
        lambda: by_organ(found, proven),
        empty,
        audits,
        planted,
    ]
    atomic_text(PAGE, "\n".join([HEAD, *(part() for part in parts)]).rstrip() + "\n")
    write_rows(TABLE, Ranking, proven)
    write_rows(FIRST, FirstPlaces, first_places(proven))


def write_rows(path: Path, kind: type, found: Iterable[object]) -> None:
    """A CSV with a column for each field of a dataclass."""
    lines, names = io.StringIO(), [field.name for field in fields(kind)]
    out = csv.DictWriter(lines, names, lineterminator="\n")
    out.writeheader()
    out.writerows({name: getattr(one, name) for name in names} for one in found)
    atomic_text(path, lines.getvalue())
