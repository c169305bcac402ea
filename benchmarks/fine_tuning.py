"""Does fine-tuning do what a person means, and nothing else?

Two purposes, for shipped models of the hippocampus. *A correction*: eight training cases whose anterior part was
dilated by one voxel; on four others, which neither the model nor the fine-tuning saw, the gain in Dice to dilated
labels, and the share of the imposed change in volume that came about. *Nothing to correct*: eight, or three, cases
that experts drew and the model never saw; on ten others the change of the mean Dice, which should be none.

    python benchmarks/fine_tuning.py                             both purposes, hippocampus-sgm, seed 0
    python benchmarks/fine_tuning.py --model hippocampus-hmedn --seeds 0 1 2
    python benchmarks/fine_tuning.py --purpose correction --held-out 29
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from napari_boundaryseg.data.datasets import Case, load_case, read_dataset
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model
from napari_boundaryseg.engine.evaluation.folds import group_of
from napari_boundaryseg.engine.evaluation.paired_change import t_interval
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.training.fine_tune import fine_tune

MODEL = "hippocampus-sgm"
TRAINING, HELD_OUT = 8, 4
ANTERIOR = 1
LEAST_GAIN, LEAST_SHARE, MOST_SECONDS = 0.05, 0.5, 180.0
NEVER_SEEN = ("hippocampus_170", "hippocampus_259")
"""From and to: eight validation cases, of other persons than the first ten."""
JUDGES = 10
MOST_HARM = {8: -0.002, 3: -0.004}
"""Cases to what the mean Dice may lose."""


def dilated(labels: LabelMap) -> LabelMap:
    """The anterior part grown by one voxel along each axis, over whatever lay there."""
    array = labels.array.copy()
    array[ndimage.binary_dilation(array == ANTERIOR)] = ANTERIOR
    return LabelMap(array, labels.geometry, labels.scheme, labels.name)


def load(case: Case, model: LoadedModel) -> tuple[Volume, LabelMap]:
    """A scan with its labels."""
    volume, labels = load_case(case, model.card.recipe.scheme)
    if labels is None:
        raise SystemExit(f"{case.name} has no labels")
    return volume, labels


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Overlap of two masks."""
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def rows_of(before: LoadedModel, after: LoadedModel, held: list[tuple[Volume, LabelMap]]) -> list[dict[str, Any]]:
    """Dice to the dilated labels before and after, and how much of the imposed change in volume came about."""
    first, second = Predictor(before, device="cpu"), Predictor(after, device="cpu")
    rows = []
    for volume, labels in held:
        old = first.segment(volume, whole=True).labels.array == ANTERIOR
        new = second.segment(volume, whole=True).labels.array == ANTERIOR
        truth = dilated(labels).array == ANTERIOR
        imposed = int(truth.sum()) - int((labels.array == ANTERIOR).sum())
        rows.append(
            {
                "case": volume.name,
                "dice_before": round(dice(old, truth), 4),
                "dice_after": round(dice(new, truth), 4),
                "voxels_before": int(old.sum()),
                "voxels_after": int(new.sum()),
                "voxels_wanted": int(truth.sum()),
                "share_of_change": round((int(new.sum()) - int(old.sum())) / imposed, 3),
            }
        )
    return rows


def rows(data: Path) -> dict[str, list[Case]]:
    """Cases of the data set by their part."""
    cases = read_dataset(data / "hippocampus", data / "hippocampus" / "splits.csv")
    return {split: [case for case in cases if case.split == split] for split in ("train", "val")}


