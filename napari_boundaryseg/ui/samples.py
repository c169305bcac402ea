"""The scans that come with the program."""

from __future__ import annotations

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
    """One sample scan: its key in napari.yaml, its title, its files."""

    key: str
    title: str
    files: tuple[str, ...]

    def paths(self) -> list[Path]:
        """Where its files, or its DICOM folder, are."""
        return [folder() / name for name in self.files]


SAMPLES = (
    Sample("pelvis_mr", "Synthetic pelvis, T2-like MR", ("pelvis_mr.nii.gz",)),
    Sample("pelvis_ct", "Synthetic pelvis, CT-like", ("pelvis_ct.nii.gz",)),
    Sample("pelvis_dicom", "Synthetic pelvis, DICOM series", ("pelvis_dicom",)),
    Sample("brain", "Synthetic brain, four channels", tuple(f"brain_{c}.nii.gz" for c in ("t1", "t1c", "t2", "flair"))),
    Sample("two_parts", "Synthetic brain structure of two parts", ("two_parts.nii.gz",)),
)


def _layers(key: str) -> list[Any]:
    sample = next(s for s in SAMPLES if s.key == key)
    return scan_data(formats.read(*sample.paths()))


def pelvis_mr() -> list[Any]:
    """A full-size T2-like MR of a synthetic pelvis."""
    return _layers("pelvis_mr")


def pelvis_ct() -> list[Any]:
    """A CT-like scan of a synthetic pelvis."""
    return _layers("pelvis_ct")


def pelvis_dicom() -> list[Any]:
    """A synthetic pelvis as a DICOM series."""
    return _layers("pelvis_dicom")


def brain() -> list[Any]:
    """A synthetic brain with four channels."""
    return _layers("brain")


def two_parts() -> list[Any]:
    """A synthetic brain structure of two touching parts."""
    return _layers("two_parts")
