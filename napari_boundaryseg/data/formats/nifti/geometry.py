"""Affine of a NIfTI header from its sform and qform, with checks and warnings."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from nibabel.nifti1 import Nifti1Header

from napari_boundaryseg.data.formats.extent import odd_extent
from napari_boundaryseg.data.formats.nifti.header import Header
from napari_boundaryseg.data.formats.nifti.quaternion import rotation, rounding_rad
from napari_boundaryseg.data.geometry import corner_distance_mm, shear_deg, spacing_mm
from napari_boundaryseg.data.volume import Geometry, NiftiForm
from napari_boundaryseg.errors import InputError

_UNIT_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
SHEAR_DEG = 0.5
_FORMS_MM = 0.1
"""qform and sform may put a corner this far apart, in mm, before it is worth a word: a qform is rounded."""
_LAST_CODE = 5
"""Of the spaces that NIfTI names: 1 scanner, 2 aligned, 3 Talairach, 4 MNI 152, 5 another template."""
_REEXPORT = "Export it again from the program it came from, or correct its header"


def read_geometry(path: Path, header: Header) -> tuple[Geometry, tuple[str, ...]]:
    """Where the voxels lie, in mm, and what is doubtful about it.

    The sform counts before the qform; without either only the voxel size is known and a warning says so.

    Raises
    ------
    InputError
        For sizes or matrices that are not finite, zero, or flat, and for negative sizes where there is no sform.
    """
    i, j, k = header.shape[:3]
    affine, warnings = affine_of(path, header.fields, (i, j, k))
    return Geometry((i, j, k), affine, form(header.fields)), warnings + _odd_geometry((i, j, k), affine)


def affine_of(path: Path, fields: Nifti1Header, shape: tuple[int, int, int]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The (4, 4) matrix that counts, in mm, and what is doubtful about it."""
    sform = _sform(path, fields) if int(fields["sform_code"]) > 0 else None
    fields, odd_sizes = _with_sizes(path, fields, sform is not None)
    affine, warnings = _choose(path, fields, shape, sform)
    warnings += odd_sizes
    unit = _UNIT_MM.get(int(fields["xyzt_units"]) & 7)
    if unit is None:
        unit, warnings = 1.0, (*warnings, "Its unit of length is not known: millimetres are assumed.")
    return np.vstack([affine[:3] * unit, [0, 0, 0, 1]]), warnings


def form(fields: Nifti1Header) -> NiftiForm:
    """The geometry fields as they stand in the header."""
    b, c, d = (float(fields[f"quatern_{axis}"]) for axis in "bcd")
    x, y, z = (float(fields[f"qoffset_{axis}"]) for axis in "xyz")
    with np.errstate(invalid="ignore"):  # a signalling NaN
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


def _with_sizes(path: Path, fields: Nifti1Header, has_sform: bool) -> tuple[Nifti1Header, tuple[str, ...]]:
    """The header with voxel sizes that can be used: a matrix says more than the sign of a size."""
    sizes = [float(p) for p in fields["pixdim"][1:4]]
    usable = all(math.isfinite(p) and p != 0 for p in sizes)
    if not usable or (min(sizes) < 0 and not has_sform):
        text = " x ".join(f"{p:g}" for p in sizes)
        raise InputError(path, f"its voxel size is {text} mm", _REEXPORT)
    if min(sizes) > 0:
        return fields, ()
    copy = fields.copy()
    copy["pixdim"][1:4] = np.abs(sizes)
    return copy, ("Its header gives a negative voxel size: the sform is used, which says where each axis points.",)


def _choose(
    path: Path, fields: Nifti1Header, shape: tuple[int, ...], sform: np.ndarray | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The affine that counts, in the file's unit."""
    if sform is not None and int(fields["qform_code"]) > 0 and not _usable(form(fields)):
        return sform, ("Its orientation quaternion is not usable: the sform is used.",)
    qform = _qform(path, fields) if int(fields["qform_code"]) > 0 else None
    if sform is None and qform is None:
        if int(fields["sform_code"]) > 0:
            raise InputError(path, "its orientation matrix holds only zeros", _REEXPORT)
        return fields.get_base_affine(), (
            "The file does not say how it is oriented: only the voxel size is known, left and right may be swapped.",
        )
    if sform is None:
        warning = ("Its sform is empty: the qform is used.",) if int(fields["sform_code"]) > 0 else ()
        return qform, warning + _code_warning(fields, "qform") + _side_warning(fields)  # type: ignore[return-value]
    if qform is None:
        return sform, _size_warning(fields, sform) + _code_warning(fields, "sform")
    apart = corner_distance_mm(shape, sform, qform)
    reach = float(np.linalg.norm((np.array(shape) - 1) * spacing_mm(qform)))
    b, c, d = form(fields).quatern
    warning = (f"Its two orientation matrices differ by up to {apart:.3g} mm: the sform is used.",)
    return sform, warning if apart > _FORMS_MM + rounding_rad(b, c, d) * reach else ()


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
    if not _usable(values):
        raise InputError(path, "its orientation quaternion is not usable", _REEXPORT)
    affine = np.eye(4)
    affine[:3, :3] = rotation(*values.quatern) * values.pixdim[1:4]
    affine[:3, 2] *= -1 if values.pixdim[0] < 0 else 1  # the standard: 0 counts as 1
    affine[:3, 3] = values.qoffset
    return affine


def _usable(values: NiftiForm) -> bool:
    return bool(np.isfinite([*values.quatern, *values.qoffset]).all() and np.linalg.norm(values.quatern) <= 1.001)


def _code_warning(fields: Nifti1Header, form: str) -> tuple[str, ...]:
    code = int(fields[f"{form}_code"])
    said = f"The code of its {form}, {code}, is not known: other programs may leave its orientation out."
    return (said,) if code > _LAST_CODE else ()


def _side_warning(fields: Nifti1Header) -> tuple[str, ...]:
    """The sign by which a qform is mirrored: programs read other numbers than 1 and -1 differently."""
    sign = float(fields["pixdim"][0])
    said = f"The sign of its qform is {sign:g} instead of -1: other programs may take it for 1 and swap two sides."
    return (said,) if sign < 0 and sign != -1 else ()


def _size_warning(fields: Nifti1Header, affine: np.ndarray) -> tuple[str, ...]:
    sizes = np.array(fields["pixdim"][1:4], np.float64)
    if np.allclose(sizes, spacing_mm(affine), rtol=0.01):
        return ()
    return ("Its header gives two different voxel sizes: that of the orientation matrix is used.",)


def _odd_geometry(shape: tuple[int, ...], affine: np.ndarray) -> tuple[str, ...]:
    warnings = []
    shear = shear_deg(affine)
    if shear > SHEAR_DEG:
        warnings.append(
            f"Its axes are {shear:.1f} degrees off the right angle (a tilted gantry?): distances on screen "
            "are not exact. Resample it to right angles before measuring."
        )
    return (*warnings, *odd_extent(shape, affine))
