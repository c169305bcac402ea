"""A NIfTI file's voxels as they are stored, read to the end of the file, with warnings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.formats.compressed import DAMAGED, Decompressed
from napari_boundaryseg.data.formats.nifti.geometry import read_geometry
from napari_boundaryseg.data.formats.nifti.header import parse
from napari_boundaryseg.data.volume import Geometry
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent


@dataclass(frozen=True, eq=False)
class Raw:
    """A file's voxels as they are stored, (I, J, K) or (I, J, K, C), and what is known about them."""

    array: np.ndarray
    geometry: Geometry
    slope: float
    inter: float
    warnings: tuple[str, ...]


def read_raw(path: Path, progress: Progress = silent) -> Raw:
    """Header, geometry and voxels of one file, read to the very end.

    Raises
    ------
    InputError
        For a file that is empty, cut short, damaged, no NIfTI file, no volume, or without usable geometry.
    """
    with path.open("rb") as stream:
        source = Decompressed(path, stream)
        head = source.read(540)
        if not head:
            raise InputError(path, "the file is empty", DAMAGED)
        parsed = parse(path, head)
        skipped = parsed.offset - len(head)
        if skipped > 0 and (skipped > 1 << 28 or len(source.read(skipped)) < skipped):
            raise InputError(path, f"its voxels are said to begin at byte {parsed.offset}, after its end", DAMAGED)
        if skipped < 0:  # a NIfTI-1 header is shorter than what was read
            source.put_back(head[parsed.offset :])
        grid, warnings = read_geometry(path, parsed)
        array = source.fill(parsed.shape, parsed.dtype, progress)
        extra = source.drain()
    warnings += _stream_warnings(path, source, extra) + parsed.warnings
    return Raw(array, grid, parsed.slope, parsed.inter, warnings)


def _stream_warnings(path: Path, source: Decompressed, extra: int) -> tuple[str, ...]:
    warnings = []
    if source.compressed != path.name.lower().endswith(".gz"):
        warnings.append(
            "The file is "
            + (
                "compressed although its name does not end in .gz."
                if source.compressed
                else "not compressed although its name ends in .gz."
            )
        )
    if source.garbage:
        warnings.append("Bytes that do not belong to it follow the end of the compressed file.")
    if extra:
        warnings.append("More bytes follow its last voxel than its header announces.")
    return tuple(warnings)
