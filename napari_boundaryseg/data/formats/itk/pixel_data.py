"""Where an NRRD or MetaImage header says that its pixel data lies, and how much of it there is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from napari_boundaryseg.data.formats.compressed import DAMAGED
from napari_boundaryseg.errors import InputError

SAVE_AGAIN = "Save it again as .nii.gz, or as .nrrd or .mha in one piece"
_MOST_HEADER = 1 << 20


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


def header_lines(path: Path, stream: BinaryIO) -> Iterator[str]:
    """Header lines; a header has an end and is not large."""
    while stream.tell() < _MOST_HEADER:
        line = stream.readline(_MOST_HEADER)
        if not line:
            return
        yield line.rstrip(b"\r\n").decode("utf-8", "replace")
    raise InputError(path, "its header does not end", DAMAGED)


def whole_numbers(path: Path, text: str) -> tuple[int, ...]:
    """The positive whole numbers of a header's field."""
    try:
        numbers = tuple(int(word) for word in text.split())
    except ValueError:
        numbers = ()
    if not numbers or any(n < 1 for n in numbers):
        raise InputError(path, f"its size is {text[:40]!r}", DAMAGED)
    return numbers


def pixel_data(
    path: Path,
    fields: dict[str, str],
    sizes: tuple[int, ...],
    width: int | None,
    encoding: str | None,
    detached: str | None,
    end: int,
) -> PixelDataInfo:
    """What a header says, once it makes sense: ``width`` bytes a voxel, from byte ``end`` on or in another file."""
    if width is None:
        raise InputError(path, "the type of its voxels is not known", SAVE_AGAIN)
    if encoding is None:
        raise InputError(path, "its voxels are compressed in a way that is not read", SAVE_AGAIN)
    data = path if detached is None else _beside(path, detached)
    return PixelDataInfo(fields, sizes, math.prod(sizes) * width, encoding, data, end if detached is None else 0)


def _beside(path: Path, name: str) -> Path:
    """A data file that lies in the header's own folder, not elsewhere and not in many pieces."""
    if name.upper().startswith("LIST") or "%" in name:
        raise InputError(path, "its voxels are spread over many files", SAVE_AGAIN)
    data = path.parent / name
    if Path(name).name != name or data.resolve().parent != path.parent.resolve():
        raise InputError(path, "its voxels lie in another folder", "Put both files into one folder")
    if not data.is_file():
        raise InputError(path, f"the file with its voxels, {name}, is not there", "Put both files into one folder")
    return data
