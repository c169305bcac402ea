"""What a NIfTI header says, and whether it can be believed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header

from napari_boundaryseg.data.formats.inflate import DAMAGED, guess
from napari_boundaryseg.data.geometry import corner_distance_mm, shear_deg, spacing_mm
from napari_boundaryseg.data.volume import Geometry, NiftiForm
from napari_boundaryseg.errors import InputError

NUMBERS = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
"""NIfTI datatype codes that are read, and their NumPy types."""
_NO_NUMBERS = {
    1: "single bits",
    32: "complex numbers",
    128: "colours (RGB)",
    1536: "128-bit numbers",
    1792: "complex numbers",
    2048: "complex numbers",
    2304: "colours (RGBA)",
}
_UNIT_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
SHEAR_DEG = 0.5
_FORMS_MM = 0.1
"""qform and sform may put a corner this far apart, in mm, before it is worth a word: a qform is rounded."""
_REEXPORT = "Export it again from the program it came from, or correct its header"


@dataclass(frozen=True, eq=False)
class Header:
    """The parts of a NIfTI header that are used."""

    fields: Nifti1Header
    shape: tuple[int, ...]
    """(I, J, K) or (I, J, K, C)"""
    dtype: np.dtype
    offset: int
    slope: float
    inter: float
    doubts: tuple[str, ...]


def parse(path: Path, head: bytes) -> Header:
    """Read the first bytes of a file, or say why they are no header of a volume."""
    fields = _fields(path, head)
    shape = _shape(path, fields)
    code = int(fields["datatype"])
    if code in _NO_NUMBERS:
        raise InputError(
            path,
            f"its voxels are {_NO_NUMBERS[code]}, not plain numbers",
            "Export it as a grey-value scan or as integers",
        )
    if code not in NUMBERS:
        raise InputError(path, f"its data type {code} is not known", DAMAGED)
    dtype = np.dtype(NUMBERS[code]).newbyteorder(fields.endianness)
    doubts: tuple[str, ...] = ()
    if int(fields["bitpix"]) != 8 * dtype.itemsize:
        doubts = (f"Its header contradicts itself: data type {dtype.name}, {int(fields['bitpix'])} bits.",)
    slope, inter, odd = _scaling(fields)
    return Header(fields, shape, dtype, _offset(path, fields), slope, inter, doubts + odd)


def _fields(path: Path, head: bytes) -> Nifti1Header:
    """The header structure in either version and byte order."""
    size = head[:4]
    for kind, length in ((Nifti1Header, 348), (Nifti2Header, 540)):
        for order, name in (("<", "little"), (">", "big")):
            if size == length.to_bytes(4, name):  # type: ignore[arg-type]
                if len(head) < length:
                    raise InputError(path, f"it is cut short: {len(head)} bytes of a header of {length}", DAMAGED)
                fields = kind(head[:length], endianness=order, check=False)
                return _checked_magic(path, fields)
    raise InputError(
        path, f"it is no NIfTI file but {guess(head)}", "Choose a NIfTI file, or give it the suffix it should have"
    )


def _checked_magic(path: Path, fields: Nifti1Header) -> Nifti1Header:
    magic = bytes(fields["magic"])
    if magic.startswith((b"n+1", b"n+2")):
        return fields
    if magic.startswith((b"ni1", b"ni2")):
        raise InputError(
            path, "it is one half of a pair of .hdr and .img files", "Convert the pair to one .nii.gz file"
        )
    raise InputError(path, "it is an Analyze file, which does not say where left is", "Convert it to NIfTI")


def _shape(path: Path, fields: Nifti1Header) -> tuple[int, ...]:
    dim = [int(n) for n in fields["dim"]]
    if not 1 <= dim[0] <= 7:
        raise InputError(path, f"its header says {dim[0]} dimensions", DAMAGED)
    shape = dim[1 : dim[0] + 1]
    if any(n < 1 for n in shape):
        raise InputError(path, f"its size is {' x '.join(map(str, shape))}", DAMAGED)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) < 3:
        raise InputError(
            path,
            f"it is a {len(shape)}-D picture of {' x '.join(map(str, shape))}, not a volume",
            "Choose a scan with three axes",
        )
    if len(shape) > 4:
        raise InputError(
            path,
            f"it has {len(shape)} axes ({' x '.join(map(str, shape))})",
            "Split it into one file per time point or component",
        )
    return tuple(shape)


def _offset(path: Path, fields: Nifti1Header) -> int:
    offset, least = float(fields["vox_offset"]), 544 if isinstance(fields, Nifti2Header) else 352
    if not math.isfinite(offset) or offset < least:
        raise InputError(path, f"its voxels are said to begin at byte {offset:g}, inside its header", DAMAGED)
    return int(offset)


def _scaling(fields: Nifti1Header) -> tuple[float, float, tuple[str, ...]]:
    slope, inter = float(fields["scl_slope"]), float(fields["scl_inter"])
    if slope == 0 or (math.isnan(slope) and math.isnan(inter)):
        return 1.0, 0.0, ()
    if not (math.isfinite(slope) and math.isfinite(inter)):
        return 1.0, 0.0, (f"Its scaling ({slope:g}, {inter:g}) is not usable: the stored values are shown.",)
    return slope, inter, ()


def geometry(path: Path, header: Header) -> tuple[Geometry, tuple[str, ...]]:
    """Where the voxels lie, in mm, and what is doubtful about it.

    The sform counts before the qform; without either only the voxel size is known and a doubt says so.

    Raises
    ------
    InputError
        For sizes or matrices that are not finite, zero, negative, or flat.
    """
    i, j, k = header.shape[:3]
    affine, doubts = affine_of(path, header.fields, (i, j, k))
    return Geometry((i, j, k), affine, form(header.fields)), doubts + _odd_geometry((i, j, k), affine)


def affine_of(path: Path, fields: Nifti1Header, shape: tuple[int, int, int]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The (4, 4) matrix that counts, in mm, and what is doubtful about it."""
    _check_sizes(path, fields)
    affine, doubts = _choose(path, fields, shape)
    unit = _UNIT_MM.get(int(fields["xyzt_units"]) & 7)
    if unit is None:
        unit, doubts = 1.0, (*doubts, "Its unit of length is not known: millimetres are assumed.")
    return np.vstack([affine[:3] * unit, [0, 0, 0, 1]]), doubts


