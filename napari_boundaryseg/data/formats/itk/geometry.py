"""Directions and sizes of NRRD and MetaImage headers, checked where ITK would quietly make up its own."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.geometry import shear_deg
from napari_boundaryseg.errors import InputError

SHEAR_DEG = 0.05
"""Beyond this, in degrees, ITK would put the far corner of a scan elsewhere; below lies the rounding of headers."""
NO_SHEAR = "Resample it to right angles, or save it as .nii.gz"
_SPACINGS = ("spacings", "ElementSpacing")
_GEOMETRY = (*_SPACINGS, "space directions", "space origin", "TransformMatrix", "Offset", "Position")
_NO_ORIENTATION = "The file does not say how it is oriented: left and right may be swapped."
_PATIENT_SPACES = ("right-anterior-superior", "left-anterior-superior", "left-posterior-superior", "ras", "las", "lps")


def header_warnings(path: Path, fields: dict[str, str]) -> tuple[str, ...]:
    """What the header leaves open.

    Raises
    ------
    InputError
        For colours, sizes or directions that are not usable numbers, and axes that are not at right angles.
    """
    if "rgb" in fields.get("kinds", "").lower():
        raise InputError(path, "its voxels are colours", "Export it as a grey-value scan")
    _check_numbers(path, fields)
    _check_right_angles(path, fields)
    if "DimSize" in fields:
        known = any(key in fields for key in ("TransformMatrix", "Rotation", "Orientation"))
        return () if known else (_NO_ORIENTATION,)
    space = fields.get("space", "").lower().removesuffix("-time").removesuffix("t")
    if "space directions" not in fields or not space:
        return (_NO_ORIENTATION,)
    if space not in _PATIENT_SPACES:
        return (f"Its space, {fields['space'][:40]}, is not tied to the patient: left and right may be swapped.",)
    units = set(fields.get("space units", "mm").replace('"', " ").split()) - {"mm"}
    return (f"Its unit of length is {min(units)[:8]}: millimetres are assumed.",) if units else ()


def _check_numbers(path: Path, fields: dict[str, str]) -> None:
    """Sizes and directions must be finite and not zero."""
    listed_axis = len(fields.get("sizes", "").split()) > 3  # whose spacing is rightly NaN
    for key in _GEOMETRY:
        values = _values(fields, key)
        if key == "spacings" and listed_axis:
            values = values[np.isfinite(values)]
        if not np.isfinite(values).all() or (key in _SPACINGS and (values <= 0).any()):
            raise InputError(path, f"its header says {key}: {fields[key][:60]}", "Export it again")


def _check_right_angles(path: Path, fields: dict[str, str]) -> None:
    """ITK turns directions until they are at right angles, without a word."""
    for key in ("space directions", "TransformMatrix"):
        values = _values(fields, key)
        if values.size == 9 and not _square(values.reshape(3, 3)):
            raise InputError(path, "its axes are not at right angles", NO_SHEAR)


def _square(directions: np.ndarray) -> bool:
    affine = np.eye(4)
    affine[:3, :3] = directions.T
    return bool(np.linalg.norm(directions, axis=1).all()) and shear_deg(affine) <= SHEAR_DEG


def _values(fields: dict[str, str], key: str) -> np.ndarray:
    """The numbers of a header line, NaN for what is none."""
    words = fields.get(key, "").replace("(", " ").replace(")", " ").replace(",", " ").split()
    return np.array([_number(word) for word in words if word not in ("none", "???")])


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan
