"""What models say of scans that they had not seen, as result files: what the review benchmarks judge.

    python benchmarks/review/unseen.py hippocampus hippocampus-hmedn
    python benchmarks/review/unseen.py phantoms pelvis-mr-sgm

Writes CASE_seg.nii.gz and CASE_probabilities.nii.gz into ``--work``/SET/MODEL; what is there already is kept. Folders
of out-of-fold predictions that ``benchmarks/studies/run.py --predictions`` writes are read the same way.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.datasets import load_case, read_dataset
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.phantom import pelvis

sys.path.insert(0, str(Path(__file__).parents[1] / "studies"))
import real_pelvis

DATA = Path("../shared/data")
WORK = Path(".work/review")
CHOSEN_ON, JUDGED_ON = range(9100, 9112), range(9200, 9220)
"""Hard phantoms that no model was trained or chosen on: trainings draw theirs from a million upwards. The first chose
the score, the others judge it."""
Scan = tuple[str, str, Volume, LabelMap]
"""Case, patient, scan, reference."""


@dataclass(frozen=True)
class Task:
    """How the borders of a set are judged.

    Parameters
    ----------
    scheme : str
        Of the model's labels; the reference may have only some of its organs.
    axes : str
        That put the slices first.
    arc_mm, tolerance_mm : float
    scans : callable
        The folder of data sets, to what is judged.
    """

    scheme: str
    axes: str
    arc_mm: float
    tolerance_mm: float
    scans: Callable[[Path], Iterator[Scan]]


@dataclass(frozen=True, eq=False)
class Found:
    """One scan with its reference, and what a model says of it.

    Parameters
    ----------
    case, patient : str
    volume : Volume
    wanted, found : LabelMap
    probabilities : (classes, I, J, K) float32 array
    """

    case: str
    patient: str
    volume: Volume
    wanted: LabelMap
    found: LabelMap
    probabilities: np.ndarray


def _of_folder(data: Path, name: str, scheme: str, rows: tuple[str, ...]) -> Iterator[Scan]:
    for case in read_dataset(data / name, data / name / "splits.csv"):
        if case.split in rows:
            volume, wanted = load_case(case, preset(scheme))
            if wanted is not None:
                yield case.name, case.group or case.name, volume, wanted


def _phantoms(seeds: range) -> Iterator[Scan]:
    for seed in seeds:
        volume, wanted = pelvis(seed, difficulty="hard")
        yield f"phantom_{seed}", str(seed), volume, wanted


def _glands(data: Path) -> Iterator[Scan]:
    for volume, wanted in real_pelvis.pairs(real_pelvis.others(data)):
        yield wanted.name, wanted.name, volume, wanted


def _hippocampi(*rows: str) -> Task:
    return Task("hippocampus", "PRS", 5.0, 1.0, lambda data: _of_folder(data, "hippocampus", "hippocampus", rows))


def _pelves(scans: Callable[[Path], Iterator[Scan]]) -> Task:
    return Task("pelvis-mr", "SRA", 10.0, 2.0, scans)


SETS = {
    "hippocampus": _hippocampi("val"),
    "hippocampus-folds": _hippocampi("train"),
    "phantoms": _pelves(lambda data: _phantoms(JUDGED_ON)),
    "phantoms-chosen-on": _pelves(lambda data: _phantoms(CHOSEN_ON)),
    "promise12": _pelves(_glands),
    "sarcoma": Task(
        "sarcoma", "SRA", 10.0, 4.0, lambda data: _of_folder(data, "sarcoma_t1", "sarcoma", ("train", "val"))
    ),
}


def read(which: str, data: Path, folder: Path) -> Iterator[Found]:
    """The cases of a set of which a folder has result files."""
    for case, patient, volume, wanted in SETS[which].scans(data):
        labels, maps = (folder / f"{case}{end}" for end in ("_seg.nii.gz", "_probabilities.nii.gz"))
        if labels.is_file() and maps.is_file():
            found = formats.read_labels(labels, volume, preset(SETS[which].scheme))
            yield Found(case, patient, volume, wanted, found, np.asarray(formats.read(maps).array, np.float32))


def write(which: str, data: Path, model: str, folder: Path) -> None:
    """Predict every case of a set of which the folder has nothing yet."""
    from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
    from napari_boundaryseg.engine.inference.predictor import Predictor
    from napari_boundaryseg.session.export import export_files

    predictor = Predictor(load_model(model))
    for case, _, volume, _ in SETS[which].scans(data):
        if not (folder / f"{case}_probabilities.nii.gz").is_file():
            found = predictor.predict(volume, whole=True, any_modality=True, attention=False)
            export_files(volume, found.labels, found, {"labels", "probabilities"}, folder, case=case, overwrite=True)
            print(case, found.details["seconds"], flush=True)


def main() -> None:
    """Predict one set with one model."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("set", choices=SETS)
    options.add_argument("model")
    options.add_argument("--data", type=Path, default=DATA)
    options.add_argument("--work", type=Path, default=WORK)
    chosen = options.parse_args()
    write(chosen.set, chosen.data, chosen.model, chosen.work / chosen.set / chosen.model)


if __name__ == "__main__":
    main()
