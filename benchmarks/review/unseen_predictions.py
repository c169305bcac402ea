"""Predictions of shipped models for cases that they had not learned from, in the folders that `band.py` takes.

python benchmarks/review/unseen_predictions.py hippocampus .work/unseen/hippocampus   29 val cases, -hmedn
python benchmarks/review/unseen_predictions.py promise12 .work/unseen/promise12         30 glands, pelvis-mr-sgm

python benchmarks/review/band.py --unseen hippocampus --predictions .work/unseen/hippocampus
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from napari_boundaryseg.data.datasets import Case, load_labelled, read_dataset
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.session.export import export_files

sys.path.insert(0, str(Path(__file__).parents[1] / "studies"))
import real_pelvis

Labelled = list[tuple[Case, Volume, LabelMap]]


def hippocampi(data: Path) -> Labelled:
    """The validation cases."""
    folder = data / "hippocampus"
    cases = [case for case in read_dataset(folder, folder / "splits.csv") if case.split == "val"]
    return [(case, *pair) for case, pair in zip(cases, load_labelled(cases, preset("hippocampus")), strict=True)]


def glands(data: Path) -> Labelled:
    """PROMISE12, whose voxel size is a guess: millimetres are, too."""
    cases = real_pelvis.others(data)
    return [(case, *pair) for case, pair in zip(cases, real_pelvis.pairs(cases), strict=True)]


UNSEEN: dict[str, tuple[str, str, Callable[[Path], Labelled]]] = {
    "hippocampus": ("hippocampus-hmedn", "hippocampus val, hippocampus-hmedn", hippocampi),
    "promise12": ("pelvis-mr-sgm", "PROMISE12, pelvis-mr-sgm", glands),
}
"""The model, what the set is called, and its cases."""


def main() -> None:
    """Predict what is not predicted yet."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("kind", choices=list(UNSEEN))
    options.add_argument("folder", type=Path)
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    chosen = options.parse_args()
    model, _, cases = UNSEEN[chosen.kind]
    predictor = Predictor(load_model(model))
    for case, volume, _ in cases(chosen.data):
        if not (chosen.folder / f"{case.name}_probabilities.nii.gz").is_file():
            found = predictor.predict(volume, whole=True, attention=False, any_modality=True)
            export_files(
                volume, found.labels, found, {"labels", "probabilities"}, chosen.folder, case=case.name, overwrite=True
            )
            print(case.name, flush=True)


if __name__ == "__main__":
    main()
