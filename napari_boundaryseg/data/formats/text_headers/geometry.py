"""Directions, voxel sizes and origin of text headers as an affine, and what is doubtful about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_boundaryseg.data.formats.text_headers.header import EXPORT_AGAIN
from napari_boundaryseg.data.geometry import shear_deg
from napari_boundaryseg.errors import InputError

SHEAR_DEG = 0.05
"""Beyond this, in degrees, programs put the far corner of a scan elsewhere; below lies the rounding of headers."""
NO_ORIENTATION = "The file does not say how it is oriented: left and right may be swapped."
NO_SPACING = "The file does not say how large its voxels are: 1 mm is assumed."
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def affine_of(path: Path, columns: np.ndarray, origin: np.ndarray, to_ras: np.ndarray = LPS_TO_RAS) -> np.ndarray:
    """The (4, 4) matrix of three axes and an origin in the file's own space.

    Parameters
    ----------
    path : Path
        The file, for messages.
    columns : (3, 3) array
        A column for each axis: its direction times the voxel size, in mm.
    origin : (3,) array
        Where the first voxel's centre lies, in mm.
    to_ras : (4, 4) array
        From that space to RAS+.

    Raises
    ------
    InputError
        For an axis without length, and axes that are parallel or not at right angles.
    """
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = columns, origin
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(columns, axis=0)
    if not np.isfinite(lengths).all() or not (lengths > 1e-9).all() or lengths.max() > 1e9:
        text = " x ".join(f"{value:g}" for value in lengths)
        raise InputError(path, f"its voxel size is {text} mm", EXPORT_AGAIN)
    if abs(np.linalg.det(columns / lengths)) < 1e-3:
        raise InputError(path, "two of its axes point the same way", EXPORT_AGAIN)
    if shear_deg(affine) > SHEAR_DEG:
        raise InputError(
            path,
            f"its axes are {shear_deg(affine):.2f} degrees off the right angle",
            "Resample it to right angles, or save it as .nii.gz",
        )
    return to_ras @ affine + 0.0  # no negative zeros
