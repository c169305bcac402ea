"""Table of a study's scores: one CSV line per training, case and organ, that several processes write to. No torch."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from napari_boundaryseg.data.datasets import Case
from napari_boundaryseg.data.mean_sd import mean_sd
from napari_boundaryseg.data.metrics import Metric, metrics
from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.engine.evaluation.study import Training

Row = dict[str, Any]
ALSO = ("border_dsc",)
"""Metrics that are measured on request only, and that a study asks for."""


def scored() -> tuple[Metric, ...]:
    """The metrics of the table: those of which one way is better, and `ALSO`."""
    return tuple(metric for metric in metrics(ALSO) if metric.better != "neither")


def columns() -> tuple[str, ...]:
    """Of the CSV."""
    names = (metric.name for metric in scored())
    return ("training", "fold", "config", "case", "group", "organ", *names, "tolerance_mm", "prior_dsc", "seconds")


def rows_of_case(
    training: Training,
    fold: int,
    case: Case,
    scores: Mapping[str, Mapping[str, Any]],
    priors: Mapping[str, float],
    seconds: float,
) -> list[Row]:
    """One line per organ of a case.

    Parameters
    ----------
    training : Training
    fold : int
        The one that did not see the case.
    case : Case
    scores : mapping
        Organ to metrics, as `data.metrics.evaluate` gives them; those that it was not asked for stay empty.
    priors : mapping
        Organ to the Dice of a label prior that ignores the image, on this case; regions have none.
    seconds : float
        That the training took.
    """
    return [
        {
            "training": training.name,
            "fold": fold,
            "config": training.config,
            "case": case.name,
            "group": case.group,
            "organ": organ,
            **{metric.name: f"{row[metric.name]:.4f}" for metric in scored() if metric.name in row},
            "tolerance_mm": row["tolerance_mm"],
            "prior_dsc": f"{priors[organ]:.4f}" if organ in priors else "",
            "seconds": f"{seconds:.0f}",
        }
        for organ, row in scores.items()
    ]


def read_table(path: Path) -> list[Row]:
    """The rows so far."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def write_table(path: Path, rows: Iterable[Row]) -> None:
    """All rows, sorted, in one step. A metric that is newer than a row is empty there."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted(rows, key=lambda row: (row["training"], int(row["fold"]), row["case"], row["organ"])))
    atomic_text(path, text.getvalue())


def keep_fold(path: Path, training: str, fold: int, new: list[Row]) -> None:
    """Put a fold's rows in the place of its old ones, while no other process writes."""
    with FileLock(path.with_suffix(".lock")):
        others = [row for row in read_table(path) if (row["training"], int(row["fold"])) != (training, fold)]
        write_table(path, others + new)


def is_done(rows: Iterable[Row], training: Training, fold: int) -> bool:
    """Whether a fold was scored with these very settings."""
    wanted = (training.name, fold, training.config)
    return any((row["training"], int(row["fold"]), row["config"]) == wanted for row in rows)


def values(rows: Iterable[Row], column: str) -> list[float | None]:
    """The figures of a column; None in rows that are older than it."""
    return [float(row[column]) if row.get(column) else None for row in rows]


def as_markdown(rows: Iterable[Row]) -> str:
    """Mean and sample SD over cases, for each training and organ."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        found[row["training"], row["organ"]].append(row)
    shown = [metric for metric in scored() if any(row.get(metric.name) for group in found.values() for row in group)]
    head = ["training", "organ", "n", "folds", *(metric.heading for metric in shown)]
    head += ["tolerance (mm)", "label prior DSC", "training (min)"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for (training, organ), group in found.items():
        cells = [training, organ, str(len(group)), str(len({row["fold"] for row in group}))]
        cells += [mean_sd(values(group, metric.name)).text() for metric in shown]
        minutes = (mean_sd(values(group, "seconds")).mean or 0.0) / 60
        cells += [f"{float(group[0]['tolerance_mm']):g}", _mean(values(group, "prior_dsc")), f"{minutes:.0f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _mean(over: Iterable[float | None]) -> str:
    mean = mean_sd(over).mean
    return "-" if mean is None else f"{mean:.3f}"
