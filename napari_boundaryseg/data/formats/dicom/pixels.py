"""The pixels of one DICOM file: decoded where that is possible, with their rescale."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_boundaryseg.data.formats.dicom.folder import EXPORT
from napari_boundaryseg.data.formats.dicom.library import pydicom, quiet
from napari_boundaryseg.data.formats.dicom.series import Slice
from napari_boundaryseg.errors import InputError, MissingExtra


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
        except Exception as error:  # pydicom raises whatever its input makes it stumble over
            raise InputError(item.path, f"its pixels cannot be read ({type(error).__name__})", EXPORT) from error
    if array.shape != (item.rows, item.columns):
        raise InputError(item.path, "its pixels do not have the size that its header says", EXPORT)
    if not np.isfinite([slope, inter]).all() or slope == 0:
        raise InputError(item.path, f"its rescale slope is {slope:g}, its intercept {inter:g}", EXPORT)
    return array, slope, inter, inverted


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
