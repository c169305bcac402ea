"""Dataset layouts: images/ + labels/, nnU-Net raw, Decathlon, MONAI Label, BraTS, KiTS, PROMISE12."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_boundaryseg.data.formats.format import suffixes
from napari_boundaryseg.errors import InputError

BRATS_CHANNELS = ("t1", "t1c", "t2", "flair")
_BRATS_OLD = {"t1": "t1", "t1ce": "t1c", "t2": "t2", "flair": "flair", "seg": "seg"}
_BRATS_NEW = {"t1n": "t1", "t1c": "t1c", "t2w": "t2", "t2f": "flair", "seg": "seg"}


@dataclass(frozen=True)
class Case:
    """The files of one scan and its labels.

    Parameters
    ----------
    name : str
    images : tuple of Path
        One file (or DICOM folder) per channel.
    label : Path or None
    group : str
        Cases of one group (a patient) are never divided between training and test.
    split : str
        ``"train"``, ``"val"``, ``"test"``, or ``""`` where nobody said.
    channels : tuple of str
        Names of the channels where the layout knows them.
    scheme : str
        The preset that its integers follow, where the layout says it.
    """

    name: str
    images: tuple[Path, ...]
    label: Path | None
    group: str = ""
    split: str = ""
    channels: tuple[str, ...] = ()
    scheme: str = ""


def cases_in(folder: Path) -> list[Case]:
    """The cases of a folder, in the first layout that finds any.

    Raises
    ------
    InputError
        When there is no such folder, or nothing in it looks like labelled scans.
    """
    if not folder.is_dir():
        raise InputError(folder, "there is no such folder", "Check the name")
    for layout in LAYOUTS:
        cases = layout(folder)
        if cases is not None:
            return cases
    raise InputError(
        folder,
        "it holds no cases",
        "Give images/ and labels/, nnU-Net raw, MSD (dataset.json), MONAI Label, BraTS, KiTS or PROMISE12",
    )


def decathlon(folder: Path) -> list[Case] | None:
    """A task of the Medical Segmentation Decathlon: ``dataset.json`` lists the files."""
    if not (folder / "dataset.json").is_file():
        return None
    listing = _listing(folder / "dataset.json")
    if "training" not in listing:
        return None
    items = [
        (split, entry if isinstance(entry, dict) else {"image": entry})
        for split, entries in (("", listing["training"]), ("test", listing.get("test") or []))
        for entry in entries
    ]
    _refuse(
        [
            fault
            for _, item in items
            for name in (item.get("image"), item.get("label") or item.get("image"))
            if (fault := _fault(folder, name)) is not None
        ]
    )
    return [
        Case(stem(image), (image,), folder / item["label"] if item.get("label") else None, split=split)
        for split, item in items
        if not (image := folder / item["image"]).name.startswith("._")
    ]


def nnunet(folder: Path) -> list[Case] | None:
    """nnU-Net v2 raw: ``imagesTr`` and ``labelsTr``, channels numbered ``_0000`` and on."""
    if not (folder / "imagesTr").is_dir():
        return None
    return _paired(folder / "imagesTr", folder / "labelsTr") + _paired(folder / "imagesTs", folder / "labelsTs", "test")


def plain(folder: Path) -> list[Case] | None:
    """``images/`` and ``labels/`` with equal names."""
    return _paired(folder / "images", folder / "labels") if (folder / "images").is_dir() else None


def monai_label(folder: Path) -> list[Case] | None:
    """A MONAI Label data store: scans in the folder, what a person accepted in ``labels/final``."""
    labels = folder / "labels" / "final"
    return _paired(folder, labels) if labels.is_dir() else None


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
    _refuse(faults)
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


LAYOUTS = (decathlon, nnunet, plain, monai_label, kits, promise12, brats)


def _paired(images: Path, labels: Path, split: str = "") -> list[Case]:
    """Images and labels of equal name; images that differ only in ``_0000`` are the channels of one case."""
    known = {stem(path): path for path in _entries(labels)}
    channels: dict[str, list[Path]] = {}
    for path in _entries(images):
        whole = stem(path)
        name = whole if whole in known else re.sub(r"(?<=.)_\d{4}$", "", whole)
        channels.setdefault(name, []).append(path)
    return [Case(name, tuple(paths), known.get(name), split=split) for name, paths in channels.items()]


def _entries(folder: Path) -> list[Path]:
    """Scans of a folder: files that can be read and DICOM folders, never hidden or macOS companion files."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".")
        and not (path.name == "labels" and path.is_dir())
        and (path.is_dir() or (path.is_file() and path.name.lower().endswith(suffixes())))
    )


def stem(path: Path) -> str:
    """The file's name without its suffix, channel number kept."""
    endings = [suffix for suffix in suffixes() if path.name.lower().endswith(suffix)]
    return path.name[: -max(map(len, endings))] if endings and not path.is_dir() else path.name


def _listing(file: Path) -> dict[str, Any]:
    try:
        listing = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(file, "it is no valid JSON", "Correct it or remove it") from error
    if not isinstance(listing, dict) or not isinstance(listing.get("training", []), list):
        raise InputError(file, "it does not list its cases as the Medical Segmentation Decathlon does", "Correct it")
    return listing


def _fault(folder: Path, name: object) -> InputError | None:
    """What is wrong with a listed file, which must exist and lie in the folder."""
    file = folder / "dataset.json"
    if not isinstance(name, str):
        return InputError(file, "an entry names no image", "Correct it")
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        return InputError(file, f"it names {Path(name).name}, which lies outside the folder", "Move the file inside")
    if not path.exists():
        return InputError(file, f"it names {path.name}, which is not there", "Add the file or remove its entry")
    return None


def _refuse(faults: list[InputError]) -> None:
    """Raise one error that tells all of them, each once."""
    messages = list(dict.fromkeys((fault.subject, fault.reason) for fault in faults))
    if len(messages) == 1:
        raise faults[0]
    if len({subject for subject, _ in messages}) == 1:
        raise InputError(messages[0][0], "; ".join(reason for _, reason in messages), "Correct or remove them")
    if messages:
        raise InputError(
            f"{len(messages)} cases", "; ".join(": ".join(one) for one in messages), "Correct or remove them"
        )
