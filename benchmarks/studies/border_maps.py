"""Whether out-of-fold edges and contours of a study say anything of where the border is.

    python benchmarks/studies/run.py benchmarks/studies/sarcoma.toml --only sgm --predictions
    python benchmarks/studies/border_maps.py benchmarks/studies/sarcoma.toml sgm

Of each case that was predicted, within 5 mm of the reference border: the area under the ROC curve of the map for the
voxels at the border (0.5: it says nothing), and its mean there and 4 mm away. Means over cases.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.stats import rankdata

from napari_boundaryseg.data.datasets import load_case
from napari_boundaryseg.engine.evaluation.study import Study
from napari_boundaryseg.engine.inference.assembling.reliability import border, near_border

MAPS = ("edges", "contours")
AWAY_MM = (3.5, 4.5)


def area(values: np.ndarray, so: np.ndarray) -> float:
    """Area under the ROC curve, by ranks."""
    ranks, yes = rankdata(values), int(so.sum())
    return float((ranks[so].sum() - yes * (yes + 1) / 2) / (yes * (len(so) - yes)))


def main() -> None:
    """Measure what is there and print a table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("study", type=Path)
    options.add_argument("training")
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--work", type=Path, default=Path(".work/studies"))
    chosen = options.parse_args()
    study = Study.read(chosen.study)
    training = study.training(chosen.training)
    folder = study.predictions_folder(training, chosen.work)
    found: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in MAPS}
    for case in study.cases(chosen.data):
        if not (folder / f"{case.name}_edges.nii.gz").is_file():
            continue
        _, labels = load_case(case, training.wanted.scheme)
        if labels is None:
            continue
        at, near = border(labels), near_border(labels)
        away = distance_transform_edt(~at, sampling=labels.spacing_mm)
        beyond = (away > AWAY_MM[0]) & (away < AWAY_MM[1])
        for kind, rows in found.items():
            values = np.asarray(nib.load(folder / f"{case.name}_{kind}.nii.gz").dataobj, float)
            values = values.max(axis=-1) if values.ndim == 4 else values
            rows.append((area(values[near], at[near]), values[at].mean(), values[beyond].mean()))
    print("| map | cases | area under the ROC curve | at the border | 4 mm away |\n|---|---|---|---|---|")
    for kind, rows in found.items():
        mean = np.mean(rows, axis=0)
        print(f"| {kind} | {len(rows)} | {mean[0]:.2f} | {mean[1]:.2f} | {mean[2]:.2f} |")


if __name__ == "__main__":
    main()
