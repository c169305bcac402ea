"""Does fine-tuning do what a person means? Their anterior hippocampus is one voxel wider than the model's.

Eight training cases whose anterior part was dilated by one voxel teach `hippocampus-sgm`. On other cases, which neither
the model nor the fine-tuning saw, its Dice to the dilated labels and the share of the imposed change in volume that it
took over are printed.

    python benchmarks/fine_tuning.py                    the first eight training rows, the first four validation rows
    python benchmarks/fine_tuning.py --held-out 29      all validation rows
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from napari_boundaryseg.data.datasets import Case, load_case, read_dataset
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.recipes.recipe import TUNING_STEPS
from napari_boundaryseg.engine.training.fine_tune import fine_tune

MODEL = "hippocampus-sgm"
TRAINING, HELD_OUT = 8, 4
ANTERIOR = 1
LEAST_GAIN, LEAST_SHARE, MOST_SECONDS = 0.05, 0.5, 180.0


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
        old = first.predict(volume, whole=True).labels.array == ANTERIOR
        new = second.predict(volume, whole=True).labels.array == ANTERIOR
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


def measure(data: Path, held_out: int = HELD_OUT, steps: int = TUNING_STEPS, seed: int = 0) -> dict[str, Any]:
    """Fine-tune once; return seconds and a row for each held-out case."""
    folder = data / "hippocampus"
    cases = read_dataset(folder, folder / "splits.csv")
    model = load_model(MODEL)
    rows = {split: [case for case in cases if case.split == split] for split in ("train", "val")}
    training = [load(case, model) for case in rows["train"][:TRAINING]]
    held = [load(case, model) for case in rows["val"][:held_out]]
    with tempfile.TemporaryDirectory() as work:
        began = time.perf_counter()
        corrected = [(volume, dilated(labels)) for volume, labels in training]
        path = fine_tune(model, corrected, Path(work), steps=steps, seed=seed, device="cpu")
        seconds = time.perf_counter() - began
        found = rows_of(load_model(MODEL), load_model(path), held)
    return {
        "steps": steps,
        "seconds": round(seconds, 1),
        "cases": found,
        "gained_enough": sum(row["dice_after"] - row["dice_before"] >= LEAST_GAIN for row in found),
        "moved_enough": sum(row["share_of_change"] >= LEAST_SHARE for row in found),
    }


def good(result: dict[str, Any]) -> bool:
    """Whether each held-out case gained enough Dice and moved far enough."""
    return result["gained_enough"] == result["moved_enough"] == len(result["cases"])


def main() -> None:
    """Measure and print; exit status 1 when a case falls short."""
    options = argparse.ArgumentParser(description="Fine-tuning to dilated labels")
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--held-out", type=int, default=HELD_OUT)
    options.add_argument("--steps", type=int, default=TUNING_STEPS)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    result = measure(chosen.data, chosen.held_out, chosen.steps, chosen.seed)
    print(json.dumps(result, indent=2))
    raise SystemExit(0 if good(result) and result["seconds"] <= MOST_SECONDS else 1)


if __name__ == "__main__":
    main()
