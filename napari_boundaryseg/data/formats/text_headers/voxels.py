"""The voxels of an NRRD or MetaImage file: counted, unpacked to the end, with every checksum compared."""

from __future__ import annotations

import math
from typing import BinaryIO

import numpy as np

from napari_boundaryseg.data.formats.compressed import DAMAGED, Decompressed
from napari_boundaryseg.data.formats.memory import readable
from napari_boundaryseg.data.formats.text_headers.header import FROM_END, TextHeader
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress

_MOST_SKIPPED = 1 << 28


def read_voxels(header: TextHeader, progress: Progress) -> tuple[np.ndarray, tuple[str, ...]]:
    """(C, I, J, K) voxels in the machine's byte order, and what is doubtful about how they are stored.

    Raises
    ------
    InputError
        When they are fewer than the header promises, damaged, or too many for the memory.
    """
    count = math.prod(header.sizes) * header.dtype.itemsize
    with header.data.path.open("rb") as stream:
        source = Decompressed(header.data.path, stream, header.data.encoding)
        _go_to(header, stream, source, count)
        array = source.fill(header.sizes, header.dtype, progress)
        extra = source.drain()
    axis = header.component_axis
    array = array[np.newaxis] if axis is None else np.moveaxis(array, axis, 0)
    return array, _warnings(header, source, extra)


def _go_to(header: TextHeader, stream: BinaryIO, source: Decompressed, count: int) -> None:
    """Leave the stream, and what is unpacked from it, where the voxels begin."""
    data = header.data
    from_end = FROM_END in (data.start, data.skip_bytes)
    if from_end and source.compressed:
        raise InputError(data.path, "its header does not say where in its packed bytes the voxels begin", DAMAGED)
    begin = source.size - count if from_end else data.start
    stream.seek(max(0, min(begin, source.size)))
    for _ in range(0 if from_end else data.skip_lines):
        while (line := stream.readline(1 << 20)) and not line.endswith(b"\n"):
            pass
    held = source.size - (max(0, data.start) if from_end else stream.tell() + data.skip_bytes)
    if not source.compressed and held < count:
        raise InputError(
            data.path,
            f"it is cut short: its header promises {_bytes(count)} of voxels, it holds {_bytes(max(0, held))}",
            DAMAGED,
        )
    if from_end:
        return
    if data.skip_bytes > _MOST_SKIPPED or len(source.read(data.skip_bytes)) < data.skip_bytes:
        raise InputError(data.path, "its voxels are said to begin after its end", DAMAGED)


def _bytes(count: int) -> str:
    return f"{count} bytes" if count < 1 << 40 else readable(count)


def _warnings(header: TextHeader, source: Decompressed, extra: int) -> tuple[str, ...]:
    warnings = []
    packed = header.data.packed_size
    if packed is not None and packed != source.size - header.data.start and not source.garbage:
        warnings.append(
            "Its header gives a wrong size of its packed voxels, or none; they are whole and were read. "
            "Other programs may show zeros."
        )
    if source.garbage:
        warnings.append("Bytes that do not belong to it follow the end of its packed voxels.")
    if extra:
        warnings.append("More bytes follow its last voxel than its header announces.")
    return tuple(warnings)
