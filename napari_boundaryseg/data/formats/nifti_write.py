"""NIfTI files whose geometry fields are those of the scan, bit by bit, and that carry nothing else of it."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import BinaryIO

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header

from napari_boundaryseg.data.formats import nifti_header
from napari_boundaryseg.data.saving import atomic_write
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.errors import InputError

_LABEL_INTENT = 1002
_CODES = {np.dtype(name): code for code, name in nifti_header.NUMBERS.items()}


def write(value: LabelMap | Volume, path: Path) -> None:
    """A label map (uint8 or uint16) or a scan, on its exact grid; read again before an old file is replaced."""
    if isinstance(value, LabelMap):
        write_array(value.array, value.geometry, path, intent=_LABEL_INTENT)
    else:
        array = value.array[0] if len(value.array) == 1 else np.moveaxis(value.array, 0, 3)
        write_array(_storable(array, path), value.geometry, path)


def write_array(array: np.ndarray, geometry: Geometry, path: Path, *, intent: int = 0) -> None:
    """An (I, J, K) or (I, J, K, C) array on a grid.

    Raises
    ------
    InputError
        When it cannot be written, or when what was written does not read back the same. The old file is then unchanged.
    """
    header = build_header(array, geometry)
    header["intent_code"] = intent
    packed = path.name.lower().endswith(".gz")

    def save(stream: BinaryIO) -> None:
        if packed:
            with gzip.GzipFile("", "wb", compresslevel=5, fileobj=stream, mtime=0) as inner:
                _put(inner, header, array)
        else:
            _put(stream, header, array)

    atomic_write(path, save, check=lambda temporary: _verify(path, temporary, array, geometry))


def build_header(array: np.ndarray, geometry: Geometry) -> Nifti1Header:
    """A fresh header with the grid's geometry fields: NIfTI-1 where they fit without rounding, else NIfTI-2."""
    for kind in (Nifti1Header, Nifti2Header):
        if kind is Nifti1Header and max(array.shape) > 32767:
            continue
        header = kind(endianness="<")
        header.set_data_shape(array.shape)
        header.set_data_dtype(array.dtype)
        header["vox_offset"] = 352 if kind is Nifti1Header else 544
        header["scl_slope"], header["scl_inter"] = 1, 0
        if geometry.nifti is None:
            _set_affine(header, geometry.affine)
            return header
        if _set_form(header, geometry) or kind is Nifti2Header:
            return header
    return header


def _set_affine(header: Nifti1Header, affine: np.ndarray) -> None:
    """Both matrices from one affine, code 1: scanner coordinates."""
    header.set_qform(affine, 1, strip_shears=True)
    header.set_sform(affine, 1)
    header.set_xyzt_units("mm")


def _set_form(header: Nifti1Header, geometry: Geometry) -> bool:
    """Copy the scan's fields; whether every one of them fits without rounding."""
    form = geometry.nifti
    if form is None:
        return False
    header["sform_code"], header["qform_code"] = form.sform_code, form.qform_code
    header["xyzt_units"] = form.xyzt_units
    header["pixdim"] = form.pixdim
    for axis, value, offset, row in zip("bcd", form.quatern, form.qoffset, form.srow):
        place = {"b": "x", "c": "y", "d": "z"}[axis]
        header[f"quatern_{axis}"], header[f"qoffset_{place}"], header[f"srow_{place}"] = value, offset, row
    kept = nifti_header.form(header)
    return (kept.pixdim, kept.quatern, kept.qoffset) == (form.pixdim, form.quatern, form.qoffset) and np.array_equal(
        kept.srow, form.srow, equal_nan=True)


def _storable(array: np.ndarray, path: Path) -> np.ndarray:
    if array.dtype == bool:
        return array.astype(np.uint8)
    if array.dtype == np.float16:
        return array.astype(np.float32)
    if array.dtype.newbyteorder("=") not in _CODES:
        raise InputError(path, f"voxels of type {array.dtype} cannot be stored in NIfTI", "Convert them to float32")
    return array


def _put(stream: BinaryIO, header: Nifti1Header, array: np.ndarray) -> None:
    stream.write(header.binaryblock + bytes(4))
    little = array.dtype.newbyteorder("<")
    slices = array.reshape(*array.shape[:2], -1, order="F")  # a view unless the channels are interleaved
    for k in range(slices.shape[2]):  # slice by slice: no second copy of the whole scan
        stream.write(slices[:, :, k].astype(little, copy=False).tobytes(order="F"))


def _verify(path: Path, temporary: Path, array: np.ndarray, geometry: Geometry) -> None:
    """Read a new file back: the same voxels on the same grid, or an error."""
    from napari_boundaryseg.data.formats.nifti import read_raw

    raw = read_raw(temporary)
    apart = geometry.distance_mm(raw.geometry)
    same = raw.array.shape == _squeezed(array).shape and np.array_equal(
        raw.array, _squeezed(array), equal_nan=array.dtype.kind == "f")
    if not same or not apart <= 1e-3:
        raise InputError(path, "what was written does not read back the same", "Save it again, on another disk")


def _squeezed(array: np.ndarray) -> np.ndarray:
    return array[..., 0] if array.ndim == 4 and array.shape[3] == 1 else array
