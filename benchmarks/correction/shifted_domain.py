"""Fine-tuning on five corrected cases of another scanner: the gain there, and the loss on the scans of before.

    python benchmarks/correction/shifted_domain.py                       the whole network, seeds 0 1 2
    python benchmarks/correction/shifted_domain.py --set part=decoder --seeds 0
    python benchmarks/correction/shifted_domain.py --table               what the CSV says

Hippocampi of five persons of the training rows, as another scanner might have made them (see `adapt.other_scanner`),
are taught to a shipped model. The 29 validation cases judge, which neither the model nor the fine-tuning saw: as the
other scanner shows them, for the gain in surface Dice at each organ's tolerance; as they are, for the loss of Dice on
the old domain. Each seed draws other persons. Intervals are those of t over the persons who judge, each with the mean
of its sides. Seconds are of the fine-tuning, by the clock, with two threads; processor seconds are those of both
together, twice the time on two cores that nobody else uses (empty where they were not measured). The CSV beside this
file has a row for each run, scan and case.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from adapt import other_scanner

from napari_boundaryseg.data.datasets import Case, load_case, read_dataset
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model
from napari_boundaryseg.engine.evaluation.folds import group_of
from napari_boundaryseg.engine.evaluation.paired_change import t_interval
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.recipes.tuning import FineTuneSettings
from napari_boundaryseg.engine.training.fine_tune import fine_tune

MODEL = "hippocampus-sgm"
TAUGHT = 5
LEAST_GAIN, MOST_LOSS, MOST_SECONDS = 0.0, 0.01, 600.0
"""The interval of the gain lies above the first; the loss of mean Dice is at most the second."""
CORES = 2
SCANS = ("other scanner", "unchanged")
TABLE = Path(__file__).with_suffix(".csv")
COLUMNS = ("model", "settings", "seed", "taken", "seconds", "cpu_seconds", "scan", "case", "person")
VALUES = ("dsc_before", "dsc_after", "surface_dice_before", "surface_dice_after")


def seen_by_another(case: Case, model: LoadedModel) -> tuple[Volume, LabelMap]:
    """A case as another scanner might have made it, always the same."""
    volume, labels = load(case, model)
    return other_scanner(volume, np.random.default_rng(int(case.name.rpartition("_")[2]))), labels


def load(case: Case, model: LoadedModel) -> tuple[Volume, LabelMap]:
    """A scan with its labels."""
    volume, labels = load_case(case, model.card.recipe.scheme)
    if labels is None:
        raise SystemExit(f"{case.name} has no labels")
    return volume, labels


def rows(data: Path) -> dict[str, list[Case]]:
    """Cases of the data set by their part."""
    cases = read_dataset(data / "hippocampus", data / "hippocampus" / "splits.csv")
    return {split: [case for case in cases if case.split == split] for split in ("train", "val")}


def five(cases: Sequence[Case], seed: int) -> list[Case]:
    """One case each of so many persons."""
    persons = sorted({group_of(case) for case in cases})
    drawn = np.random.default_rng([seed, 5]).permutation(persons)[:TAUGHT]
    return [next(case for case in cases if group_of(case) == person) for person in drawn]


def scored(model: LoadedModel, pairs: Sequence[tuple[Volume, LabelMap]]) -> list[tuple[float, float]]:
    """Mean Dice and mean surface Dice over the organs of each case."""
    predictor, found = Predictor(model, device="cpu"), []
    for volume, labels in pairs:
        organs = evaluate(predictor.segment(volume, whole=True).labels, labels)
        names = [organ.name for organ in labels.scheme.organs]
        means = [float(np.mean([organs[name][metric] for name in names])) for metric in ("dsc", "surface_dice")]
        found.append((means[0], means[1]))
    return found


def run(data: Path, name: str, settings: FineTuneSettings, seed: int) -> list[dict[str, Any]]:
    """One fine-tuning and its judges: a row for each of them and each scan."""
    found, model = rows(data), load_model(name)
    taught, judging = five(found["train"], seed), found["val"]
    pairs = [seen_by_another(case, model) for case in taught]
    began, used = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as work:
        path = fine_tune(model, pairs, Path(work), seed=seed, device="cpu", **settings.model_dump())
        seconds, processor = time.perf_counter() - began, time.process_time() - used
        tuned = load_model(path)
    head = {
        "model": name,
        "settings": said(settings),
        "seed": seed,
        "taken": tuned.card.training.taken,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(processor, 1),
    }
    result = []
    for scan, loaded in zip(SCANS, (seen_by_another, load), strict=True):
        judges = [loaded(case, model) for case in judging]
        before, after = (scored(one, judges) for one in (load_model(name), tuned))
        for case, old, new in zip(judging, before, after, strict=True):
            values = dict(zip(VALUES, (old[0], new[0], old[1], new[1]), strict=True))
            result.append({**head, "scan": scan, "case": case.name, "person": group_of(case), **_rounded(values)})
    return result


def said(settings: FineTuneSettings) -> str:
    """What differs from the defaults, in words."""
    usual = FineTuneSettings()
    changed = {key: value for key, value in settings.model_dump().items() if value != getattr(usual, key)}
    return " ".join(f"{key}={value}" for key, value in changed.items()) or "defaults"


def changes(table: Sequence[dict[str, str]], metric: str) -> list[float]:
    """Of each person, over its sides."""
    by_person: dict[str, list[float]] = defaultdict(list)
    for row in table:
        by_person[row["person"]].append(float(row[f"{metric}_after"]) - float(row[f"{metric}_before"]))
    return [float(np.mean(values)) for values in by_person.values()]


def told(table: Sequence[dict[str, str]]) -> tuple[str, bool]:
    """One line on one run, and whether it meets the bars."""
    first, parts = table[0], []
    good = min(float(first["seconds"]), float(first["cpu_seconds"] or "inf") / CORES) <= MOST_SECONDS
    for scan, metric in (("other scanner", "surface_dice"), ("other scanner", "dsc"), ("unchanged", "dsc")):
        of_scan = [row for row in table if row["scan"] == scan]
        mean, low, high = t_interval(changes(of_scan, metric))
        start = np.mean([float(row[f"{metric}_before"]) for row in of_scan])
        parts.append(f"{scan} {metric} {start:.3f} {mean:+.4f} [{low:+.4f}, {high:+.4f}]")
        if metric == "surface_dice":
            good &= low is not None and low > LEAST_GAIN
        elif scan == "unchanged":
            good &= mean is not None and mean >= -MOST_LOSS
    took = f"{first['seconds']} s ({first['cpu_seconds'] or '?'} of the processor)"
    head = f"{first['model']}, {first['settings']}, seed {first['seed']}: taken {first['taken']}, {took}"
    return f"{head}; {'; '.join(parts)}; {'meets the bars' if good else 'falls short'}", good


def read() -> list[dict[str, str]]:
    """What was measured."""
    if not TABLE.is_file():
        return []
    with TABLE.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def add(measured: Sequence[dict[str, Any]]) -> None:
    """Put rows at the end of the table."""
    new = not TABLE.is_file()
    with TABLE.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, (*COLUMNS, *VALUES), lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows(measured)


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def main() -> None:
    """Measure what is not there, print a line for each run; exit status 1 when one at the defaults falls short."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--model", default=MODEL)
    options.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    options.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="other settings than the defaults")
    options.add_argument("--table", action="store_true", help="measure nothing")
    chosen = options.parse_args()
    torch.set_num_threads(CORES)
    settings = FineTuneSettings.model_validate(dict(one.split("=") for one in chosen.set))
    for seed in [] if chosen.table else chosen.seeds:
        key = (chosen.model, said(settings), str(seed))
        if not any((row["model"], row["settings"], row["seed"]) == key for row in read()):
            add(run(chosen.data, chosen.model, settings, seed))
    runs: dict[tuple[str, str, str], list[dict[str, str]]] = defaultdict(list)
    for row in read():
        runs[row["model"], row["settings"], row["seed"]].append(row)
    bad = 0
    for (_, named, _), table in runs.items():
        line, good = told(table)
        bad += not good and named == "defaults"
        print(line, flush=True)
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
