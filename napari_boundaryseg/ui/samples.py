"""The scans that come with the program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_boundaryseg.data import formats
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.ui.layers.scan import scan_data

PACKAGE = Path(__file__).parents[1]


def folder() -> Path:
    """Where the samples are: in the installed package, or beside it in a checkout."""
    for place in (PACKAGE / "sample_data", PACKAGE.parent / "sample_data"):
        if place.is_dir():
            return place
    raise InputError("sample_data", "the samples were not installed", "Install napari-boundaryseg again")


@dataclass(frozen=True)
class Sample:
    """One sample scan: its key in napari.yaml and the name of its function here, its title, its files."""

    key: str
    title: str
    files: tuple[str, ...]
    command: str = ""
    """The end of its command's id in napari.yaml; made from the key by default."""

    def layers(self) -> list[Any]:
        """The scan as napari layer data."""
        return scan_data(formats.read(*self.paths()))

    def paths(self) -> list[Path]:
        """Where its files, or its DICOM folder, are."""
        return [folder() / name for name in self.files]


SAMPLES = (
    Sample("pelvis_mr", "Synthetic pelvis, T2-like MR", ("pelvis_mr.nii.gz",)),
    Sample("pelvis_ct", "Synthetic pelvis, CT-like", ("pelvis_ct.nii.gz",)),
    Sample("pelvis_dicom", "Synthetic pelvis, DICOM series", ("pelvis_dicom",)),
    Sample("brain", "Synthetic brain, four channels", tuple(f"brain_{c}.nii.gz" for c in ("t1", "t1c", "t2", "flair"))),
    Sample("two_parts", "Synthetic brain structure of two parts", ("two_parts.nii.gz",), "sample_structure"),
)


def _opener(sample: Sample) -> Callable[[], list[Any]]:
    def layers() -> list[Any]:
        return sample.layers()

    layers.__name__, layers.__doc__ = sample.key, sample.title
    return layers


globals().update({sample.key: _opener(sample) for sample in SAMPLES})
