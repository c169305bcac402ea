"""Finding DICOM files in a folder and reading their headers and pixels, one at a time."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data.formats.dicom_series import Slice
from napari_boundaryseg.errors import InputError, MissingExtra

MOST_FILES = 20_000
_MOST_DEPTH = 5
_EXPORT = "Export the series again"
_NO_PICTURES = {"RTSTRUCT", "RTPLAN", "RTDOSE", "SEG", "SR", "PR", "KO", "REG", "FID", "DOC"}
"""Modalities that belong to a series without being slices of it."""
_HEADER_TAGS = [
    "SOPClassUID",
    "SeriesInstanceUID",
    "Modality",
    "Rows",
    "Columns",
    "ImagePositionPatient",
    "PixelSpacing",
    "ImageOrientationPatient",
    "SliceThickness",
    "NumberOfFrames",
    "PerFrameFunctionalGroupsSequence",
]


def pydicom() -> Any:
    """The library, or what to install."""
    try:
        import pydicom as library
    except ImportError as error:
        raise MissingExtra("Reading DICOM", "dicom") from error
    return library


def files(folder: Path) -> list[Path]:
    """Regular files of a folder and the folders in it; links to folders, hidden files and pipes are left out.

    Raises
    ------
    InputError
        When there are more than `MOST_FILES`.
    """
    found: list[Path] = []
    waiting = [(folder, 0)]
    seen = 0
    while waiting:
        place, depth = waiting.pop()
        with os.scandir(place) as entries:
            for entry in entries:
                seen += 1
                if seen > MOST_FILES:
                    raise InputError(
                        folder, f"it holds more than {MOST_FILES} files", "Choose the folder of one series"
                    )
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if depth < _MOST_DEPTH:
                        waiting.append((Path(entry.path), depth + 1))
                elif entry.is_file():
                    found.append(Path(entry.path))
    return sorted(found)


def header(path: Path, folder: Path) -> Slice | None:
    """The geometry of one slice; None for what is no DICOM file, or no picture."""
    if not _looks_like_dicom(path):
        return None
    with quiet():
        try:
            found = pydicom().dcmread(path, stop_before_pixels=True, force=True, specific_tags=_HEADER_TAGS)
            if "Rows" not in found or str(found.get("Modality", "")) in _NO_PICTURES:
                return None
            return _slice(found, path, folder)
        except InputError:
            raise
        except Exception as error:  # pydicom raises whatever its input makes it stumble over
            raise InputError(path, "its DICOM header is damaged", _EXPORT) from error


def pixels(item: Slice) -> tuple[np.ndarray, float, float, bool]:
    """One slice's stored values (rows, columns), its slope and intercept, and whether low values are bright."""
    with quiet():
        try:
            found = pydicom().dcmread(item.path, force=True)
            _ensure_syntax(found)
            _check_pixels(found, item)
            array = found.pixel_array
            slope, inter = float(found.get("RescaleSlope", 1)), float(found.get("RescaleIntercept", 0))
            inverted = str(found.PhotometricInterpretation) == "MONOCHROME1"
            if inverted:
                array = _inverted(found, array) if item.modality not in ("CT", "PT") else array
        except (InputError, MissingExtra):
            raise
        except Exception as error:  # as above
            raise InputError(item.path, f"its pixels cannot be read ({type(error).__name__})", _EXPORT) from error
    if array.shape != (item.rows, item.columns):
        raise InputError(item.path, "its pixels do not have the size that its header says", _EXPORT)
    if not np.isfinite([slope, inter]).all() or slope == 0:
        raise InputError(item.path, f"its rescale slope is {slope:g}, its intercept {inter:g}", _EXPORT)
    return array, slope, inter, inverted


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings of pydicom: they quote values of the header."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _looks_like_dicom(path: Path) -> bool:
    """A preamble, or a first element of group 0002 or 0008 with a plausible element number."""
    try:
        with path.open("rb") as stream:
            head = stream.read(132)
    except OSError:
        return False
    if head[128:132] == b"DICM":
        return True
    return head[:2] in (b"\x02\x00", b"\x08\x00") and head[3:4] == b"\x00" and len(head) == 132


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
        raise InputError(path, "its orientation or its pixel spacing is not usable", _EXPORT)
    thickness = _numbers(found, "SliceThickness", 1)
    rows, columns = int(found.Rows), int(found.get("Columns", 0))
    if not rows or not columns:
        raise InputError(path, f"its size is {columns} x {rows}", _EXPORT)
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


def _ensure_syntax(found: Any) -> None:
    """A file without the leading group is read as what DICOM assumes then: implicit little endian."""
    if "TransferSyntaxUID" not in found.file_meta:
        library = pydicom()
        explicit = not found.original_encoding[0]
        found.file_meta.TransferSyntaxUID = (
            library.uid.ExplicitVRLittleEndian if explicit else library.uid.ImplicitVRLittleEndian
        )


def _check_pixels(found: Any, item: Slice) -> None:
    """Refuse pixels that cannot be decoded, before they are."""
    if "PixelData" not in found:
        raise InputError(item.path, "it has no pixels (or is cut short)", _EXPORT)
    if int(found.get("SamplesPerPixel", 1)) != 1:
        raise InputError(item.path, "its pixels are colours", "Choose a grey-value series")
    stored, room = int(found.get("BitsStored", found.BitsAllocated)), int(found.BitsAllocated)
    if room not in (8, 16, 32) or stored > room:
        raise InputError(item.path, f"it says {stored} of {room} bits are used", _EXPORT)
    _check_codec(found, item)


def _check_codec(found: Any, item: Slice) -> None:
    library = pydicom()
    syntax = found.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        needed = item.rows * item.columns * found.BitsAllocated // 8
        if len(found.PixelData) < needed:
            raise InputError(item.path, f"it is cut short: {len(found.PixelData)} of {needed} bytes of pixels", _EXPORT)
        return
    try:
        decoder = library.pixels.get_decoder(syntax)
    except NotImplementedError as error:
        raise InputError(
            item.path,
            f"pictures packed as {syntax.name} are not read",
            "Export it uncompressed, or convert it to NIfTI",
        ) from error
    if not decoder.is_available:
        raise InputError(
            item.path,
            f"its pixels are packed as {syntax.name}, which needs another library",
            "Install it with: pip install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg",
        )


def _inverted(found: Any, array: np.ndarray) -> np.ndarray:
    """Stored values turned round, so that bright is high."""
    top = -1 if int(found.PixelRepresentation) else (1 << int(found.BitsStored)) - 1
    return (top - array.astype(np.int64)).astype(array.dtype)
