"""Whether edges may be believed: the probability that a map gives to a border against the borders that people drew.

    python benchmarks/edges.py hippocampus-hmedn ../shared/data/hippocampus --split val
    python benchmarks/edges.py brain-tumour-bacnn brains      five synthetic brains with seeds that it never saw

For each model over the voxels within 5 mm of a reference border, and over whole scans: the expected calibration error
of ``edges``, and how well it ranks voxels at a border before others (area under the ROC curve). Beside it what
``edges`` were made of before: the largest contour map of any organ. Of the edges above a half: the share that lies two
voxels or more from every true one, and how many are true, and of the true ones are found; means and SDs over cases.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from scipy import ndimage
from scipy.stats import rankdata

from napari_boundaryseg.data.datasets import load_case, read_dataset
from napari_boundaryseg.data.mean_sd import mean_sd
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model
from napari_boundaryseg.engine.inference.assembling.reliability import border, near_border, reliability
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.phantom import brain

UNSEEN = range(90210, 90215)
FAR_VOX = 2.0
Shares = tuple[float, float, float]
Pairs = list[tuple[np.ndarray, np.ndarray]]


def auc(values: np.ndarray, so: np.ndarray) -> float:
    """The share of pairs of a voxel at a border and another in which the first has the higher value."""
    ranks, n = rankdata(values), int(so.sum())
    return float((ranks[so].sum() - n * (n + 1) / 2) / (n * (so.size - n)))


def labelled(folder: str, split: str, model: LoadedModel) -> Iterator[tuple[Volume, LabelMap]]:
    """The cases of a data set that have labels, or synthetic brains."""
    if folder == "brains":
        yield from (brain(seed, (74, 86, 70), 2.0, varied=True) for seed in UNSEEN)
        return
    for case in read_dataset(folder):
        scan, labels = load_case(case, model.card.recipe.scheme) if case.split == split else (None, None)
        if scan is not None and labels is not None:
            yield scan, labels


def at_a_half(edges: np.ndarray, so: np.ndarray) -> Shares:
    """Of the edges above a half, the share far from every true one, precision and recall; none at all find nothing."""
    on = edges > 0.5
    if not on.any():
        return 0.0, 0.0, 0.0
    far = ndimage.distance_transform_edt(~so)[on] >= FAR_VOX
    return float(far.mean()), float(so[on].mean()), float(on[so].mean())


def measure(name: str, folder: str, split: str) -> tuple[list[Shares], dict[str, tuple[Pairs, Pairs]]]:
    """`at_a_half` of each case, and for each map its values with whether a border was drawn: near one, everywhere."""
    model = load_model(name)
    predictor = Predictor(model, "cpu")
    found: dict[str, tuple[Pairs, Pairs]] = {}
    shares: list[Shares] = []
    for scan, labels in labelled(folder, split, model):
        result = predictor.predict(scan, attention=False, whole=True)
        so, near = border(labels), near_border(labels)
        shares.append(at_a_half(result.edges, so))
        maps = {"edges": result.edges, "largest contour map": np.max(list(result.contours.values()), axis=0)}
        for what, values in maps.items():
            close, whole = found.setdefault(what, ([], []))
            close.append((values[near], so[near]))
            whole.append((values.ravel(), so.ravel()))
    return shares, found


def joined(pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """The voxels of all cases."""
    values, so = zip(*pairs, strict=True)
    return np.concatenate(values), np.concatenate(so)


def main() -> None:
    """Measure, and print a row for each map."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("folder", help="a data set with labels, or brains")
    parser.add_argument("--split", default="val", help="the cases of its table that are judged (default: val)")
    chosen = parser.parse_args()
    shares, found = measure(chosen.model, chosen.folder, chosen.split)
    print(f"{chosen.model}, {len(shares)} cases")
    print("| map | error within 5 mm | error, whole scans | area under the ROC curve |")
    print("|---|---|---|---|")
    for what, (close, whole) in found.items():
        (values, so), (every, where) = joined(close), joined(whole)
        errors = reliability(values, so).error, reliability(every, where).error
        print(f"| {what} | {errors[0]:.3f} | {errors[1]:.3f} | {auc(values, so):.3f} |")
    far, precision, recall = (mean_sd(column).text(2) for column in zip(*shares, strict=True))
    print(f"\nedges above a half: {far} far from every border, precision {precision}, recall {recall}")


if __name__ == "__main__":
    main()
