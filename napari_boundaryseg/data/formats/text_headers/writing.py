"""NRRD and MetaImage files written: compressed, on exactly the scan's grid, with nothing else of it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from napari_boundaryseg.data.formats.text_headers.geometry import LPS_TO_RAS, SHEAR_DEG
from napari_boundaryseg.data.formats.text_headers.metaimage import TYPES as META_TYPES
from napari_boundaryseg.data.formats.text_headers.nrrd import TYPES as NRRD_TYPES
from napari_boundaryseg.data.geometry import shear_deg
from napari_boundaryseg.data.saving import atomic_write
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.errors import InputError

_SIZE_DIGITS = 20
_META_NAMES = {np.dtype(code): f"MET_{name}" for name, code in META_TYPES.items() if not name.endswith("LONG")} | {
    np.dtype("i8"): "MET_LONG_LONG",
    np.dtype("u8"): "MET_ULONG_LONG",
}
_NRRD_NAMES = {np.dtype(code): name for name, code in NRRD_TYPES.items()}

Check = Callable[[Path, np.ndarray, Geometry], None]
"""Reads a new file and compares it with the (C, I, J, K) voxels and the grid that were meant."""


def write(value: LabelMap | Volume, path: Path, check: Check) -> None:
    """A label map or a scan, compressed; read again before an old file is replaced.

    Raises
    ------
    InputError
        For a grid whose axes are not at right angles, which these formats cannot hold, for a file of segments,
        whose names and colours would be missing, and for a header apart from its voxels, which cannot be replaced
        in one step.
    """
    name = path.name.lower()
    if name.endswith(".seg.nrrd"):
        raise InputError(path, "a segmentation with named segments is not written", "Use .nrrd, .mha or .nii.gz")
    if name.endswith((".mhd", ".nhdr")):
        raise InputError(path, "a header apart from its voxels is not written", "Use .mha, .nrrd or .nii.gz")
    if shear_deg(value.affine) > SHEAR_DEG:
        raise InputError(path, "this scan's axes are not at right angles", "Save it as .nii.gz")
    array = _storable(value.array[np.newaxis] if isinstance(value, LabelMap) else value.array, path)
    save = _save_metaimage if name.endswith(".mha") else _save_nrrd
    atomic_write(
        path,
        lambda stream: save(stream, array, value.affine),
        check=lambda temporary: check(temporary, array, value.geometry),
    )


def _storable(array: np.ndarray, path: Path) -> np.ndarray:
    """(C, I, J, K) in a type that both formats have."""
    if array.dtype == bool:
        return array.astype(np.uint8)
    if array.dtype == np.float16:
        return array.astype(np.float32)
    if array.dtype.newbyteorder("=") not in _NRRD_NAMES:
        raise InputError(path, f"voxels of type {array.dtype} cannot be stored", "Convert them to float32")
    return array


def _save_nrrd(stream: BinaryIO, array: np.ndarray, affine: np.ndarray) -> None:
    lps = LPS_TO_RAS @ affine
    several = len(array) > 1
    header = [
        "NRRD0004",
        f"type: {_NRRD_NAMES[array.dtype.newbyteorder('=')]}",
        f"dimension: {3 + several}",
        "space: left-posterior-superior",
        f"sizes: {_row(array.shape if several else array.shape[1:])}",
        f"space directions: {'none ' * several}{' '.join(_vector(column) for column in lps[:3, :3].T)}",
        f"kinds: {'vector ' * several}domain domain domain",
        "endian: little",
        "encoding: gzip",
        f"space origin: {_vector(lps[:3, 3])}",
    ]
    stream.write("\n".join([*header, "", ""]).encode("ascii"))
    with gzip.GzipFile("", "wb", compresslevel=_level(array), fileobj=stream, mtime=0) as packed:
        _put(packed.write, array)


def _save_metaimage(stream: BinaryIO, array: np.ndarray, affine: np.ndarray) -> None:
    lps = LPS_TO_RAS @ affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    size = "CompressedDataSize = "
    header = [
        "ObjectType = Image",
        "NDims = 3",
        "BinaryData = True",
        "BinaryDataByteOrderMSB = False",
        "CompressedData = True",
        size + "0" * _SIZE_DIGITS,
        f"TransformMatrix = {_row((lps[:3, :3] / spacing).T.ravel())}",
        f"Offset = {_row(lps[:3, 3])}",
        "CenterOfRotation = 0 0 0",
        f"ElementSpacing = {_row(spacing)}",
        f"DimSize = {_row(array.shape[1:])}",
        *([f"ElementNumberOfChannels = {len(array)}"] if len(array) > 1 else []),
        f"ElementType = {_META_NAMES[array.dtype.newbyteorder('=')]}",
        "ElementDataFile = LOCAL\n",
    ]
    text = "\n".join(header).encode("ascii")
    stream.write(text)
    packer = zlib.compressobj(_level(array))
    _put(lambda piece: stream.write(packer.compress(piece)), array)
    stream.write(packer.flush())
    end = stream.tell()
    stream.seek(text.index(size.encode()) + len(size))
    stream.write(b"%0*d" % (_SIZE_DIGITS, end - len(text)))
    stream.seek(end)


def _level(array: np.ndarray) -> int:
    return 1 if array.dtype.kind == "f" else 5  # decimals hardly shrink further but take much longer


def _put(write: Callable[[bytes], object], array: np.ndarray) -> None:
    """The voxels, channels fastest, slice by slice: no second copy of the whole scan."""
    little = array.dtype.newbyteorder("<")
    for k in range(array.shape[3]):
        write(array[..., k].astype(little, copy=False).tobytes(order="F"))


def _row(values: object) -> str:
    """Numbers with every digit that they have."""
    return " ".join(repr(value) for value in np.asarray(values).tolist())


def _vector(values: np.ndarray) -> str:
    return f"({','.join(repr(value) for value in values.tolist())})"
