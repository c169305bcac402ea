"""The pixels of one DICOM file with their rescale; compressed ones come from a process of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data.formats.dicom.decoder import Decoder
from napari_boundaryseg.data.formats.dicom.file import parsed
from napari_boundaryseg.data.formats.dicom.folder import EXPORT, unreadable
from napari_boundaryseg.data.formats.dicom.library import pydicom, quiet
from napari_boundaryseg.data.formats.dicom.pixel_checks import check_pixels, scale
from napari_boundaryseg.data.formats.dicom.slices import Slice
from napari_boundaryseg.errors import InputError, MissingExtra
from napari_boundaryseg.progress import Cancelled

_TAGS = [
    "Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
    "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "PixelData", "FloatPixelData",
    "DoubleFloatPixelData", "ExtendedOffsetTable", "ExtendedOffsetTableLengths", "RescaleSlope", "RescaleIntercept",
    "ModalityLUTSequence", "RealWorldValueMappingSequence",
]  # fmt: skip
_MEANT = ("CT", "PT")
"""Modalities whose values mean something: they stay as they are where low values are to be shown bright."""


@dataclass(frozen=True, eq=False)
class Pixels:
    """One slice's stored values, and how they become real ones."""

    array: np.ndarray
    """(rows, columns)"""
    slope: float
    inter: float
    low_is_bright: bool
    mapped: bool
    """Whether the file also has a table of real-world values, which is not applied."""
    scaled: bool
    """Whether the file gives slope or intercept."""


def pixels(item: Slice, decoder: Decoder) -> Pixels:
    """The pixels of one slice.

    Raises
    ------
    InputError
        When they cannot be read, are no grey values, or are not as many as the header says.
    """
    with quiet():
        try:
            found = dataset(item.path)
            check_pixels(found, item)
            slope, inter = scale(found, item)
            packed = found.file_meta.TransferSyntaxUID.is_encapsulated
            array = decoder.decode(item) if packed else found.pixel_array
            low_is_bright = str(found.PhotometricInterpretation) == "MONOCHROME1"
            if low_is_bright and item.modality not in _MEANT:
                array = _inverted(found, array)
        except (InputError, MissingExtra, Cancelled):
            raise
        except OSError as error:
            raise unreadable(item.path, error) from error
        except Exception as error:  # pydicom raises whatever its input makes it stumble over
            raise InputError(item.path, f"its pixels cannot be read ({type(error).__name__})", EXPORT) from error
    if array.shape != (item.rows, item.columns):
        raise InputError(item.path, "its pixels do not have the size that its header says", EXPORT)
    mapped = bool(found.get("RealWorldValueMappingSequence"))
    return Pixels(array, slope, inter, low_is_bright, mapped, "RescaleSlope" in found or "RescaleIntercept" in found)


def dataset(path: Path) -> Any:
    """What the pixels need of a file. One without the leading group is read as what DICOM assumes then."""
    found = parsed(path, _TAGS, pixels=True)
    if "TransferSyntaxUID" not in found.file_meta:
        uid = pydicom().uid
        explicit = not found.original_encoding[0]
        found.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian if explicit else uid.ImplicitVRLittleEndian
    return found


def _inverted(found: Any, array: np.ndarray) -> np.ndarray:
    """Stored values turned round, so that bright is high."""
    top = -1 if int(found.PixelRepresentation) else (1 << int(found.BitsStored)) - 1
    return (top - array.astype(np.int64)).astype(array.dtype)
