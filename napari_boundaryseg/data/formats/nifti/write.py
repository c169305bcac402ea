"""NIfTI files whose geometry fields are those of the scan, bit by bit, and that carry nothing else of it."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header

from napari_boundaryseg.data.formats.nifti import geometry as nifti_geometry
from napari_boundaryseg.data.formats.nifti.fourth_axis import units_of_space
from napari_boundaryseg.data.formats.nifti.header import NUMBERS
from napari_boundaryseg.data.formats.nifti.raw import read_raw
from napari_boundaryseg.data.geometry import corner_distance_mm
from napari_boundaryseg.data.saving import atomic_write
from napari_boundaryseg.data.volume import SAME_GRID_MM, Geometry, LabelMap, NiftiForm, Volume
from napari_boundaryseg.errors import InputError

_LABEL_INTENT = 1002
_CODES = {np.dtype(name): code for code, name in NUMBERS.items()}


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
    if not path.name.lower().endswith((".nii", ".nii.gz")):
        raise InputError(path, "maps and labels are written as NIfTI", "Let its name end in .nii.gz")
    header = build_header(array, geometry)
    header["intent_code"] = intent
    compressed = path.name.lower().endswith(".gz")
    level = 1 if array.dtype.kind == "f" else 5  # decimals hardly shrink further but take much longer

    def save(stream: BinaryIO) -> None:
        if compressed:
            with gzip.GzipFile("", "wb", compresslevel=level, fileobj=stream, mtime=0) as inner:
                _put(inner, header, array)
        else:
            _put(stream, header, array)

    atomic_write(path, save, check=lambda temporary: _verify(path, temporary, array, geometry))


def build_header(array: np.ndarray, geometry: Geometry) -> Nifti1Header:
    """A fresh header that says this geometry: the scan's own fields where it has any, else code 1 for both matrices.

    NIfTI-1 where nothing is rounded away, else NIfTI-2.
    """
    for setter in (_set_form, _set_affine):
        for kind in (Nifti1Header, Nifti2Header):
            if kind is Nifti1Header and max(array.shape) > 32767:
                continue
            header = _blank(kind, array)
            if setter(header, geometry) and _says(header, geometry):
                return header
    raise InputError("affine", "this geometry cannot be stored", "Check the affine for values that are not numbers")


def _blank(kind: type[Nifti1Header], array: np.ndarray) -> Nifti1Header:
    header = kind(endianness="<")
    header.set_data_shape(array.shape)
    header.set_data_dtype(array.dtype)
    header["vox_offset"] = 352 if kind is Nifti1Header else 544
    header["scl_slope"], header["scl_inter"] = 1, 0
    return header


def _set_affine(header: Nifti1Header, geometry: Geometry) -> bool:
    """Both matrices from one affine, code 1: scanner coordinates."""
    header.set_qform(geometry.affine, 1, strip_shears=True)
    header.set_sform(geometry.affine, 1)
    header.set_xyzt_units("mm")
    return True


def _set_form(header: Nifti1Header, geometry: Geometry) -> bool:
    """Copy the scan's fields; whether every one of them fits without rounding."""
    form = geometry.nifti
    if form is None:
        return False
    if len(header.get_data_shape()) == 4:  # channels or maps, not times, whatever the scan's header says of time
        units, pixdim = units_of_space(form.xyzt_units), (*form.pixdim[:4], 1.0, *form.pixdim[5:])
        form = replace(form, xyzt_units=units, pixdim=pixdim)
    header["sform_code"], header["qform_code"] = form.sform_code, form.qform_code
    header["xyzt_units"], header["pixdim"] = form.xyzt_units, form.pixdim
    for n, (quatern, axis) in enumerate(zip("bcd", "xyz")):
        header[f"quatern_{quatern}"], header[f"qoffset_{axis}"] = form.quatern[n], form.qoffset[n]
        header[f"srow_{axis}"] = form.srow[n]
    return all(
        np.array_equal(kept, asked, equal_nan=True)
        for kept, asked in zip(_numbers(nifti_geometry.form(header)), _numbers(form))
    )


def _numbers(form: NiftiForm) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(part, np.float64) for part in (form.pixdim, form.quatern, form.qoffset, form.srow))


def _says(header: Nifti1Header, geometry: Geometry) -> bool:
    """Whether a reader of this header finds the geometry again, well within `SAME_GRID_MM`."""
    affine, _ = nifti_geometry.affine_of(Path("header"), header, geometry.shape)
    return corner_distance_mm(geometry.shape, affine, geometry.affine) <= SAME_GRID_MM / 10


def _storable(array: np.ndarray, path: Path) -> np.ndarray:
    if array.dtype == bool:
        return array.astype(np.uint8)
    if array.dtype == np.float16:
        return array.astype(np.float32)
    if array.dtype.newbyteorder("=") not in _CODES:
        raise InputError(path, f"voxels of type {array.dtype} cannot be stored in NIfTI", "Convert them to float32")
    return array


def _put(stream: BinaryIO | gzip.GzipFile, header: Nifti1Header, array: np.ndarray) -> None:
    stream.write(header.binaryblock + bytes(4))
    little = array.dtype.newbyteorder("<")
    slices = array.reshape(*array.shape[:2], -1, order="F")  # a view unless the channels are interleaved
    for k in range(slices.shape[2]):  # slice by slice: no second copy of the whole scan
        stream.write(slices[:, :, k].astype(little, copy=False).tobytes(order="F"))


def _verify(path: Path, temporary: Path, array: np.ndarray, geometry: Geometry) -> None:
    """Read a new file back: the same voxels on the same grid, or an error."""
    raw = read_raw(temporary)
    apart = geometry.distance_mm(raw.geometry)
    same = raw.array.shape == _squeezed(array).shape and np.array_equal(
        raw.array, _squeezed(array), equal_nan=array.dtype.kind == "f"
    )
    if not same or not apart <= SAME_GRID_MM:
        raise InputError(path, "what was written does not read back the same", "Save it again, on another disk")


def _squeezed(array: np.ndarray) -> np.ndarray:
    return array[..., 0] if array.ndim == 4 and array.shape[3] == 1 else array
