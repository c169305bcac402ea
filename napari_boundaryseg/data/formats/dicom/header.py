"""The header of one DICOM file: the geometry of a slice, or what it is instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data.formats.dicom.file import parsed
from napari_boundaryseg.data.formats.dicom.folder import CUT, EXPORT, unreadable
from napari_boundaryseg.data.formats.dicom.library import quiet
from napari_boundaryseg.data.formats.dicom.objects import class_name, other_than_slice, types
from napari_boundaryseg.data.formats.dicom.slices import Other, Slice
from napari_boundaryseg.data.formats.dicom.stacks.attributes import TAGS, told
from napari_boundaryseg.errors import InputError, MissingExtra

_PLACE = (("ImagePositionPatient", 3), ("ImageOrientationPatient", 6), ("PixelSpacing", 2))
"""What says where a slice lies, and how many numbers each has."""
_OBJECT = ["SOPClassUID", "SeriesInstanceUID", "Modality", "NumberOfFrames", "PerFrameFunctionalGroupsSequence"]
_STORED = ["Rows", "Columns", "BitsAllocated"]
_MOST_MM = 1e6
"""A place or a voxel farther or larger than this is none."""
_MOST_PIXELS = 65535


def header(path: Path) -> Slice | Other:
    """The geometry of one slice; or what a file is that is no slice.

    Raises
    ------
    InputError
        For a header that ends too early, or that is not usable.
    """
    with quiet():
        try:
            found = parsed(path, [name for name, _ in _PLACE] + _OBJECT + _STORED + TAGS)
            series = str(found.get("SeriesInstanceUID", ""))
            if what := other_than_slice(found):
                return Other(path, what, series, _contradiction(path, found, what))
            if "Rows" not in found:
                raise InputError(path, CUT, EXPORT)
            if frames := _many_frames(found, path, series):
                return frames
            place = [numbers for name, count in _PLACE if (numbers := _numbers(found, name, count)) is not None]
            return _slice(found, path, place) if len(place) == len(_PLACE) else _without_place(path, series)
        except (InputError, MissingExtra):
            raise
        except OSError as error:
            raise unreadable(path, error) from error
        except Exception as error:  # pydicom raises whatever its input makes it stumble over
            raise InputError(path, "its DICOM header is damaged", EXPORT) from error


def _contradiction(path: Path, found: Any, what: str) -> InputError | None:
    """The refusal of a slice, should it lie among others, that says it is something else."""
    if (
        "Rows" not in found
        or _numbers(found, "ImagePositionPatient", 3) is None
        or "Image Storage" not in class_name(found)
    ):
        return None
    return InputError(path, f"it says that it is {what}, but it belongs to the slices", EXPORT)


def _many_frames(found: Any, path: Path, series: str) -> Other | None:
    frames = found.get("NumberOfFrames")
    if "MOSAIC" in types(found):  # of Siemens: its own place is that of none of its slices
        what = "a mosaic of many slices in one picture"
    elif "PerFrameFunctionalGroupsSequence" in found or (frames is not None and int(frames) > 1):
        what = "an enhanced (multi-frame) DICOM object"
    else:
        return None
    refusal = InputError(
        path,
        f"it is {what}",
        "Convert it to NIfTI, for example with dcm2niix, or export it as single slices",
    )
    return Other(path, what, series, refusal, always=True)


def _without_place(path: Path, series: str) -> Other:
    """A picture that does not say where it lies: no slice of the others', unless it is of their series."""
    refusal = InputError(path, "it does not say where in the patient it lies", "Choose a CT, MR or PET series")
    return Other(path, "a picture that does not say where it lies", series, refusal)


def _slice(found: Any, path: Path, place: Sequence[np.ndarray]) -> Slice:
    position, across, spacing = place
    along_row, along_column = across[:3], across[3:]
    lengths = np.linalg.norm([along_row, along_column], axis=1)
    if not np.abs(lengths - 1).max() <= 0.01 or abs(along_row @ along_column) > 0.01 or min(spacing) <= 0:
        raise InputError(path, "its orientation or its pixel spacing is not usable", EXPORT)
    if max(np.abs(position).max(), spacing.max()) > _MOST_MM:
        raise InputError(path, "its position or its pixel spacing is not usable", EXPORT)
    thickness = _numbers(found, "SliceThickness", 1)
    rows, columns = int(found.Rows), int(found.get("Columns") or 0)
    if not 0 < rows <= _MOST_PIXELS or not 0 < columns <= _MOST_PIXELS:
        raise InputError(path, f"its size is {columns} x {rows}", EXPORT)
    _check_long_enough(found, path, rows * columns)
    return Slice(
        path,
        str(found.get("SeriesInstanceUID", "")),
        _code(found, "Modality"),
        rows,
        columns,
        position,
        along_row / lengths[0],
        along_column / lengths[1],
        (float(spacing[0]), float(spacing[1])),
        None if thickness is None else float(thickness[0]),
        told(found),
    )


def _check_long_enough(found: Any, path: Path, count: int) -> None:
    """Refuse a size that the file cannot hold, before memory is asked for it."""
    syntax = found.file_meta.get("TransferSyntaxUID")
    packed = syntax is not None and (syntax.is_encapsulated or syntax.is_deflated)
    needed, held = count * int(found.get("BitsAllocated") or 0) // 8, path.stat().st_size
    if not packed and needed > held:
        raise InputError(path, f"it is cut short: {held} of at least {needed} bytes", EXPORT)


def _code(found: Any, name: str) -> str:
    """A word that DICOM defines; empty for text that a person may have typed."""
    value = str(found.get(name, ""))
    return value if re.fullmatch(r"[A-Z0-9_]{1,16}", value) else ""


def _numbers(found: Any, name: str, count: int) -> np.ndarray | None:
    value = found.get(name)
    numbers = np.atleast_1d(np.array([] if value is None or value == "" else value, dtype=np.float64))
    return numbers if numbers.shape == (count,) and np.isfinite(numbers).all() else None
