"""Train what a study lists, fold by fold, and score the cases that each fold did not see.

    python benchmarks/studies/run.py benchmarks/studies/sarcoma.toml            train, predict, score; resumable
    python benchmarks/studies/run.py benchmarks/studies/sarcoma.toml --table    the figures so far, as Markdown

A study is a TOML file: the data, which rows, which folds, and a list of trainings (recipe, steps, settings). Groups
(patients) are never divided. No held-out case chooses anything: the last step counts. Scores go to a CSV beside the
study, one line per case and organ; weights, logs and, with `--predictions`, the out-of-fold labels, probabilities,
edges and contours go to `--work`. A training whose settings changed begins anew. It runs on a GPU where there is one.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from napari_boundaryseg.cli.splits import FOLDS, every
from napari_boundaryseg.data.boxes import Box, loosely_around
from napari_boundaryseg.data.datasets import Case, load_case, read_dataset
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.evaluation.label_prior import LabelPrior
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.session.export import MAPS, export_files

FIGURES = ("dsc", "surface_dice", "asd_mm", "hd95_mm")
COLUMNS = ("training", "fold", "config", "case", "group", "organ", *FIGURES, "tolerance_mm", "prior_dsc", "seconds")


@dataclass(frozen=True)
class Training:
    """One line of a study."""

    name: str
    recipe: str
    steps: int
    folds: tuple[int, ...]
    settings: dict[str, Any] = field(default_factory=dict)

    def wanted(self) -> Recipe:
        """The recipe with the study's settings."""
        return recipe(self.recipe).with_settings({**self.settings, "steps": self.steps})

    @property
    def config(self) -> str:
        """A short digest of all settings; not of the code, whose changes are told in `docs/benchmarks.md`."""
        return self.wanted().digest


@dataclass(frozen=True)
class Study:
    """A study file."""

    path: Path
    data: str
    rows: tuple[str, ...]
    trainings: tuple[Training, ...]

    @classmethod
    def read(cls, path: Path) -> Study:
        """A TOML file; folds of the study count where a training has none of its own."""
        values = tomllib.loads(path.read_text("utf-8"))
        folds = tuple(values.get("folds", range(FOLDS)))
        made = [
            Training(**{"folds": folds, **entry, **({"folds": tuple(entry["folds"])} if "folds" in entry else {})})
            for entry in values["training"]
        ]
        return cls(path, values["data"], tuple(values["rows"]), tuple(made))

    @property
    def table(self) -> Path:
        """The CSV beside the study."""
        return self.path.with_suffix(".csv")

    def cases(self, data: Path) -> list[Case]:
        """The rows that the study uses."""
        folder = data / self.data
        return [case for case in read_dataset(folder, folder / "splits.csv") if case.split in self.rows]


def loaded(cases: list[Case], wanted: Recipe) -> Iterator[tuple[Volume, LabelMap]]:
    """Scans with their labels."""
    for case in cases:
        volume, labels = load_case(case, wanted.scheme)
        if labels is not None:
            yield volume, labels


def box_of(volume: Volume, labels: LabelMap, wanted: Recipe) -> Box | None:
    """The loose box that the model is given: random, but always the same for a case."""
    if wanted.box_margin_mm is None:
        return None
    seed = int.from_bytes(hashlib.sha256(volume.name.encode()).digest()[:8])
    return loosely_around(labels.array > 0, labels.spacing_mm, wanted.box_margin_mm, np.random.default_rng(seed))


def predictions_of(study: Study, training: Training, work: Path) -> Path:
    """The folder of a training's out-of-fold predictions: those with other settings are elsewhere."""
    return work / study.path.stem / "out-of-fold" / f"{training.name}-{training.config}"


