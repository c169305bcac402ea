"""Series of a DICOM folder of any depth: what each is, how many slices it has, and whether they make a volume."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.formats.dicom import folder as dicom_folder
from napari_boundaryseg.data.formats.dicom.header import header
from napari_boundaryseg.data.formats.dicom.library import pydicom
from napari_boundaryseg.data.formats.dicom.objects import without_others
from napari_boundaryseg.data.formats.dicom.slices import Other, Slice, named
from napari_boundaryseg.data.formats.dicom.stacks.stack import stack
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9.+-]+")
_LONGEST = 40


@dataclass(frozen=True)
class Series:
    """One series of slices. Reading its first file, or its folder where it is alone there, reads all of it."""

    source: Path
    """What `formats.read` takes for it: a file of it, or a folder."""
    words: str
    """Its description and number as a part of a file name: ``t2_tse_tra_5``."""
    modality: str
    slices: int
    voxel_mm: tuple[float, float, float] | None
    """Between columns, rows and slices; None where they make no volume."""
    problem: str = ""
    """Why its slices make no volume; empty where they do."""
    patient: str = field(default="", repr=False)
    """PatientID, as it stands in the header: never to be shown, logged or stored as it is."""
    study: str = field(default="", repr=False)
    """StudyInstanceUID."""


def series_in(folder: Path, progress: Progress = silent) -> tuple[list[Series], tuple[str, ...]]:
    """Every series of slices of a folder and the folders in it, and what else a person should know.

    Pixels are not read. A file that is damaged is told, and every series is offered that makes a volume without it.

    Raises
    ------
    InputError
        When the folder holds too many files, or may not be read.
    MissingExtra
        When pydicom is not installed.
    """
    pydicom()
    paths, _ = dicom_folder.files(folder, progress)
    slices: dict[tuple[str, str], list[Slice]] = defaultdict(list)
    others: list[Other] = []
    damaged: list[Path] = []
    for n, path in enumerate(paths):
        progress(n / len(paths), "looking for series")
        try:
            if not dicom_folder.looks_like_dicom(path):
                continue
            found = header(path)
        except InputError:
            damaged.append(path)
            continue
        if isinstance(found, Slice):
            slices[found.series, found.modality].append(found)
        else:
            others.append(found)
    alone = _folders_of_one_series(folder, slices)
    made = [_series(items, others, alone) for items in slices.values()]
    made += [_many_frames(other) for other in others if other.always]
    said = (f"{len(damaged)} DICOM files are damaged: {named(damaged)}.",) if damaged else ()
    return sorted(made, key=lambda one: (one.patient, one.study, _by_number(one.words))), said


def words_of(item: Slice) -> str:
    """A series' description and number as they may stand in a file's name.

    A description may hold what a person typed; only letters, digits and a few signs of it stay.
    """
    described = _NOT_PLAIN.sub("_", item.told.get("SeriesDescription", "")).strip("_.")[:_LONGEST]
    number = _NOT_PLAIN.sub("", item.told.get("SeriesNumber", ""))[:8]
    return "_".join(part for part in (described or item.modality or "series", number) if part)


def _folders_of_one_series(folder: Path, slices: dict[tuple[str, str], list[Slice]]) -> dict[tuple[str, str], Path]:
    """The folder that holds all slices of a series, and of no other; only folders below or at the one that is asked."""
    inside: dict[Path, set[tuple[str, str]]] = defaultdict(set)
    for key, items in slices.items():
        for item in items:
            for parent in item.path.parents:
                inside[parent].add(key)
                if parent == folder:
                    break
    found = {}
    for key, items in slices.items():
        common = next(
            parent for parent in items[0].path.parents if all(item.path.is_relative_to(parent) for item in items)
        )
        if inside[common] == {key}:
            found[key] = common
    return found


def _series(items: Sequence[Slice], others: Sequence[Other], alone: dict[tuple[str, str], Path]) -> Series:
    first = min(items, key=lambda item: item.path)
    key = (first.series, first.modality)
    together = len({item.path.parent for item in items}) == 1
    source = alone.get(key) or first.path
    voxel_mm, problem = None, ""
    try:
        if key not in alone and not together:
            raise InputError(source, "its slices lie in several folders, among others", "")
        if len(items) == 1 and key not in alone:
            raise InputError(source, "it is one slice", "")
        own = [other for other in others if other.series == first.series]
        kept, _ = without_others(first.path.parent, items, own)
        _, affine, _ = stack(first.path.parent, kept)
        column, row, step = (float(length) for length in np.linalg.norm(affine[:3, :3], axis=0))
        voxel_mm = (column, row, step)
    except InputError as error:
        problem = error.reason
    return Series(
        source,
        words_of(first),
        first.modality,
        len(items),
        voxel_mm,
        problem,
        first.told.get("PatientID", ""),
        first.told.get("StudyInstanceUID", ""),
    )


def _many_frames(other: Other) -> Series:
    return Series(other.path, _NOT_PLAIN.sub("_", other.path.stem)[:_LONGEST], "", 1, None, f"it is {other.what}")


def _by_number(words: str) -> tuple[int, str]:
    number = words.rpartition("_")[2]
    return (int(number) if number.isascii() and number.isdigit() else 0, words)
