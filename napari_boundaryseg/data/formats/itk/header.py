"""NRRD and MetaImage headers: the size of pixel data, checked against the file (SimpleITK fills gaps with zeros)."""

from __future__ import annotations

import bz2
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from napari_boundaryseg.data.formats.compressed import DAMAGED, MOST_RATIO, Decompressed
from napari_boundaryseg.data.formats.memory import readable, refuse_too_large
from napari_boundaryseg.data.formats.signatures import guess
from napari_boundaryseg.errors import InputError

_MOST_HEADER = 1 << 20
_SAVE_AGAIN = "Save it again as .nii.gz, or as .nrrd or .mha in one piece"
_NRRD_BYTES = {
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
_META_BYTES = {
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


@dataclass(frozen=True)
class PixelDataInfo:
    """Where the voxels of a file lie, how many bytes they are, and how they are compressed."""

    fields: dict[str, str]
    sizes: tuple[int, ...]
    count: int
    """Bytes when decompressed."""
    encoding: str
    """``"raw"``, ``"gzip"``, ``"zlib"`` or ``"bzip2"``"""
    data: Path
    start: int


def check(path: Path) -> PixelDataInfo:
    """Read the header, then every byte of the voxels once.

    Raises
    ------
    InputError
        For a file that is empty, something else, cut short, damaged, too large, or spread over other folders.
    """
    with path.open("rb") as stream:
        first = stream.read(16)
        stream.seek(0)
        if not first:
            raise InputError(path, "the file is empty", DAMAGED)
        info = _nrrd(path, stream) if first.startswith(b"NRRD") else _meta(path, stream)
    _check_sizes(path, info)
    with info.data.open("rb") as stream:
        stream.seek(info.start)
        _check_data(path, info, stream)
    return info


def _nrrd(path: Path, stream: BinaryIO) -> PixelDataInfo:
    fields: dict[str, str] = {}
    for line in _lines(path, stream):
        if not line:
            break
        key, found, value = line.partition(": ")
        if found and not line.startswith("#"):
            fields[key.strip().lower()] = value.strip()
        elif line.lower().startswith(("data file:", "datafile:")):
            fields["data file"] = line.partition(":")[2].strip()
    if fields.get("line skip", "0") != "0" or fields.get("byte skip", "0") != "0":
        raise InputError(path, "its voxels follow after skipped lines or bytes", _SAVE_AGAIN)
    width = _NRRD_BYTES.get(_plain_type(fields.get("type", "").lower()))
    encoding = {"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}.get(
        fields.get("encoding", "").lower()
    )
    sizes = _whole(path, fields.get("sizes", ""))
    detached = fields.get("data file", fields.get("datafile"))
    return _pixel_data(path, fields, sizes, width, encoding, detached, stream.tell())


def _plain_type(name: str) -> str:
    """One word for the many names of an NRRD type: ``"unsigned short int"`` is ``"ushort"``."""
    words = name.removesuffix("_t").split()
    unsigned = "unsigned" in words
    words = [word for word in words if word not in ("signed", "unsigned")]
    if len(words) > 1 and words[-1] == "int":
        words = words[:-1]
    return ("u" if unsigned else "") + "".join(words)


def _meta(path: Path, stream: BinaryIO) -> PixelDataInfo:
    fields: dict[str, str] = {}
    for line in _lines(path, stream):
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
        raise InputError(path, "its voxels are stored as text or after another header", _SAVE_AGAIN)
    width = _META_BYTES.get(fields.get("ElementType", "").removeprefix("MET_").removesuffix("_ARRAY"))
    encoding = "zlib" if fields.get("CompressedData", "False").lower() == "true" else "raw"
    channels = _whole(path, fields.get("ElementNumberOfChannels", "1"))
    detached = None if fields["ElementDataFile"].upper() == "LOCAL" else fields["ElementDataFile"]
    sizes = _whole(path, fields["DimSize"])
    return _pixel_data(path, fields, (*sizes, *channels), width, encoding, detached, stream.tell())


def _lines(path: Path, stream: BinaryIO) -> Iterator[str]:
    """Header lines; a header has an end and is not large."""
    while stream.tell() < _MOST_HEADER:
        line = stream.readline(_MOST_HEADER)
        if not line:
            return
        yield line.rstrip(b"\r\n").decode("utf-8", "replace")
    raise InputError(path, "its header does not end", DAMAGED)


def _whole(path: Path, text: str) -> tuple[int, ...]:
    try:
        numbers = tuple(int(word) for word in text.split())
    except ValueError:
        numbers = ()
    if not numbers or any(n < 1 for n in numbers):
        raise InputError(path, f"its size is {text[:40]!r}", DAMAGED)
    return numbers


def _pixel_data(
    path: Path,
    fields: dict[str, str],
    sizes: tuple[int, ...],
    width: int | None,
    encoding: str | None,
    detached: str | None,
    end: int,
) -> PixelDataInfo:
    if width is None:
        raise InputError(path, "the type of its voxels is not known", _SAVE_AGAIN)
    if encoding is None:
        raise InputError(path, "its voxels are compressed in a way that is not read", _SAVE_AGAIN)
    data = path if detached is None else _beside(path, detached)
    return PixelDataInfo(fields, sizes, math.prod(sizes) * width, encoding, data, end if detached is None else 0)


def _beside(path: Path, name: str) -> Path:
    """A data file that lies in the header's own folder, not elsewhere and not in many pieces."""
    if name.upper().startswith("LIST") or "%" in name:
        raise InputError(path, "its voxels are spread over many files", _SAVE_AGAIN)
    data = path.parent / name
    if Path(name).name != name or data.resolve().parent != path.parent.resolve():
        raise InputError(path, "its voxels lie in another folder", "Put both files into one folder")
    if not data.is_file():
        raise InputError(path, f"the file with its voxels, {name}, is not there", "Put both files into one folder")
    return data


def _check_sizes(path: Path, info: PixelDataInfo) -> None:
    axes = [n for n in info.sizes if n > 1]
    if len(info.sizes) < 3 or len(axes) < 2:
        raise InputError(
            path, f"it is no volume: its size is {' x '.join(map(str, info.sizes))}", "Choose a scan with three axes"
        )


def _check_data(path: Path, info: PixelDataInfo, stream: BinaryIO) -> None:
    """As many bytes as promised, and a checksum that holds."""
    source = Decompressed(info.data, stream) if info.encoding in ("raw", "gzip") else None
    size = info.data.stat().st_size - info.start
    if info.encoding in ("raw", "zlib", "gzip") and info.count > size * (1 if info.encoding == "raw" else MOST_RATIO):
        raise InputError(
            path,
            f"it is cut short: its header promises {readable(info.count)} of voxels, it holds {readable(size)}",
            DAMAGED,
        )
    refuse_too_large(path, info.count)
    if info.encoding == "raw":
        return
    found = _count(path, stream, info) if source is None else source.drain(info.count)
    if found < info.count:
        raise InputError(
            path, f"it is cut short: its header promises {info.count} bytes of voxels, it holds {found}", DAMAGED
        )


def _count(path: Path, stream: BinaryIO, info: PixelDataInfo) -> int:
    """Bytes of a zlib or bzip2 stream, which must have an end; no more than one piece is held at a time."""
    engine = zlib.decompressobj() if info.encoding == "zlib" else bz2.BZ2Decompressor()
    found, data = 0, b""
    while not engine.eof and found <= info.count:
        if not data and _hungry(engine) and not (data := stream.read(1 << 20)):
            raise InputError(path, "it is cut short: the compressed stream has no end", DAMAGED)
        try:
            found += len(engine.decompress(data, 1 << 20))
        except (zlib.error, OSError) as error:
            raise InputError(path, "its compressed content is damaged", DAMAGED) from error
        data = getattr(engine, "unconsumed_tail", b"")
    return found


def _hungry(engine: object) -> bool:
    return bool(getattr(engine, "needs_input", True))
