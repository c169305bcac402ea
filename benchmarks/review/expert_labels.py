"""Expert labels for rules to be tried on: three sets, each patient in one of two halves for good."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import LabelScheme, Organ, preset
from napari_boundaryseg.data.volume import LabelMap

ZONES = LabelScheme(
    name="prostate zones",
    organs=(
        Organ(id=1, name="Prostate_PZ", colour="#56B4E9", boundary="blurry"),
        Organ(id=2, name="Prostate_TZ", colour="#E69F00", boundary="blurry"),
    ),
)


@dataclass(frozen=True)
class Case:
    """One label map, whose patient belongs to the half on which limits are set, or to the one that judges."""

    set_name: str
    name: str
    patient: str
    half: str
    labels: LabelMap
    axis: int


def half_of(set_name: str, patient: str) -> str:
    """``set`` or ``judge``, by the first byte of a hash; both hippocampi of a person are one patient."""
    return ("set", "judge")[hashlib.sha256(f"{set_name}/{patient}".encode()).digest()[0] % 2]


def cases(root: Path) -> Iterator[Case]:
    """Every case of the three sets, in the order of their names."""
    for set_name, scheme, axis in (("hippocampus", "hippocampus", 1), ("sarcoma_t1", "sarcoma", 2)):
        with (root / set_name / "splits.csv").open() as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            if set_name == "sarcoma_t1" or row["split"] == "train":
                path = root / set_name / "labels" / f"{row['case']}.nii.gz"
                labels = formats.read_labels(path, scheme=preset(scheme))
                patient = row["group"]
                yield Case(set_name, row["case"], patient, half_of(set_name, patient), labels, axis)
    for path in sorted((root / "prostate_label_maps").glob("*.nii.gz")):
        name = path.name.partition(".")[0]
        labels = formats.read_labels(path, scheme=ZONES)
        half = half_of("prostate_label_maps", name)
        yield Case("prostate_label_maps", name, name, half, labels, 2)
