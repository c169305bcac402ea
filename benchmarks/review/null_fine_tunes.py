"""Fine-tunings that must not be called better: with a learning rate of none, and on labels of other persons.

    python benchmarks/review/null_fine_tunes.py               20 of each; resumable, about half an hour
    python benchmarks/review/null_fine_tunes.py --table       docs/evidence/null_fine_tunes.md of what is there

Real fine-tunings of a shipped model, end to end: `engine.training.fine_tune.fine_tune` with everything that it does,
on five persons of the hippocampus's validation rows, judged on five others, whom the model has not seen either. Each
seed draws other persons. *Null*: the right labels and a learning rate of 1e-12, which changes no weight in float32.
*Shuffled*: each scan has the labels of the next person, cut or filled up to its size, and the two parts of the organ
exchanged at random; the judges have the right ones. Caught is whatever is not called better; *worse* is counted, too,
and how much was taken of what was learnt.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from napari_boundaryseg.data.datasets import load_labelled, read_dataset
from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.evaluation.folds import group_of
from napari_boundaryseg.engine.training.fine_tune import LEARNING_RATE, fine_tune

MODEL, STEPS, PERSONS, RUNS = "hippocampus-sgm", 40, 5, 20
NO_RATE = 1e-12
"""A recipe must have one above 0: no float32 weight is changed by it."""
KINDS = ("null", "shuffled")
TABLE = Path(__file__).with_suffix(".csv")
PAGE = Path(__file__).parents[2] / "docs" / "evidence" / "null_fine_tunes.md"
COLUMNS = ("kind", "seed", "verdict", "n", "change", "low", "high", "taken")
Labelled = tuple[Volume, LabelMap]


def fitted(array: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Cut, or filled up with background, about the middle."""
    found = np.zeros(shape, array.dtype)
    ours, theirs = [], []
    for have, want in zip(array.shape, shape, strict=True):
        n = min(have, want)
        theirs.append(slice((have - n) // 2, (have - n) // 2 + n))
        ours.append(slice((want - n) // 2, (want - n) // 2 + n))
    found[tuple(ours)] = array[tuple(theirs)]
    return found


def shuffled(cases: Sequence[Labelled], rng: np.random.Generator) -> list[Labelled]:
    """Each scan with the labels of the next person, whose organs are exchanged by the toss of a coin."""
    found = []
    for n, (volume, labels) in enumerate(cases):
        other = cases[(n + 1) % len(cases)][1].array
        swap = np.array([0, 2, 1] if rng.random() < 0.5 else [0, 1, 2], other.dtype)
        found.append((volume, volume.with_labels(fitted(swap[other], labels.array.shape), labels.scheme)))
    return found


def run(kind: str, seed: int, data: Path) -> dict[str, Any]:
    """One fine-tuning, and what was said of it."""
    model, rng = load_model(MODEL), np.random.default_rng(seed)
    rows = [case for case in read_dataset(data / "hippocampus") if case.split == "val"]
    persons = {group_of(case): case for case in rows}
    drawn = rng.permutation(sorted(persons))[: 2 * PERSONS]
    cases = list(load_labelled([persons[name] for name in drawn], model.card.recipe.scheme))
    taught, judges = cases[:PERSONS], cases[PERSONS:]
    with tempfile.TemporaryDirectory() as folder:
        fine_tune(
            model,
            shuffled(taught, rng) if kind == "shuffled" else taught,
            Path(folder),
            held_out=judges,
            steps=STEPS,
            seed=seed,
            device="cpu",
            patients={case[0].name: name for case, name in zip(cases, drawn, strict=True)},
            lr=NO_RATE if kind == "null" else LEARNING_RATE,
        )
        said = json.loads((Path(folder) / "comparison.json").read_text("utf-8"))
        taken = json.loads((Path(folder) / "taken.json").read_text("utf-8"))["share"]
    change = said["change"]
    return dict(zip(COLUMNS, (kind, seed, said["verdict"], said["n"], *change.values(), taken), strict=True))


def page(rows: Sequence[dict[str, Any]]) -> str:
    """As Markdown."""
    lines = ["# Fine-tunings that must not be called better", "", "```sh"]
    lines += ["python benchmarks/review/null_fine_tunes.py", "```", ""]
    lines += [(__doc__ or "").partition("what is there\n")[2].strip(), ""]
    lines += ["| kind | fine-tunings | *better* | no evidence | *worse* | mean change of surface Dice | taken |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for kind in KINDS:
        own = [row for row in rows if row["kind"] == kind]
        if not own:
            continue
        said, n = Counter(row["verdict"] for row in own), len(own)
        ends = binomtest(said["better"], n).proportion_ci(method="wilson")
        changes = [float(row["change"]) for row in own]
        taken = Counter(float(row["taken"]) for row in own)
        shares = ", ".join(f"{share:g}: {times}" for share, times in sorted(taken.items()))
        mean = f"{np.mean(changes):+.3f} ({min(changes):+.3f} to {max(changes):+.3f})"
        better = f"{said['better']} [{ends.low:.2f}, {ends.high:.2f}]"
        lines.append(f"| {kind} | {n} | {better} | {said['no evidence']} | {said['worse']} | {mean} | {shares} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Run what is missing, and write the page."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--table", action="store_true", help="only write the page")
    chosen = options.parse_args()
    rows: list[dict[str, Any]] = list(csv.DictReader(TABLE.open(encoding="utf-8"))) if TABLE.is_file() else []
    known = {(row["kind"], int(row["seed"])) for row in rows}
    for seed in range(0 if chosen.table else RUNS):
        for kind in KINDS:
            if (kind, seed) not in known:
                rows.append(run(kind, seed, chosen.data))
                print(rows[-1], flush=True)
                text = [",".join(COLUMNS), *(",".join(str(row[name]) for name in COLUMNS) for row in rows)]
                atomic_text(TABLE, "\n".join([*text, ""]))
    atomic_text(PAGE, page(rows))


if __name__ == "__main__":
    main()
