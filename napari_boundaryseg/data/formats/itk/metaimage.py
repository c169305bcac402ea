"""MetaImage headers: fields, sizes, type and compression."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from napari_boundaryseg.data.formats.compressed import DAMAGED
from napari_boundaryseg.data.formats.itk.pixel_data import (
    SAVE_AGAIN,
    PixelDataInfo,
    header_lines,
    pixel_data,
    whole_numbers,
)
from napari_boundaryseg.data.formats.signatures import guess
from napari_boundaryseg.errors import InputError

_BYTES = {
    "CHAR": 1,
    "UCHAR": 1,
    "SHORT": 2,
    "USHORT": 2,
    "INT": 4,
    "UINT": 4,
    "LONG": 4,
    "ULONG": 4,
    "LONG_LONG": 8,
    "ULONG_LONG": 8,
    "FLOAT": 4,
    "DOUBLE": 8,
}


def read_metaimage(path: Path, stream: BinaryIO) -> PixelDataInfo:
    """What a MetaImage header says of its pixel data."""
    fields: dict[str, str] = {}
    for line in header_lines(path, stream):
        key, found, value = line.partition("=")
        if not found:
            raise InputError(
                path,
                f"it is no MetaImage or NRRD file but {guess(line.encode() or bytes(1))}",
                "Give it the suffix it should have, or choose another file",
            )
        fields[key.strip()] = value.strip()
        if key.strip() == "ElementDataFile":
            break
    if "ElementDataFile" not in fields or "DimSize" not in fields:
        raise InputError(path, "its header does not say where its voxels are", DAMAGED)
    if fields.get("HeaderSize", "0") != "0" or fields.get("BinaryData", "True").lower() != "true":
        raise InputError(path, "its voxels are stored as text or after another header", SAVE_AGAIN)
    width = _BYTES.get(fields.get("ElementType", "").removeprefix("MET_").removesuffix("_ARRAY"))
    encoding = "zlib" if fields.get("CompressedData", "False").lower() == "true" else "raw"
    channels = whole_numbers(path, fields.get("ElementNumberOfChannels", "1"))
    detached = None if fields["ElementDataFile"].upper() == "LOCAL" else fields["ElementDataFile"]
    sizes = whole_numbers(path, fields["DimSize"])
    return pixel_data(path, fields, (*sizes, *channels), width, encoding, detached, stream.tell())