def run_fold(
    study: Study, training: Training, fold: int, cases: list[Case], work: Path, predictions: bool
) -> list[dict[str, Any]]:
    """Train one fold, or go on with it, and score what it did not see."""
    wanted = training.wanted()
    known, unseen = every(cases, FOLDS, fold)
    folder = work / study.path.stem / f"{training.name}-{fold}-{training.config}"
    began = time.perf_counter()
    print(f"{training.name}, fold {fold}: {len(known)} cases train, {len(unseen)} are scored", flush=True)
    fit(wanted, loaded(known, wanted), folder, resume=True, precision="float32", progress=_print)
    model = load_model(folder / "last.safetensors")
    seconds = sum(json.loads(line).get("seconds", 0) for line in (folder / "log.jsonl").read_text().splitlines())
    print(f"\r{'':78}\r  trained ({time.perf_counter() - began:.0f} s this time, {seconds:.0f} s of steps)", flush=True)
    predictor, rows = Predictor(model), []
    seen = [(labels, box_of(volume, labels, wanted)) for volume, labels in loaded(known, wanted)]
    priors = {organ.name: LabelPrior(seen, organ.id) for organ in wanted.scheme.organs}
    for case, (volume, labels) in zip(unseen, loaded(unseen, wanted), strict=True):
        box = box_of(volume, labels, wanted)
        found = predictor.predict(volume, box=box, whole=True, attention=False)
        if predictions:
            place = predictions_of(study, training, work)
            export_files(volume, found.labels, found, {"labels", *MAPS}, place, case=case.name)
        for organ, row in evaluate(found.labels, labels).items():
            rows.append(
                {
                    "training": training.name,
                    "fold": fold,
                    "config": training.config,
                    "case": case.name,
                    "group": case.group,
                    "organ": organ,
                    **{name: f"{row[name]:.4f}" for name in FIGURES},
                    "tolerance_mm": row["tolerance_mm"],
                    "seconds": f"{seconds:.0f}",
                    "prior_dsc": f"{priors[organ].dice(labels, box):.4f}",
                }
            )
    return rows


def read_table(path: Path) -> list[dict[str, Any]]:
    """The rows so far."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    """All rows, sorted, in one step."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted(rows, key=lambda r: (r["training"], int(r["fold"]), r["case"], r["organ"])))
    atomic_text(path, text.getvalue())


def keep(path: Path, training: str, fold: int, new: list[dict[str, Any]]) -> None:
    """Put a fold's rows in the place of its old ones, in a table that several processes write to."""
    with FileLock(path.with_suffix(".lock")):
        others = [r for r in read_table(path) if (r["training"], int(r["fold"])) != (training, fold)]
        write_table(path, others + new)


def done(rows: list[dict[str, Any]], training: Training, fold: int) -> bool:
    """Whether a fold was scored with these very settings."""
    return any((r["training"], int(r["fold"]), r["config"]) == (training.name, fold, training.config) for r in rows)


def as_markdown(rows: list[dict[str, Any]]) -> str:
    """Mean and sample SD over cases, for each training and organ."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["training"], row["organ"]].append(row)
    head = (
        "training",
        "organ",
        "n",
        "folds",
        "DSC",
        "surface Dice",
        "ASD (mm)",
        "HD95 (mm)",
        "label prior DSC",
        "training (min)",
    )
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for (training, organ), group in found.items():
        cells = []
        for name in (*FIGURES, "prior_dsc"):
            values = np.array([float(row[name]) for row in group])
            cells.append(f"{np.nanmean(values):.3f} ± {np.nanstd(values, ddof=1):.3f}")
        minutes = np.mean([float(row["seconds"]) for row in group]) / 60
        tolerance = float(group[0]["tolerance_mm"])
        folds = len({row["fold"] for row in group})
        lines.append(
            f"| {training} | {organ} | {len(group)} | {folds} | {cells[0]} | {cells[1]} @ {tolerance:g} mm | "
            f"{cells[2]} | {cells[3]} | {cells[4].split(' ')[0]} | {minutes:.0f} |"
        )
    return "\n".join(lines)


def _print(fraction: float, text: str = "") -> None:
    print(f"\r{fraction:6.1%} {text:<70}", end="", flush=True)


def main() -> None:
    """Run a study, or print its table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("study", type=Path)
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--work", type=Path, default=Path(".work/studies"))
    options.add_argument("--only", help="one training by name")
    options.add_argument("--fold", type=int, help="one fold, so that several processes can share a study")
    options.add_argument("--predictions", action="store_true", help="also write the out-of-fold predictions")
    options.add_argument("--table", action="store_true", help="print the figures so far")
    chosen = options.parse_args()
    study = Study.read(chosen.study)
    wanted = [
        (training, fold)
        for training in study.trainings
        for fold in training.folds
        if chosen.only in (None, training.name) and chosen.fold in (None, fold)
    ]
    if not wanted:
        options.error(f"the study has no such training or fold; it has {', '.join(t.name for t in study.trainings)}")
    if chosen.table:
        print(as_markdown(read_table(study.table)))
        return
    cases = study.cases(chosen.data)
    for training, fold in wanted:
        if done(read_table(study.table), training, fold) and not chosen.predictions:
            continue
        new = run_fold(study, training, fold, cases, chosen.work, chosen.predictions)
        keep(study.table, training.name, fold, new)
    print(as_markdown(read_table(study.table)))


if __name__ == "__main__":
    main()
