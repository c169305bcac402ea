"""NRRD headers: fields, sizes, type and encoding."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from napari_boundaryseg.data.formats.itk.pixel_data import (
    SAVE_AGAIN,
    PixelDataInfo,
    header_lines,
    pixel_data,
    whole_numbers,
)
from napari_boundaryseg.errors import InputError

_BYTES = {
    "char": 1,
    "int8": 1,
    "uchar": 1,
    "uint8": 1,
    "short": 2,
    "int16": 2,
    "ushort": 2,
    "uint16": 2,
    "int": 4,
    "int32": 4,
    "uint": 4,
    "uint32": 4,
    "longlong": 8,
    "int64": 8,
    "ulonglong": 8,
    "uint64": 8,
    "float": 4,
    "double": 8,
}


def read_nrrd(path: Path, stream: BinaryIO) -> PixelDataInfo:
    """What an NRRD header says of its pixel data."""
    fields: dict[str, str] = {}
    for line in header_lines(path, stream):
        if not line:
            break
        key, found, value = line.partition(": ")
        if found and not line.startswith("#"):
            fields[key.strip().lower()] = value.strip()
        elif line.lower().startswith(("data file:", "datafile:")):
            fields["data file"] = line.partition(":")[2].strip()
    if fields.get("line skip", "0") != "0" or fields.get("byte skip", "0") != "0":
        raise InputError(path, "its voxels follow after skipped lines or bytes", SAVE_AGAIN)
    width = _BYTES.get(_plain_type(fields.get("type", "").lower()))
    encoding = {"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}.get(
        fields.get("encoding", "").lower()
    )
    sizes = whole_numbers(path, fields.get("sizes", ""))
    detached = fields.get("data file", fields.get("datafile"))
    return pixel_data(path, fields, sizes, width, encoding, detached, stream.tell())


def _plain_type(name: str) -> str:
    """One word for the many names of an NRRD type: ``"unsigned short int"`` is ``"ushort"``."""
    words = name.removesuffix("_t").split()
    unsigned = "unsigned" in words
    words = [word for word in words if word not in ("signed", "unsigned")]
    if len(words) > 1 and words[-1] == "int":
        words = words[:-1]
    return ("u" if unsigned else "") + "".join(words)
