"""What is refused of one DICOM file's pixels before they are decoded."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_boundaryseg.data.formats.dicom.folder import EXPORT
from napari_boundaryseg.data.formats.dicom.library import pydicom
from napari_boundaryseg.data.formats.dicom.slices import Slice
from napari_boundaryseg.errors import InputError

GREY = ("MONOCHROME1", "MONOCHROME2")


def check_pixels(found: Any, item: Slice) -> None:
    """Refuse pixels that are no grey values, or that cannot be decoded.

    Raises
    ------
    InputError
    """
    if "PixelData" not in found:
        if "FloatPixelData" in found or "DoubleFloatPixelData" in found:
            raise InputError(
                item.path, "its pixels are floating-point numbers, which are not read", "Convert it to NIfTI"
            )
        raise InputError(item.path, "it has no pixels (or is cut short)", EXPORT)
    kind = str(found.get("PhotometricInterpretation") or "")
    if int(found.get("SamplesPerPixel") or 1) != 1 or kind not in GREY:
        what = "it does not say whether its pixels are grey values" if not kind else "its pixels are colours"
        raise InputError(item.path, what, "Choose a grey-value series")
    if found.get("ModalityLUTSequence"):
        raise InputError(
            item.path, "its values need a table (Modality LUT), which is not applied", "Convert it to NIfTI"
        )
    _check_bits(found, item)
    _check_codec(found, item)


def scale(found: Any, item: Slice) -> tuple[float, float]:
    """Slope and intercept from stored to real values.

    Raises
    ------
    InputError
        Where one of them is not a usable number.
    """
    given = {name: found[name].value for name in ("RescaleSlope", "RescaleIntercept") if name in found}
    try:
        slope, inter = float(given.get("RescaleSlope", 1)), float(given.get("RescaleIntercept", 0))
    except (TypeError, ValueError):
        raise InputError(item.path, "its rescale slope or intercept is not a number", EXPORT) from None
    if not np.isfinite([slope, inter]).all() or slope == 0:
        raise InputError(item.path, f"its rescale slope is {slope:g}, its intercept {inter:g}", EXPORT)
    return slope, inter


def _check_bits(found: Any, item: Slice) -> None:
    room = int(found.BitsAllocated)
    stored = int(found.get("BitsStored") or room)
    if room not in (8, 16, 32) or not 0 < stored <= room:
        raise InputError(item.path, f"it says {stored} of {room} bits are used", EXPORT)
    if room == 32 and found.file_meta.TransferSyntaxUID == pydicom().uid.ExplicitVRBigEndian:
        raise InputError(item.path, "its values of 32 bits are big-endian, which programs read differently", EXPORT)
    high = found.get("HighBit")
    if high is not None and int(high) != stored - 1:
        reason = f"its {stored} bits end at bit {int(high)} instead of {stored - 1}"
        raise InputError(item.path, reason, "Convert it to NIfTI, or export it again")
    if int(found.get("PixelRepresentation") or 0) not in (0, 1):
        raise InputError(item.path, "it does not say whether its values have a sign", EXPORT)


def _check_codec(found: Any, item: Slice) -> None:
    syntax = found.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        needed, held = item.rows * item.columns * found.BitsAllocated // 8, len(found.PixelData)
        if held < needed:
            raise InputError(item.path, f"it is cut short: {held} of {needed} bytes of pixels", EXPORT)
        if held > needed + 1:  # one byte makes the length even
            raise InputError(item.path, f"it holds {held} bytes of pixels, its header says {needed}", EXPORT)
        return
    try:
        decoder = pydicom().pixels.get_decoder(syntax)
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
