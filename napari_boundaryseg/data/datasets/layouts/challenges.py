"""Layouts of challenges, whose file names and integers are known: BraTS, KiTS, PROMISE12."""

from __future__ import annotations

import re
from pathlib import Path

from napari_boundaryseg.data.datasets.case import Case
from napari_boundaryseg.data.datasets.channel_names import BRATS_CHANNELS
from napari_boundaryseg.data.datasets.files import refuse
from napari_boundaryseg.errors import InputError

_BRATS_OLD = {"t1": "t1", "t1ce": "t1c", "t2": "t2", "flair": "flair", "seg": "seg"}
_BRATS_NEW = {"t1n": "t1", "t1c": "t1c", "t2w": "t2", "t2f": "flair", "seg": "seg"}


def kits(folder: Path) -> list[Case] | None:
    """KiTS: a folder per case with ``imaging.nii.gz`` and ``segmentation.nii.gz``."""
    found = []
    for image in sorted([*folder.glob("case_*/imaging.nii.gz"), *folder.glob("data/case_*/imaging.nii.gz")]):
        label = image.with_name("segmentation.nii.gz")
        found.append(
            Case(image.parent.name, (image,), label if label.is_file() else None, channels=("ct",), scheme="kits")
        )
    return found or None


def promise12(folder: Path) -> list[Case] | None:
    """PROMISE12: ``CaseNN.mhd`` and ``CaseNN_segmentation.mhd`` side by side."""
    found = []
    for image in sorted(folder.glob("Case[0-9]*.mhd")):
        if not image.stem.endswith("_segmentation"):
            label = image.with_name(f"{image.stem}_segmentation.mhd")
            found.append(
                Case(image.stem, (image,), label if label.is_file() else None, channels=("t2",), scheme="prostate")
            )
    return found or None


def brats(folder: Path) -> list[Case] | None:
    """BraTS: a folder per case (under HGG and LGG or not) with four channels, names of before or since 2023.

    Channels come as T1, T1c, T2, FLAIR. Since 2023 a name ends in the number of the visit: visits of one patient
    are a group.
    """
    found: list[Case | None] = []
    faults: list[InputError] = []
    for place in sorted({file.parent for file in folder.rglob("*.nii*") if not file.name.startswith(".")}):
        try:
            found.append(_brats_case(place))
        except InputError as error:
            faults.append(error)
    refuse(faults)
    return [case for case in found if case is not None] or None


def _brats_case(folder: Path) -> Case | None:
    for separator, names, scheme in (("_", _BRATS_OLD, "brats-2022"), ("-", _BRATS_NEW, "brats-2023")):
        files = {
            ours: file
            for theirs, ours in names.items()
            for ending in (".nii.gz", ".nii")
            if (file := folder / f"{folder.name}{separator}{theirs}{ending}").is_file()
        }
        if not set(BRATS_CHANNELS) & set(files):
            continue
        missing = [channel for channel in BRATS_CHANNELS if channel not in files]
        if missing:
            raise InputError(folder, f"its {', '.join(missing)} is missing", "Add the file or remove the case")
        group = re.sub(r"-\d{3}$", "", folder.name) if separator == "-" else folder.name
        return Case(
            folder.name,
            tuple(files[channel] for channel in BRATS_CHANNELS),
            files.get("seg"),
            group,
            channels=BRATS_CHANNELS,
            scheme=scheme,
        )
    return None
