"""NRRD and MetaImage files checked against their headers before SimpleITK reads them, which fills gaps with zeros."""

from __future__ import annotations

import bz2
import zlib
from pathlib import Path
from typing import BinaryIO

from napari_boundaryseg.data.formats.compressed import DAMAGED, MOST_RATIO, Decompressed
from napari_boundaryseg.data.formats.itk.metaimage import read_metaimage
from napari_boundaryseg.data.formats.itk.nrrd import read_nrrd
from napari_boundaryseg.data.formats.itk.pixel_data import PixelDataInfo
from napari_boundaryseg.data.formats.memory import readable, refuse_too_large
from napari_boundaryseg.errors import InputError


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
        info = read_nrrd(path, stream) if first.startswith(b"NRRD") else read_metaimage(path, stream)
    _check_sizes(path, info)
    with info.data.open("rb") as stream:
        stream.seek(info.start)
        _check_data(path, info, stream)
    return info


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
