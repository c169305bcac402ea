"""NIfTI-1 and NIfTI-2, packed or not: read with suspicion, written with the exact geometry of the scan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.formats import FORMATS, Format, case_name
from napari_boundaryseg.data.formats.compressed import DAMAGED, Unpacked
from napari_boundaryseg.data.formats.decimals import not_finite, to_float32
from napari_boundaryseg.data.formats.nifti.geometry import geometry
from napari_boundaryseg.data.formats.nifti.header import parse
from napari_boundaryseg.data.formats.nifti.write import write, write_array
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent

__all__ = ["read", "read_labels", "write", "write_array"]

SUFFIXES = (".nii.gz", ".nii")
LABEL_TOLERANCE = 1e-3
"""A label that was stored as a decimal number may lie this far from its integer."""


@dataclass(frozen=True, eq=False)
class Raw:
    """A file's voxels as they are stored, (I, J, K) or (I, J, K, C), and what is known about them."""

    array: np.ndarray
    geometry: Geometry
    slope: float
    inter: float
    doubts: tuple[str, ...]


def read(path: Path, progress: Progress = silent) -> Volume:
    """One scan; a fourth axis becomes channels. Scaled values are float32, others keep their type."""
    raw = read_raw(path, progress)
    array, lost = _scaled(raw)
    channels = array[np.newaxis] if array.ndim == 3 else np.moveaxis(array, 3, 0)
    names = ("image",) if len(channels) == 1 else tuple(f"channel {n + 1}" for n in range(len(channels)))
    doubts = raw.doubts + lost + not_finite(array)
    return Volume(channels, raw.geometry, names, case_name(path), "", doubts, (path,))


def read_labels(path: Path, progress: Progress = silent) -> tuple[np.ndarray, Geometry, tuple[str, ...]]:
    """A label map's integers (I, J, K), its grid and doubts.

    Raises
    ------
    InputError
        When the voxels are not whole numbers (up to `LABEL_TOLERANCE`), or there is more than one per place.
    """
    raw = read_raw(path, progress)
    if raw.array.ndim != 3:
        raise InputError(
            path,
            f"it holds {raw.array.shape[3]} volumes, a label map is one",
            "Save the labels as one volume with one integer per voxel",
        )
    array = raw.array
    if (raw.slope, raw.inter) != (1.0, 0.0):
        array = array.astype(np.float64) * raw.slope + raw.inter
    return whole_numbers(path, array), raw.geometry, raw.doubts


def whole_numbers(path: Path, array: np.ndarray) -> np.ndarray:
    """Decimal values as the integers they stand for, or a refusal."""
    if array.dtype.kind != "f":
        return array
    rounded = np.rint(array)
    if not np.isfinite(array).all() or np.abs(array - rounded).max(initial=0) > LABEL_TOLERANCE:
        raise InputError(
            path,
            "it holds values that are not whole numbers, so it is no label map",
            "Choose the file with the labels, or open this one as a scan",
        )
    return rounded


def read_raw(path: Path, progress: Progress = silent) -> Raw:
    """Header, geometry and voxels of one file, read to the very end.

    Raises
    ------
    InputError
        For everything that `reliability` lists: empty, cut, damaged, no NIfTI, no volume, no usable geometry.
    """
    with path.open("rb") as stream:
        source = Unpacked(path, stream)
        head = source.read(540)
        if not head:
            raise InputError(path, "the file is empty", DAMAGED)
        parsed = parse(path, head)
        skipped = parsed.offset - len(head)
        if skipped > 0 and (skipped > 1 << 28 or len(source.read(skipped)) < skipped):
            raise InputError(path, f"its voxels are said to begin at byte {parsed.offset}, after its end", DAMAGED)
        if skipped < 0:  # a NIfTI-1 header is shorter than what was read
            source.put_back(head[parsed.offset :])
        grid, doubts = geometry(path, parsed)
        array = source.fill(parsed.shape, parsed.dtype, progress)
        extra = source.drain()
    doubts += _stream_doubts(path, source, extra) + parsed.doubts
    return Raw(_native(array), grid, parsed.slope, parsed.inter, doubts)


def _stream_doubts(path: Path, source: Unpacked, extra: int) -> tuple[str, ...]:
    doubts = []
    if source.packed != path.name.lower().endswith(".gz"):
        doubts.append(
            "The file is "
            + (
                "packed although its name does not end in .gz."
                if source.packed
                else "not packed although its name ends in .gz."
            )
        )
    if source.garbage:
        doubts.append("Bytes that do not belong to it follow the end of the packed file.")
    if extra:
        doubts.append("More bytes follow its last voxel than its header announces.")
    return tuple(doubts)


def _native(array: np.ndarray) -> np.ndarray:
    """The machine's own byte order, in place."""
    if array.dtype.isnative:
        return array
    return array.byteswap(inplace=True).view(array.dtype.newbyteorder("="))


def _scaled(raw: Raw) -> tuple[np.ndarray, tuple[str, ...]]:
    """The voxels' values: float32 where a slope or intercept applies or where they are float64."""
    if (raw.slope, raw.inter) == (1.0, 0.0) and raw.array.dtype != np.float64:
        return raw.array, ()
    return to_float32(raw.array, raw.slope, raw.inter)


FORMATS.register("nifti")(Format(SUFFIXES, read, read_labels, write, SUFFIXES))
