"""NIfTI-1 and NIfTI-2 headers: parsed and checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header

from napari_boundaryseg.data.formats.compressed import DAMAGED
from napari_boundaryseg.data.formats.nifti.fourth_axis import volumes_as_channels
from napari_boundaryseg.data.formats.signatures import guess
from napari_boundaryseg.errors import InputError

NUMBERS = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
"""NIfTI datatype codes that are read, and their NumPy types."""
_NO_NUMBERS = {
    1: "single bits",
    32: "complex numbers",
    128: "colours (RGB)",
    1536: "128-bit numbers",
    1792: "complex numbers",
    2048: "complex numbers",
    2304: "colours (RGBA)",
}


@dataclass(frozen=True, eq=False)
class Header:
    """The parts of a NIfTI header that are used."""

    fields: Nifti1Header
    shape: tuple[int, ...]
    """(I, J, K) or (I, J, K, C)"""
    dtype: np.dtype
    offset: int
    slope: float
    inter: float
    warnings: tuple[str, ...]


def parse(path: Path, head: bytes) -> Header:
    """Read the first bytes of a file, or say why they are no header of a volume."""
    fields = _fields(path, head)
    shape = _shape(path, fields)
    code = int(fields["datatype"])
    if code in _NO_NUMBERS:
        raise InputError(
            path,
            f"its voxels are {_NO_NUMBERS[code]}, not plain numbers",
            "Export it as a grey-value scan or as integers",
        )
    if code not in NUMBERS:
        raise InputError(path, f"its data type {code} is not known", DAMAGED)
    dtype = np.dtype(NUMBERS[code]).newbyteorder(fields.endianness)
    warnings: tuple[str, ...] = ()
    if int(fields["bitpix"]) != 8 * dtype.itemsize:
        warnings = (f"Its header contradicts itself: data type {dtype.name}, {int(fields['bitpix'])} bits.",)
    slope, inter, odd = _scaling(fields)
    odd += volumes_as_channels(path, fields, shape)
    return Header(fields, shape, dtype, _offset(path, fields), slope, inter, warnings + odd)


def _fields(path: Path, head: bytes) -> Nifti1Header:
    """The header structure in either version and byte order."""
    size = head[:4]
    for kind, length in ((Nifti1Header, 348), (Nifti2Header, 540)):
        for order, name in (("<", "little"), (">", "big")):
            if size == length.to_bytes(4, name):  # type: ignore[arg-type]
                if len(head) < length:
                    raise InputError(path, f"it is cut short: {len(head)} bytes of a header of {length}", DAMAGED)
                fields = kind(head[:length], endianness=order, check=False)
                return _checked_magic(path, fields)
    raise InputError(
        path, f"it is no NIfTI file but {guess(head)}", "Choose a NIfTI file, or give it the suffix it should have"
    )


def _checked_magic(path: Path, fields: Nifti1Header) -> Nifti1Header:
    magic = bytes(fields["magic"])
    if magic.startswith((b"n+1", b"n+2")):
        return fields
    if magic.startswith((b"ni1", b"ni2")):
        raise InputError(
            path, "it is one half of a pair of .hdr and .img files", "Convert the pair to one .nii.gz file"
        )
    raise InputError(path, "it is an Analyze file, which does not say where left is", "Convert it to NIfTI")


def _shape(path: Path, fields: Nifti1Header) -> tuple[int, ...]:
    dim = [int(n) for n in fields["dim"]]
    if not 1 <= dim[0] <= 7:
        raise InputError(path, f"its header says {dim[0]} dimensions", DAMAGED)
    shape = dim[1 : dim[0] + 1]
    if any(n < 1 for n in shape):
        raise InputError(path, f"its size is {' x '.join(map(str, shape))}", DAMAGED)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) == 5 and shape[3] == 1:  # one time, several values per voxel
        shape = [*shape[:3], shape[4]]
    if len(shape) < 3:
        raise InputError(
            path,
            f"it is a {len(shape)}-D picture of {' x '.join(map(str, shape))}, not a volume",
            "Choose a scan with three axes",
        )
    if len(shape) > 4:
        raise InputError(
            path,
            f"it has {len(shape)} axes ({' x '.join(map(str, shape))})",
            "Split it into one file per time point or component",
        )
    return tuple(shape)


def _offset(path: Path, fields: Nifti1Header) -> int:
    offset, least = float(fields["vox_offset"]), 544 if isinstance(fields, Nifti2Header) else 352
    if not math.isfinite(offset) or offset < least:
        raise InputError(path, f"its voxels are said to begin at byte {offset:g}, inside its header", DAMAGED)
    return int(offset)


def _scaling(fields: Nifti1Header) -> tuple[float, float, tuple[str, ...]]:
    slope, inter = float(fields["scl_slope"]), float(fields["scl_inter"])
    if slope == 0 or (math.isnan(slope) and math.isnan(inter)):
        return 1.0, 0.0, ()
    if not (math.isfinite(slope) and math.isfinite(inter)):
        return 1.0, 0.0, (f"Its scaling ({slope:g}, {inter:g}) is not usable: the stored values are shown.",)
    return slope, inter, ()
