"""MetaImage headers: fields, grid, type and compression."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np

from napari_boundaryseg.data.formats.compressed import DAMAGED
from napari_boundaryseg.data.formats.extent import odd_extent
from napari_boundaryseg.data.formats.signatures import guess
from napari_boundaryseg.data.formats.text_headers.data_file import beside
from napari_boundaryseg.data.formats.text_headers.geometry import NO_ORIENTATION, NO_SPACING, affine_of
from napari_boundaryseg.data.formats.text_headers.header import (
    EXPORT_AGAIN,
    FROM_END,
    SAVE_AGAIN,
    Fields,
    TextHeader,
    VoxelData,
    header_lines,
    volume_sizes,
)
from napari_boundaryseg.data.formats.text_headers.units import unit_mm
from napari_boundaryseg.errors import InputError

TYPES = {
    "CHAR": "i1",
    "UCHAR": "u1",
    "SHORT": "i2",
    "USHORT": "u2",
    "INT": "i4",
    "UINT": "u4",
    "LONG": "i4",
    "ULONG": "u4",
    "LONG_LONG": "i8",
    "ULONG_LONG": "u8",
    "FLOAT": "f4",
    "DOUBLE": "f8",
}
"""MetaImage element types without ``MET_``, and their NumPy types; LONG has 4 bytes on every machine."""


def read_metaimage(path: Path, stream: BinaryIO) -> TextHeader:
    """What a MetaImage header says.

    Raises
    ------
    InputError
        For a header that is none, contradicts itself, or describes anything but a volume of numbers.
    """
    fields = _fields(path, stream)
    sizes, shape = _sizes(path, fields)
    affine, warnings = _affine(path, fields, len(sizes))
    warnings += odd_extent(shape, affine)
    dtype, more = _type(path, fields)
    slope, inter = _scaling(path, fields)
    channels = fields.single("ElementNumberOfChannels", 1, most=1 << 16)
    data = _data(path, fields, stream.tell())
    return TextHeader((channels, *shape), 0, dtype, affine, data, warnings + more, slope, inter)


def _fields(path: Path, stream: BinaryIO) -> Fields:
    fields = Fields(path)
    head = stream.read(540)
    stream.seek(0)
    for line in header_lines(path, stream):
        key, found, value = line.partition("=")
        if not line.strip() and fields:
            continue
        if not found or not (fields or key.strip().isidentifier()):
            if fields:
                raise InputError(path, "its header holds a line that is no field", DAMAGED)
            raise InputError(
                path,
                f"it is no MetaImage or NRRD file but {guess(head)}",
                "Give it the suffix it should have, or choose another file",
            )
        fields.put(key, value.strip())
        if key.strip().lower() == "elementdatafile":
            break
    if not all(name in fields for name in ("ElementDataFile", "DimSize", "NDims")):
        raise InputError(path, "its header does not say where its voxels are, or how many", DAMAGED)
    if (fields.one("ObjectType") or "Image").lower() != "image":
        raise InputError(path, "it is a MetaIO file that holds no image", "Choose a scan")
    if fields.flag("BinaryData") is False:
        raise InputError(path, "its voxels are stored as text", SAVE_AGAIN)
    return fields


def _sizes(path: Path, fields: Fields) -> tuple[tuple[int, ...], tuple[int, int, int]]:
    """The sizes as they stand, and those of the volume: a fourth one of 1 is none."""
    dimensions = fields.single("NDims", 0, most=16)
    sizes = fields.whole("DimSize", fields.raw("DimSize"))
    if dimensions != len(sizes):
        raise InputError(path, "its header says NDims and DimSize of different lengths", DAMAGED)
    if len(sizes) > 3 and sizes[3:] != (1,):
        raise InputError(path, f"it has {len(sizes)} axes", "Split it into one file per time point")
    return sizes, volume_sizes(path, sizes[:3])


def _affine(path: Path, fields: Fields, n: int) -> tuple[np.ndarray, tuple[str, ...]]:
    warnings: tuple[str, ...] = ()
    rows, origin, spacing = np.eye(n), np.zeros(n), np.ones(n)
    if text := fields.one("TransformMatrix", "Orientation", "Rotation"):
        rows = fields.numbers("TransformMatrix", text, n * n).reshape(n, n)
    else:
        warnings += (NO_ORIENTATION,)
    if text := fields.one("Offset", "Position", "Origin"):
        origin = fields.numbers("Offset", text, n)
    name = "ElementSpacing" if "ElementSpacing" in fields else "ElementSize"
    if text := fields.one(name):
        spacing = fields.numbers(name, text, n)
        if (spacing <= 0).any():
            raise fields.wrong(name, " ".join(f"{value:g}" for value in spacing))
    else:
        warnings += (NO_SPACING,)
    if n > 3 and (rows[:3, 3:].any() or rows[3:, :3].any()):
        raise InputError(path, "its fourth axis leans into the others", EXPORT_AGAIN)
    mm, doubts = unit_mm(fields.one("DistanceUnits"))
    affine = affine_of(path, rows[:3, :3].T * spacing[:3] * mm, origin[:3] * mm)
    if np.abs(np.linalg.norm(rows[:3, :3], axis=1) - 1).max() > 0.01:
        warnings += ("Its directions are not of length 1: the voxel size is multiplied by their length.",)
    return affine, warnings + doubts


def _type(path: Path, fields: Fields) -> tuple[np.dtype, tuple[str, ...]]:
    name = fields.one("ElementType").upper().removeprefix("MET_").removesuffix("_ARRAY")
    if name not in TYPES:
        raise InputError(path, "the type of its voxels is not known, or they are no numbers", SAVE_AGAIN)
    dtype = np.dtype(TYPES[name])
    big = fields.flag("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
    if big is None and dtype.itemsize > 1:
        return dtype.newbyteorder("<"), ("Its header does not say its byte order: little-endian is assumed.",)
    return dtype.newbyteorder(">" if big else "<"), ()


def _scaling(path: Path, fields: Fields) -> tuple[float, float]:
    """What makes a stored value the one that is meant."""
    slope, inter = 1.0, 0.0
    if text := fields.one("ElementToIntensityFunctionSlope"):
        slope = float(fields.numbers("ElementToIntensityFunctionSlope", text, 1)[0])
    if text := fields.one("ElementToIntensityFunctionOffset"):
        inter = float(fields.numbers("ElementToIntensityFunctionOffset", text, 1)[0])
    if slope == 0:
        raise fields.wrong("ElementToIntensityFunctionSlope", "0")
    return slope, inter


def _data(path: Path, fields: Fields, end: int) -> VoxelData:
    name = fields.raw("ElementDataFile")
    local = name.upper() == "LOCAL"
    skip = fields.single("HeaderSize", 0, least=FROM_END)
    compressed = fields.flag("CompressedData") or False
    start = skip if skip else (end if local else 0)
    if compressed and skip == FROM_END:
        raise InputError(path, "its header does not say where its compressed voxels begin", SAVE_AGAIN)
    if local and 0 < skip < end:
        raise fields.wrong("HeaderSize", f"{skip}, inside the header")
    packed = fields.one("CompressedDataSize") if compressed else ""
    size = int(packed) if packed.isascii() and packed.isdigit() and len(packed) < 20 else -1
    return VoxelData(
        path if local else beside(path, name), start, "zlib" if compressed else "raw",
        packed_size=size if compressed else None,
    )  # fmt: skip
