"""Folders of labelled scans, as people keep them, to a list of cases."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.errors import InputError

SPLITS = ("", "train", "val", "test")


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
    """

    name: str
    images: tuple[Path, ...]
    label: Path | None
    group: str = ""
    split: str = ""


def read_dataset(folder: str | Path, splits: str | Path | None = None) -> list[Case]:
    """The cases of a folder, sorted by name.

    Parameters
    ----------
    folder : str or Path
        ``images/`` and ``labels/`` with equal names; nnU-Net v2 raw (``imagesTr``, ``labelsTr``); or a Medical
        Segmentation Decathlon task (``dataset.json`` that lists its files).
    splits : str or Path, optional
        A CSV file with the columns ``case,group,split``; the folder's own ``splits.csv`` counts when there is one.

    Raises
    ------
    InputError
        When the folder is none of these, a listed file is missing or lies outside it, or a group is divided.
    """
    folder = Path(folder)
    cases = sorted(_cases(folder), key=lambda case: case.name)
    _refuse_repeated(folder, cases)
    table = Path(splits) if splits is not None else folder / "splits.csv"
    return with_splits(cases, table) if splits is not None or table.is_file() else cases


def load_case(case: Case, scheme: LabelScheme | None = None) -> tuple[Volume, LabelMap | None]:
    """A case's scan, and its labels on the scan's grid where it has any."""
    volume = replace(formats.read(*case.images), name=case.name)
    if case.label is None:
        return volume, None
    return volume, replace(formats.read_labels(case.label, volume, scheme), name=case.name)


def with_splits(cases: list[Case], table: Path) -> list[Case]:
    """The same cases with the group and split of a CSV table; a case that is not in it keeps its own."""
    rows = _rows(table)
    missing = sorted(set(rows) - {case.name for case in cases})
    if missing:
        raise InputError(
            table, f"it names {_some(missing)}, which the data lacks", "Correct the table or add the files"
        )
    found = [
        replace(case, group=rows[case.name][0], split=rows[case.name][1]) if case.name in rows else case
        for case in cases
    ]
    _refuse_divided(table, found)
    return found


def _cases(folder: Path) -> list[Case]:
    if not folder.is_dir():
        raise InputError(folder, "there is no such folder", "Check the name")
    if (folder / "dataset.json").is_file():
        listing = _listing(folder / "dataset.json")
        if "training" in listing:
            return _decathlon(folder, listing)
    if (folder / "imagesTr").is_dir():
        return _paired(folder / "imagesTr", folder / "labelsTr") + _paired(
            folder / "imagesTs", folder / "labelsTs", "test"
        )
    if (folder / "images").is_dir():
        return _paired(folder / "images", folder / "labels")
    raise InputError(
        folder,
        "it holds no cases",
        "Give a folder with images/ and labels/, an nnU-Net raw folder, or one with a dataset.json",
    )


def _paired(images: Path, labels: Path, split: str = "") -> list[Case]:
    """Images and labels of equal name; images that differ only in ``_0000`` are the channels of one case."""
    known = {_stem(path): path for path in _entries(labels)}
    channels: dict[str, list[Path]] = {}
    for path in _entries(images):
        stem = _stem(path)
        name = stem if stem in known else re.sub(r"(?<=.)_\d{4}$", "", stem)
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
        and (path.is_dir() or (path.is_file() and path.name.lower().endswith(formats.suffixes())))
    )


def _stem(path: Path) -> str:
    """The file's name without its suffix, channel number kept."""
    endings = [suffix for suffix in formats.suffixes() if path.name.lower().endswith(suffix)]
    return path.name[: -max(map(len, endings))] if endings and not path.is_dir() else path.name


def _listing(file: Path) -> dict[str, Any]:
    try:
        listing = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(file, "it is no valid JSON", "Correct it or remove it") from error
    if not isinstance(listing, dict) or not isinstance(listing.get("training", []), list):
        raise InputError(file, "it does not list its cases as the Medical Segmentation Decathlon does", "Correct it")
    return listing


def _decathlon(folder: Path, listing: dict[str, Any]) -> list[Case]:
    cases = []
    for split, entries in (("", listing["training"]), ("test", listing.get("test") or [])):
        for entry in entries:
            item = entry if isinstance(entry, dict) else {"image": entry}
            image = _inside(folder, item.get("image"))
            label = _inside(folder, item["label"]) if item.get("label") else None
            if not image.name.startswith("._"):
                cases.append(Case(_stem(image), (image,), label, split=split))
    return cases


def _inside(folder: Path, name: object) -> Path:
    """A listed file, which must exist and lie in the folder."""
    file = folder / "dataset.json"
    if not isinstance(name, str):
        raise InputError(file, "an entry names no image", "Correct it")
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InputError(file, f"it names {Path(name).name}, which lies outside the folder", "Move the file inside")
    if not path.exists():
        raise InputError(file, f"it names {path.name}, which is not there", "Add the file or remove its entry")
    return path


def _rows(table: Path) -> dict[str, tuple[str, str]]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as stream:
            lines = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(table, "it cannot be read as a table", "Save it as CSV in UTF-8") from error
    if not lines or "case" not in lines[0]:
        raise InputError(table, "it has no column named case", "Its columns are case,group,split")
    rows = {}
    for line in lines:
        name, group, split = ((line.get(key) or "").strip() for key in ("case", "group", "split"))
        if split not in SPLITS:
            raise InputError(table, f"{name} has the split {split!r}", "Use train, val or test")
        if name in rows:
            raise InputError(table, f"{name} stands there twice", "Keep one of its lines")
        rows[name] = (group, split)
    return rows


def _refuse_divided(table: Path, cases: Iterable[Case]) -> None:
    where: dict[str, str] = {}
    for case in cases:
        if case.group and where.setdefault(case.group, case.split) != case.split:
            raise InputError(
                table,
                f"the group {case.group!r} is divided between {where[case.group]!r} and {case.split!r}",
                "Put all cases of a group into one split",
            )


def _refuse_repeated(folder: Path, cases: list[Case]) -> None:
    names = [case.name for case in cases]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise InputError(folder, f"two cases are named {_some(twice)}", "Rename one of them")
    if not cases:
        raise InputError(
            folder, "it holds no scan that can be read", f"Add files ending in {', '.join(formats.suffixes())}"
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