def correction(data: Path, name: str = MODEL, held_out: int = HELD_OUT, seed: int = 0) -> dict[str, Any]:
    """Fine-tune once to dilated labels; return seconds and a row for each held-out case."""
    found, model = rows(data), load_model(name)
    training = [load(case, model) for case in found["train"][:TRAINING]]
    held = [load(case, model) for case in found["val"][:held_out]]
    corrected = [(volume, dilated(labels)) for volume, labels in training]
    with tempfile.TemporaryDirectory() as work:
        tuned, seconds = tune(model, corrected, Path(work), seed, found["train"][:TRAINING])
        cases = rows_of(load_model(name), tuned, held)
    return {
        "purpose": "correction",
        "model": name,
        "seed": seed,
        "seconds": seconds,
        "taken": tuned.card.training.taken,
        "cases": cases,
        "gained_enough": sum(row["dice_after"] - row["dice_before"] >= LEAST_GAIN for row in cases),
        "moved_enough": sum(row["share_of_change"] >= LEAST_SHARE for row in cases),
    }


def nothing_to_correct(data: Path, name: str = MODEL, training: int = TRAINING, seed: int = 0) -> dict[str, Any]:
    """Fine-tune once on cases that experts drew; return the change of the mean Dice of others, with its interval."""
    val, model = rows(data)["val"], load_model(name)
    unseen = [case for case in val if NEVER_SEEN[0] <= case.name <= NEVER_SEEN[1]][:training]
    held = [load(case, model) for case in val[:JUDGES]]
    with tempfile.TemporaryDirectory() as work:
        tuned, seconds = tune(model, [load(case, model) for case in unseen], Path(work), seed, unseen)
        before, after = (mean_dice(one, held) for one in (load_model(name), tuned))
    mean, low, high = t_interval([new - old for old, new in zip(before, after, strict=True)])
    return {
        "purpose": "nothing to correct",
        "model": name,
        "seed": seed,
        "cases": len(unseen),
        "seconds": seconds,
        "taken": tuned.card.training.taken,
        "n": len(held),
        "change": mean,
        "interval": (low, high),
    }


def tune(
    model: LoadedModel, pairs: list[tuple[Volume, LabelMap]], work: Path, seed: int, cases: Sequence[Case]
) -> tuple[LoadedModel, float]:
    """The model that came of a fine-tuning at the defaults, and how many seconds it took."""
    began = time.perf_counter()
    patients = {case.name: group_of(case) for case in cases}  # both sides of a person
    path = fine_tune(model, pairs, work, seed=seed, device="cpu", patients=patients)
    return load_model(path), round(time.perf_counter() - began, 1)


def mean_dice(model: LoadedModel, held: list[tuple[Volume, LabelMap]]) -> list[float]:
    """Of each case, over its organs."""
    predictor = Predictor(model, device="cpu")
    values = []
    for volume, labels in held:
        found = predictor.segment(volume, whole=True).labels.array
        organs = [dice(found == organ, labels.array == organ) for organ in labels.scheme.ids]
        values.append(float(np.mean(organs)))
    return values


def good(result: dict[str, Any]) -> bool:
    """Whether a run does what its purpose asks for."""
    if result["purpose"] == "correction":
        return bool(result["gained_enough"] == result["moved_enough"] == len(result["cases"]))
    high = result["interval"][1]
    return result["change"] >= MOST_HARM[result["cases"]] and (high is None or high > 0)


PURPOSES = {
    "correction": lambda data, name, held_out, seed: [correction(data, name, held_out, seed)],
    "nothing": lambda data, name, held_out, seed: [nothing_to_correct(data, name, n, seed) for n in MOST_HARM],
}


def main() -> None:
    """Measure and print, one line of JSON a run; exit status 1 when one falls short."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--model", default=MODEL)
    options.add_argument("--purpose", choices=PURPOSES, help="one of them; both by default")
    options.add_argument("--held-out", type=int, default=HELD_OUT, help="judges of a correction")
    options.add_argument("--seeds", type=int, nargs="*", default=[0])
    chosen = options.parse_args()
    bad = 0
    for seed in chosen.seeds:
        for purpose in [chosen.purpose] if chosen.purpose else PURPOSES:
            for result in PURPOSES[purpose](chosen.data, chosen.model, chosen.held_out, seed):
                fine = good(result) and result["seconds"] <= MOST_SECONDS
                bad += not fine
                print(json.dumps({**result, "good": fine}), flush=True)
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
