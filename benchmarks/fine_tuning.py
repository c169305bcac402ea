"""Does fine-tuning do what a person means? Their anterior hippocampus is one voxel wider than the model's.

Eight training cases whose anterior part was dilated by one voxel teach `hippocampus-sgm`; on four cases of other
subjects its Dice to the dilated labels, and the share of the imposed change in volume that it took over, are printed.

    python benchmarks/fine_tuning.py                    cases of the validation rows, which the model never saw
    python benchmarks/fine_tuning.py --rows train       the rows that the rate and the steps were chosen on
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
from napari_boundaryseg.engine.checkpoint import LoadedModel, load_model
from napari_boundaryseg.engine.fine_tune import fine_tune
from napari_boundaryseg.engine.predictor import Predictor
from napari_boundaryseg.engine.recipe import TUNING_STEPS

MODEL = "hippocampus-sgm"
TRAINING, HELD_OUT = 8, 4
ANTERIOR = 1
LEAST_GAIN, LEAST_SHARE, MOST_SECONDS = 0.05, 0.5, 180.0


def choose(cases: list[Case]) -> tuple[list[Case], list[Case]]:
    """The first subjects for training, the next for the test; none on both sides."""
    groups = sorted({case.group for case in cases})
    ordered = sorted(cases, key=lambda case: (groups.index(case.group), case.name))
    training = ordered[:TRAINING]
    taken = {case.group for case in training}
    return training, [case for case in ordered if case.group not in taken][:HELD_OUT]


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
        rows.append({
            "case": volume.name,
            "dice_before": round(dice(old, truth), 4),
            "dice_after": round(dice(new, truth), 4),
            "voxels_before": int(old.sum()),
            "voxels_after": int(new.sum()),
            "voxels_wanted": int(truth.sum()),
            "share_of_change": round((int(new.sum()) - int(old.sum())) / imposed, 3),
        })
    return rows


def measure(data: Path, rows: str = "val", steps: int = TUNING_STEPS, seed: int = 0) -> dict[str, Any]:
    """Fine-tune once; return seconds and a row for each held-out case."""
    folder = data / "hippocampus"
    cases = [case for case in read_dataset(folder, folder / "splits.csv") if case.split == rows]
    model = load_model(MODEL)
    training, held = ([load(case, model) for case in part] for part in choose(cases))
    with tempfile.TemporaryDirectory() as work:
        began = time.perf_counter()
        corrected = [(volume, dilated(labels)) for volume, labels in training]
        path = fine_tune(model, corrected, Path(work), steps=steps, seed=seed, device="cpu")
        seconds = time.perf_counter() - began
        found = rows_of(load_model(MODEL), load_model(path), held)
    return {"rows": rows, "steps": steps, "seconds": round(seconds, 1), "cases": found}


def good(result: dict[str, Any]) -> bool:
    """Whether each held-out case gained enough Dice and moved far enough."""
    return all(row["dice_after"] - row["dice_before"] >= LEAST_GAIN and row["share_of_change"] >= LEAST_SHARE
               for row in result["cases"])


def main() -> None:
    """Measure and print; exit status 1 when a case falls short."""
    options = argparse.ArgumentParser(description="Fine-tuning to dilated labels")
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--rows", choices=("train", "val"), default="val")
    options.add_argument("--steps", type=int, default=TUNING_STEPS)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    result = measure(chosen.data, chosen.rows, chosen.steps, chosen.seed)
    print(json.dumps(result, indent=2))
    raise SystemExit(0 if good(result) and result["seconds"] <= MOST_SECONDS else 1)


if __name__ == "__main__":
    main()
