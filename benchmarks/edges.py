"""Whether edges may be believed: the probability that a map gives to a border against the borders that people drew.

    python benchmarks/edges.py hippocampus-hmedn ../shared/data/hippocampus --split val

For each model over the voxels within 5 mm of a reference border, and over whole scans: the expected calibration error
of ``edges``, and how well it ranks voxels at a border before others (area under the ROC curve). Beside it what
``edges`` were made of before: the largest contour map of any organ.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.stats import rankdata

from napari_boundaryseg.data.datasets import load_case, read_dataset
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.inference.calibration import border, near_border, reliability
from napari_boundaryseg.engine.inference.predictor import Predictor

Pairs = list[tuple[np.ndarray, np.ndarray]]


def auc(values: np.ndarray, so: np.ndarray) -> float:
    """The share of pairs of a voxel at a border and another in which the first has the higher value."""
    ranks, n = rankdata(values), int(so.sum())
    return float((ranks[so].sum() - n * (n + 1) / 2) / (n * (so.size - n)))


def measure(name: str, folder: str, split: str) -> tuple[int, dict[str, tuple[Pairs, Pairs]]]:
    """How many cases, and for each map its values with whether a border was drawn: near one, and everywhere."""
    model = load_model(name)
    predictor = Predictor(model, "cpu")
    found: dict[str, tuple[Pairs, Pairs]] = {}
    cases = [case for case in read_dataset(folder) if case.split == split]
    for case in cases:
        scan, labels = load_case(case, model.card.recipe.scheme)
        if labels is None:
            continue
        result = predictor.predict(scan, attention=False)
        so, near = border(labels), near_border(labels)
        maps = {"edges": result.edges, "largest contour map": np.max(list(result.contours.values()), axis=0)}
        for what, values in maps.items():
            close, whole = found.setdefault(what, ([], []))
            close.append((values[near], so[near]))
            whole.append((values.ravel(), so.ravel()))
    return len(cases), found


def joined(pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """The voxels of all cases."""
    values, so = zip(*pairs, strict=True)
    return np.concatenate(values), np.concatenate(so)


def main() -> None:
    """Measure, and print a row for each map."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("folder", help="a data set with labels")
    parser.add_argument("--split", default="val", help="the cases of its table that are judged (default: val)")
    chosen = parser.parse_args()
    n, found = measure(chosen.model, chosen.folder, chosen.split)
    print(f"{chosen.model}, {n} cases\n| map | error within 5 mm | error, whole scans | area under the ROC curve |")
    print("|---|---|---|---|")
    for what, (close, whole) in found.items():
        (values, so), (every, where) = joined(close), joined(whole)
        errors = reliability(values, so).error, reliability(every, where).error
        print(f"| {what} | {errors[0]:.3f} | {errors[1]:.3f} | {auc(values, so):.3f} |")


if __name__ == "__main__":
    main()
