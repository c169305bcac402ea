"""The header and the pixels of one DICOM file."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data.formats.dicom.folder import CUT, EXPORT
from napari_boundaryseg.data.formats.dicom.series import Slice
from napari_boundaryseg.errors import InputError, MissingExtra

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


def header(path: Path, folder: Path) -> Slice | None:
    """The geometry of one slice; None for an object that says itself that it is no slice.

    Raises
    ------
    InputError
        For a header that ends too early, or that is not usable.
    """
    with quiet():
        try:
            found = pydicom().dcmread(path, stop_before_pixels=True, force=True, specific_tags=_HEADER_TAGS)
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
            raise InputError(item.path, f"its pixels cannot be read ({type(error).__name__})", EXPORT) from error
    if array.shape != (item.rows, item.columns):
        raise InputError(item.path, "its pixels do not have the size that its header says", EXPORT)
    if not np.isfinite([slope, inter]).all() or slope == 0:
        raise InputError(item.path, f"its rescale slope is {slope:g}, its intercept {inter:g}", EXPORT)
    return array, slope, inter, inverted


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings of pydicom: they quote values of the header."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


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
        raise InputError(item.path, "it has no pixels (or is cut short)", EXPORT)
    if int(found.get("SamplesPerPixel", 1)) != 1:
        raise InputError(item.path, "its pixels are colours", "Choose a grey-value series")
    stored, room = int(found.get("BitsStored", found.BitsAllocated)), int(found.BitsAllocated)
    if room not in (8, 16, 32) or stored > room:
        raise InputError(item.path, f"it says {stored} of {room} bits are used", EXPORT)
    _check_codec(found, item)


def _check_codec(found: Any, item: Slice) -> None:
    library = pydicom()
    syntax = found.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        needed = item.rows * item.columns * found.BitsAllocated // 8
        if len(found.PixelData) < needed:
            raise InputError(item.path, f"it is cut short: {len(found.PixelData)} of {needed} bytes of pixels", EXPORT)
        return
    try:
        decoder = library.pixels.get_decoder(syntax)
    except NotImplementedError as error:
        raise InputError(
            item.path,
            f"pictures compressed as {syntax.name} are not read",
            "Export it uncompressed, or convert it to NIfTI",
        ) from error
    if not decoder.is_available:
        raise InputError(
            item.path,
            f"its pixels are compressed as {syntax.name}, which needs another library",
            "Install it with: pip install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg",
        )


def _inverted(found: Any, array: np.ndarray) -> np.ndarray:
    """Stored values turned round, so that bright is high."""
    top = -1 if int(found.PixelRepresentation) else (1 << int(found.BitsStored)) - 1
    return (top - array.astype(np.int64)).astype(array.dtype)
