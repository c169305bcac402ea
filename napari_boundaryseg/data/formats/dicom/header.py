"""The header of one DICOM file: the geometry of a slice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data.formats.dicom.folder import CUT, EXPORT
from napari_boundaryseg.data.formats.dicom.library import pydicom, quiet
from napari_boundaryseg.data.formats.dicom.series import Slice
from napari_boundaryseg.errors import InputError

_NO_PICTURES = {"RTSTRUCT", "RTPLAN", "RTDOSE", "SEG", "SR", "PR", "KO", "REG", "FID", "DOC"}
"""Modalities that belong to a series without being slices of it."""
_PLACE = ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "Rows", "Columns"]
_OBJECT = ["SOPClassUID", "SeriesInstanceUID", "Modality", "NumberOfFrames", "PerFrameFunctionalGroupsSequence"]


def header(path: Path, folder: Path) -> Slice | None:
    """The geometry of one slice; None for an object that says itself that it is no slice.

    Raises
    ------
    InputError
        For a header that ends too early, or that is not usable.
    """
    with quiet():
        try:
            found = pydicom().dcmread(path, stop_before_pixels=True, force=True, specific_tags=_PLACE + _OBJECT)
            if _is_no_slice(found):
                return None
            if "Rows" not in found:
                raise InputError(path, CUT, EXPORT)
            return _slice(found, path, folder)
        except InputError:
            raise
        except Exception as error:  # pydicom raises whatever its input makes it stumble over
            raise InputError(path, "its DICOM header is damaged", EXPORT) from error


def _is_no_slice(found: Any) -> bool:
    """By its modality; without a size also by a class that DICOM knows and that is no image, such as a DICOMDIR's."""
    if str(found.get("Modality", "")) in _NO_PICTURES:
        return True
    kind = found.file_meta.get("MediaStorageSOPClassUID") or found.get("SOPClassUID")
    known = bool(kind) and kind.name != str(kind)
    return "Rows" not in found and known and "Image Storage" not in kind.name


def _slice(found: Any, path: Path, folder: Path) -> Slice:
    frames = found.get("NumberOfFrames")
    if "PerFrameFunctionalGroupsSequence" in found or (frames is not None and int(frames) > 1):
        raise InputError(
            folder,
            "it is an enhanced (multi-frame) DICOM object",
            "Convert it to NIfTI, for example with dcm2niix, or export it as single slices",
        )
    position, across = _numbers(found, "ImagePositionPatient", 3), _numbers(found, "ImageOrientationPatient", 6)
    spacing = _numbers(found, "PixelSpacing", 2)
    if position is None or across is None or spacing is None:
        raise InputError(path, "it does not say where in the patient it lies", "Choose a CT, MR or PET series")
    along_row, along_column = across[:3], across[3:]
    lengths = np.linalg.norm([along_row, along_column], axis=1)
    if np.abs(lengths - 1).max() > 0.01 or abs(along_row @ along_column) > 0.01 or min(spacing) <= 0:
        raise InputError(path, "its orientation or its pixel spacing is not usable", EXPORT)
    thickness = _numbers(found, "SliceThickness", 1)
    rows, columns = int(found.Rows), int(found.get("Columns", 0))
    if not rows or not columns:
        raise InputError(path, f"its size is {columns} x {rows}", EXPORT)
    return Slice(
        path,
        str(found.get("SeriesInstanceUID", "")),
        str(found.get("Modality", "")),
        rows,
        columns,
        position,
        along_row / lengths[0],
        along_column / lengths[1],
        (float(spacing[0]), float(spacing[1])),
        None if thickness is None else float(thickness[0]),
    )


def _numbers(found: Any, name: str, count: int) -> np.ndarray | None:
    value = found.get(name)
    numbers = np.atleast_1d(np.array([] if value is None or value == "" else value, dtype=np.float64))
    return numbers if numbers.shape == (count,) and np.isfinite(numbers).all() else None
