"""NRRD headers: fields, grid, type and encoding."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

import numpy as np

from napari_boundaryseg.data.formats.compressed import DAMAGED
from napari_boundaryseg.data.formats.text_headers.data_file import beside
from napari_boundaryseg.data.formats.text_headers.header import (
    FROM_END,
    SAVE_AGAIN,
    Fields,
    TextHeader,
    VoxelData,
    header_lines,
)
from napari_boundaryseg.data.formats.text_headers.nrrd_axes import read_affine, volume_axes
from napari_boundaryseg.errors import InputError

MAGIC = b"NRRD000"
TYPES = {
    "char": "i1",
    "int8": "i1",
    "uchar": "u1",
    "uint8": "u1",
    "short": "i2",
    "int16": "i2",
    "ushort": "u2",
    "uint16": "u2",
    "int": "i4",
    "int32": "i4",
    "uint": "u4",
    "uint32": "u4",
    "longlong": "i8",
    "int64": "i8",
    "ulonglong": "u8",
    "uint64": "u8",
    "float": "f4",
    "double": "f8",
}
"""NRRD types in one word, and their NumPy types."""
_ENCODINGS = {"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}
_TEXT = ("text", "txt", "ascii", "hex")


def read_nrrd(path: Path, stream: BinaryIO) -> TextHeader:
    """What an NRRD header says.

    Raises
    ------
    InputError
        For a header that contradicts itself, or describes anything but a volume of numbers.
    """
    fields, notes = _fields(path, stream)
    sizes = fields.whole("sizes", fields.one("sizes"))
    if fields.single("dimension", 0, most=16) != len(sizes):
        raise InputError(path, "its header says dimension and sizes of different lengths", DAMAGED)
    axes, components = volume_axes(path, fields, sizes)
    affine, warnings = read_affine(path, fields, axes, sizes)
    if "old min" in fields or "old max" in fields:
        warnings += ("Its values were made from others, of another range: they are taken as they are.",)
    dtype, data = _type(path, fields), _data(path, fields, stream.tell())
    return TextHeader(sizes, components, dtype, affine, data, warnings, notes=tuple(notes))


def _fields(path: Path, stream: BinaryIO) -> tuple[Fields, list[str]]:
    """The fields, and the notes of some program."""
    lines = header_lines(path, stream)
    if not re.fullmatch(r"NRRD000[1-5]", next(lines)):
        raise InputError(path, "its version of NRRD is not known", SAVE_AGAIN)
    fields, notes = Fields(path), list[str]()
    for line in lines:
        if not line:
            break
        name, found, value = line.partition(": " if ": " in line else ":")
        if line.startswith("#"):
            continue
        if ":=" in (name if ": " in line else line):
            notes.append(line)
        elif found:
            fields.put(name, value.strip())
    return fields, notes


def _type(path: Path, fields: Fields) -> np.dtype:
    name = _plain_type(fields.one("type").lower())
    if name == "block":
        raise InputError(path, "its voxels are blocks of bytes, not numbers", "Export it as a grey-value scan")
    if name not in TYPES:
        raise InputError(path, "the type of its voxels is not known", SAVE_AGAIN)
    dtype, order = np.dtype(TYPES[name]), fields.one("endian").lower()
    if dtype.itemsize > 1 and order not in ("little", "big"):
        raise InputError(path, "its header does not say its byte order (endian)", SAVE_AGAIN)
    return dtype.newbyteorder(">" if order == "big" else "<")


def _plain_type(name: str) -> str:
    """One word for the many names of an NRRD type: ``"unsigned short int"`` is ``"ushort"``."""
    words = name.removesuffix("_t").split()
    unsigned = "unsigned" in words
    words = [word for word in words if word not in ("signed", "unsigned")]
    if len(words) > 1 and words[-1] == "int":
        words = words[:-1]
    return ("u" if unsigned else "") + "".join(words)


def _data(path: Path, fields: Fields, end: int) -> VoxelData:
    said = fields.one("encoding").lower()
    if said in _TEXT:
        raise InputError(path, "its voxels are stored as text", SAVE_AGAIN)
    if said not in _ENCODINGS:
        raise InputError(path, "its voxels are compressed in a way that is not read", SAVE_AGAIN)
    lines = fields.single("line skip", 0, least=0, most=1 << 20)
    skipped = fields.single("byte skip", 0, least=FROM_END)
    data = beside(path, fields.raw("data file")) if "data file" in fields else path
    return VoxelData(data, end if data == path else 0, _ENCODINGS[said], lines, skipped)
