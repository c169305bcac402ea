"""Datasets: folders of labelled scans, as people keep them, as lists of cases."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_boundaryseg.data import formats, layouts
from napari_boundaryseg.data.formats.format import suffixes
from napari_boundaryseg.data.labels import LabelScheme, preset
from napari_boundaryseg.data.layouts import Case
from napari_boundaryseg.data.relabel import to_scheme
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent

__all__ = ["Case", "check_cases", "load_case", "load_labelled", "read_dataset", "with_channels", "with_splits"]

SPLITS = ("", "train", "val", "test")


def read_dataset(folder: str | Path, splits: str | Path | None = None) -> list[Case]:
    """The cases of a folder, sorted by name.

    Parameters
    ----------
    folder : str or Path
        In any of the layouts of `napari_boundaryseg.data.layouts`: ``images/`` and ``labels/`` with equal names,
        nnU-Net v2 raw, Medical Segmentation Decathlon, MONAI Label, BraTS, KiTS, PROMISE12.
    splits : str or Path, optional
        A CSV file with the columns ``case,group,split``; the folder's own ``splits.csv`` counts when there is one.

    Raises
    ------
    InputError
        When the folder is none of these, a listed file is missing or lies outside it, or a group is divided.
    """
    folder = Path(folder)
    cases = sorted(layouts.cases_in(folder), key=lambda case: case.name)
    _refuse_repeated(folder, cases)
    table = Path(splits) if splits is not None else folder / "splits.csv"
    return with_splits(cases, table) if splits is not None or table.is_file() else cases


def load_case(case: Case, scheme: LabelScheme | None = None) -> tuple[Volume, LabelMap | None]:
    """A case's scan, and its labels on the scan's grid where it has any.

    Labels of a layout with known integers (BraTS, KiTS, PROMISE12) are matched to the scheme by the organs' names.
    """
    volume = replace(formats.read(*case.images), name=case.name)
    if len(case.channels) == len(volume.channels):
        volume = replace(volume, channels=case.channels)
    if case.label is None:
        return volume, None
    known = preset(case.scheme) if case.scheme else scheme
    labels = replace(formats.read_labels(case.label, volume, known), name=case.name)
    return volume, labels if scheme is None or known == scheme else to_scheme(labels, scheme)


def load_labelled(cases: Iterable[Case], scheme: LabelScheme | None = None) -> Iterator[tuple[Volume, LabelMap]]:
    """The scan and labels of each case that has labels, read one case after the other."""
    for case in cases:
        volume, labels = load_case(case, scheme)
        if labels is not None:
            yield volume, labels


def with_channels(cases: Iterable[Case], wanted: Sequence[str]) -> list[Case]:
    """The same cases with only the wanted channels, in that order, where the layout knows which file is which."""
    chosen = []
    for case in cases:
        if set(wanted) <= set(case.channels) and len(case.channels) == len(case.images):
            images = tuple(case.images[case.channels.index(name)] for name in wanted)
            case = replace(case, images=images, channels=tuple(wanted))
        chosen.append(case)
    return chosen


def check_cases(cases: Iterable[Case], scheme: LabelScheme, channels: int = 1, *, progress: Progress = silent) -> None:
    """Read every case once and refuse the data set with a list of all that is wrong, before anything is trained.

    Parameters
    ----------
    cases : iterable of Case
    scheme : LabelScheme
        What the labels may hold.
    channels : int
        How many each scan must have.
    progress : Progress

    Raises
    ------
    InputError
        Naming each case and its fault: a file that cannot be read, channels or labels on different grids, labels
        outside the scheme or without any organ, voxels that are not numbers, a wrong number of channels.
    """
    cases = list(cases)
    faults = []
    for number, case in enumerate(cases):
        progress(number / len(cases), f"Checking {case.name}")
        found = _faults(case, scheme, channels)
        faults += [f"{case.name}: {', '.join(found)}"] if found else []
    if faults:
        raise InputError(f"{len(faults)} of {len(cases)} cases", "; ".join(faults), "Correct or remove them")


def _faults(case: Case, scheme: LabelScheme, channels: int) -> list[str]:
    """What is wrong with a case; its scan is looked at also where its labels cannot be read."""
    try:
        volume, labels = load_case(case, scheme)
    except InputError as error:
        scan_alone = [] if case.label is None else _faults(replace(case, label=None), scheme, channels)
        return list(dict.fromkeys([error.reason, *scan_alone]))
    found = []
    if len(volume.array) != channels:
        found.append(f"it has {len(volume.array)} channels, not {channels}")
    if not np.isfinite(volume.array).all():
        found.append("some voxels are not numbers")
    if labels is not None and not labels.array.any():
        found.append("no voxel is labelled")
    return found


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
        raise InputError(folder, "it holds no scan that can be read", f"Add files ending in {', '.join(suffixes())}")


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