def form(fields: Nifti1Header) -> NiftiForm:
    """The geometry fields as they stand in the header."""
    b, c, d = (float(fields[f"quatern_{axis}"]) for axis in "bcd")
    x, y, z = (float(fields[f"qoffset_{axis}"]) for axis in "xyz")
    srow = np.array([fields["srow_x"], fields["srow_y"], fields["srow_z"]], dtype=np.float64)
    return NiftiForm(
        int(fields["sform_code"]),
        int(fields["qform_code"]),
        tuple(float(p) for p in fields["pixdim"]),
        (b, c, d),
        (x, y, z),
        srow,
        int(fields["xyzt_units"]),
    )


def _check_sizes(path: Path, fields: Nifti1Header) -> None:
    sizes = [float(p) for p in fields["pixdim"][1:4]]
    if not all(math.isfinite(p) and p > 0 for p in sizes):
        text = " x ".join(f"{p:g}" for p in sizes)
        raise InputError(path, f"its voxel size is {text} mm", _REEXPORT)


def _choose(path: Path, fields: Nifti1Header, shape: tuple[int, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The affine that counts, in the file's unit."""
    sform = _sform(path, fields) if int(fields["sform_code"]) > 0 else None
    qform = _qform(path, fields) if int(fields["qform_code"]) > 0 else None
    if sform is None and qform is None:
        if int(fields["sform_code"]) > 0:
            raise InputError(path, "its orientation matrix holds only zeros", _REEXPORT)
        return fields.get_base_affine(), (
            "The file does not say how it is oriented: only the voxel size is known, left and right may be swapped.",
        )
    if sform is None:
        doubt = ("Its sform is empty: the qform is used.",) if int(fields["sform_code"]) > 0 else ()
        return qform, doubt  # type: ignore[return-value]
    if qform is None:
        return sform, _size_doubt(fields, sform)
    apart = corner_distance_mm(shape, sform, qform)
    doubt = (f"Its two orientation matrices differ by up to {apart:.3g} mm: the sform is used.",)
    return sform, doubt if apart > _FORMS_MM else ()


def _sform(path: Path, fields: Nifti1Header) -> np.ndarray | None:
    affine = np.vstack([fields["srow_x"], fields["srow_y"], fields["srow_z"], [0, 0, 0, 1]]).astype(np.float64)
    if not np.isfinite(affine).all():
        raise InputError(path, "its orientation matrix holds values that are not numbers", _REEXPORT)
    if not affine[:3, :3].any():
        return None
    lengths = np.array(spacing_mm(affine))
    if not lengths.all() or abs(np.linalg.det(affine[:3, :3])) < 1e-3 * lengths.prod():
        raise InputError(path, "its orientation matrix is flat: two of its axes point the same way", _REEXPORT)
    return affine


def _qform(path: Path, fields: Nifti1Header) -> np.ndarray:
    values = form(fields)
    if not np.isfinite([*values.quatern, *values.qoffset]).all() or np.linalg.norm(values.quatern) > 1.001:
        raise InputError(path, "its orientation quaternion is not usable", _REEXPORT)
    copy = fields.copy()
    if copy["pixdim"][0] not in (-1, 1):
        copy["pixdim"][0] = 1  # the standard: 0 counts as 1
    copy.quaternion_threshold = -1e-2
    return np.asarray(copy.get_qform(), np.float64)


def _size_doubt(fields: Nifti1Header, affine: np.ndarray) -> tuple[str, ...]:
    sizes = np.array(fields["pixdim"][1:4], np.float64)
    if np.allclose(sizes, spacing_mm(affine), rtol=0.01):
        return ()
    return ("Its header gives two different voxel sizes: that of the orientation matrix is used.",)


def _odd_geometry(shape: tuple[int, ...], affine: np.ndarray) -> tuple[str, ...]:
    doubts = []
    shear, extent = shear_deg(affine), np.array(shape) * spacing_mm(affine)
    if shear > SHEAR_DEG:
        doubts.append(
            f"Its axes are {shear:.1f} degrees off the right angle (a tilted gantry?): distances on screen "
            "are not exact. Resample it to right angles before measuring."
        )
    if extent.max() < 1 or extent.max() > 5000:
        doubts.append(f"It is {extent.max():.3g} mm long: the unit of its voxel size may be wrong.")
    return tuple(doubts)
