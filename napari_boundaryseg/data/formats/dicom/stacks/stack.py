"""DICOM slices to one volume: their order and the affine. Pure geometry: no file is read here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.formats.dicom.series import ONE_SERIES
from napari_boundaryseg.data.formats.dicom.slices import Slice
from napari_boundaryseg.data.formats.dicom.stacks.end_slices import end_slices
from napari_boundaryseg.data.formats.dicom.stacks.gaps import EXPORT, check_gaps
from napari_boundaryseg.data.formats.dicom.stacks.places import in_mm
from napari_boundaryseg.data.formats.dicom.stacks.several_stacks import one_stack
from napari_boundaryseg.errors import InputError

TILT_DEG = 0.5
"""The step from slice to slice may be this far off the slice normal."""
MOST_MM = 5000
"""No patient is longer."""
_SAME_DIRECTION = 1e-3


def stack(folder: Path, slices: Sequence[Slice]) -> tuple[list[Slice], np.ndarray, tuple[str, ...]]:
    """Slices in the order of their positions, their (4, 4) voxel-to-mm matrix in RAS+, and warnings.

    The axes are (column, row, slice). Only ImagePositionPatient along the slice normal decides the order.

    Raises
    ------
    InputError
        For slices of different orientation, size or voxel size, missing, repeated or unevenly spaced ones, and
        a stack that leans more than `TILT_DEG`; the message names the place in mm along the slice normal.
    """
    _check_alike(folder, slices)
    normal = slices[0].normal
    ordered = sorted(slices, key=lambda item: float(item.position @ normal))
    places = np.array([item.position @ normal for item in ordered])
    if len(ordered) == 1:
        step, warnings = _single_step(folder, ordered[0])
    else:
        warnings = one_stack(folder, ordered, places)
        check_gaps(folder, ordered, places)
        step = (ordered[-1].position - ordered[0].position) / (len(ordered) - 1)
        _check_lean(folder, ordered, places, step)
        warnings += end_slices(ordered)
    matrix = affine(ordered[0], step)
    extent = max(np.linalg.norm(matrix[:3, :3], axis=0) * (ordered[0].columns, ordered[0].rows, len(ordered)))
    if extent < 1 or extent > MOST_MM:
        warnings += (f"It is {extent:.3g} mm long: the unit of its voxel size may be wrong.",)
    return ordered, matrix, warnings


def affine(first: Slice, step: np.ndarray) -> np.ndarray:
    """Voxel (column, row, slice) to mm, RAS+, after DICOM PS3.3 C.7.6.2.1.1."""
    matrix = np.eye(4)
    matrix[:3, 0] = first.along_row * first.spacing[1]
    matrix[:3, 1] = first.along_column * first.spacing[0]
    matrix[:3, 2], matrix[:3, 3] = step, first.position
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix


def _check_alike(folder: Path, slices: Sequence[Slice]) -> None:
    first = slices[0]
    for item in slices[1:]:
        place = in_mm(item.position @ item.normal)
        turned = max(
            np.abs(item.along_row - first.along_row).max(), np.abs(item.along_column - first.along_column).max()
        )
        if turned > _SAME_DIRECTION:
            raise InputError(
                folder,
                f"its slices point in different directions (the one at {place}, for example)",
                "Take the localiser or the other planes out of the folder",
            )
        if (item.rows, item.columns) != (first.rows, first.columns):
            raise InputError(
                folder,
                f"its slices differ in size: {item.columns} x {item.rows} at {place}, "
                f"{first.columns} x {first.rows} elsewhere",
                ONE_SERIES,
            )
        if not np.allclose(item.spacing, first.spacing, rtol=1e-4):
            raise InputError(folder, f"its slices differ in voxel size (the one at {place}, for example)", ONE_SERIES)


def _single_step(folder: Path, only: Slice) -> tuple[np.ndarray, tuple[str, ...]]:
    if not only.thickness or only.thickness <= 0:
        raise InputError(folder, "it holds one slice that does not say how thick it is", EXPORT)
    return only.normal * only.thickness, ("There is only one slice.",)


def _check_lean(folder: Path, ordered: Sequence[Slice], places: np.ndarray, step: np.ndarray) -> None:
    """Refuse a stack that leans, and single slices that are shifted within their plane."""
    normal = ordered[0].normal
    lean = float(np.degrees(np.arccos(np.clip(step @ normal / np.linalg.norm(step), -1, 1))))
    if lean > TILT_DEG:
        raise InputError(
            folder,
            f"its slices are stacked {lean:.1f} degrees off their normal, from {in_mm(places[0])} to "
            f"{in_mm(places[-1])} (a tilted gantry)",
            "Correct the tilt by resampling, then open the result",
        )
    expected = ordered[0].position + np.arange(len(ordered))[:, None] * step
    shifts = np.array([item.position for item in ordered]) - expected
    sideways = np.linalg.norm(shifts - np.outer(shifts @ normal, normal), axis=1)
    allowed = max(0.05, 0.1 * min(ordered[0].spacing))
    if sideways.max() > allowed:
        n = int(sideways.argmax())
        raise InputError(folder, f"the slice at {in_mm(places[n])} is shifted {sideways[n]:.2f} mm sideways", EXPORT)
