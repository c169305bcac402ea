"""DICOM slices to one volume: which belong to it, their order, the affine. Pure geometry: no file is read here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_boundaryseg.errors import InputError

TILT_DEG = 0.5
"""The step from slice to slice may be this far off the slice normal."""
_SAME_DIRECTION = 1e-3
_ONE_SERIES = "Put the slices of one series into a folder of their own and open that"
_EXPORT = "Export the whole series again"


@dataclass(frozen=True, eq=False)
class Slice:
    """The header of one DICOM file, as far as the geometry goes. Positions and directions are LPS, in mm."""

    path: Path
    series: str
    modality: str
    rows: int
    columns: int
    position: np.ndarray
    """(3,) centre of the first voxel"""
    along_row: np.ndarray
    """(3,) the direction in which the column index grows"""
    along_column: np.ndarray
    """(3,) the direction in which the row index grows"""
    spacing: tuple[float, float]
    """Between rows, between columns"""
    thickness: float | None = None

    @property
    def normal(self) -> np.ndarray:
        """(3,) unit vector at right angles to the slice."""
        return np.cross(self.along_row, self.along_column)


def one_series(folder: Path, slices: Sequence[Slice]) -> list[Slice]:
    """The slices, when all are of one series; else a refusal that says what is there."""
    counts = Counter((item.series, item.modality) for item in slices)
    if len({series for series, _ in counts}) > 1:
        found = ", ".join(f"{modality or 'unknown'} with {n} slices" for (_, modality), n in counts.most_common(5))
        raise InputError(folder, f"it holds {len(counts)} series ({found})", _ONE_SERIES)
    return list(slices)


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
        _check_gaps(folder, places)
        step = (ordered[-1].position - ordered[0].position) / (len(ordered) - 1)
        _check_lean(folder, ordered, places, step)
        warnings = ()
    return ordered, affine(ordered[0], step), warnings


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
        place = _mm(item.position @ item.normal)
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
                _ONE_SERIES,
            )
        if not np.allclose(item.spacing, first.spacing, rtol=1e-4):
            raise InputError(folder, f"its slices differ in voxel size (the one at {place}, for example)", _ONE_SERIES)


def _single_step(folder: Path, only: Slice) -> tuple[np.ndarray, tuple[str, ...]]:
    if not only.thickness or only.thickness <= 0:
        raise InputError(folder, "it holds one slice that does not say how thick it is", _EXPORT)
    return only.normal * only.thickness, ("There is only one slice.",)


def _check_gaps(folder: Path, places: np.ndarray) -> None:
    gaps = np.diff(places)
    usual = float(np.median(gaps[gaps > 0.01])) if (gaps > 0.01).any() else 0.0
    same = np.flatnonzero(gaps <= max(0.01, 0.1 * usual))
    if same.size:
        hint = " (several time points, echoes or weightings?)" if same.size >= len(gaps) / 3 else ""
        raise InputError(
            folder,
            f"two slices lie at {_mm(places[same[0]])}{hint}",
            "Remove the double one, or " + _lower(_ONE_SERIES),
        )
    allowed = max(0.02, 0.02 * usual)
    wide = np.flatnonzero(gaps > usual + allowed)
    for n in wide:
        missing = round(gaps[n] / usual) - 1
        if missing >= 1 and abs(gaps[n] - (missing + 1) * usual) <= allowed * (missing + 1):
            what = "a slice is missing" if missing == 1 else f"{missing} slices are missing"
            raise InputError(folder, f"{what} between {_mm(places[n])} and {_mm(places[n + 1])}", _EXPORT)
    uneven = np.flatnonzero(np.abs(gaps - usual) > allowed)
    if uneven.size:
        n = uneven[0]
        raise InputError(
            folder,
            f"its slices are unevenly spaced: {gaps[n]:.2f} mm after the one at {_mm(places[n])}, "
            f"{usual:.2f} mm elsewhere",
            "Resample it to even slices, or export it again",
        )


def _check_lean(folder: Path, ordered: Sequence[Slice], places: np.ndarray, step: np.ndarray) -> None:
    """Refuse a stack that leans, and single slices that are shifted within their plane."""
    normal = ordered[0].normal
    lean = float(np.degrees(np.arccos(np.clip(step @ normal / np.linalg.norm(step), -1, 1))))
    if lean > TILT_DEG:
        raise InputError(
            folder,
            f"its slices are stacked {lean:.1f} degrees off their normal, from {_mm(places[0])} to "
            f"{_mm(places[-1])} (a tilted gantry)",
            "Correct the tilt by resampling, then open the result",
        )
    expected = ordered[0].position + np.arange(len(ordered))[:, None] * step
    shifts = np.array([item.position for item in ordered]) - expected
    sideways = np.linalg.norm(shifts - np.outer(shifts @ normal, normal), axis=1)
    allowed = max(0.05, 0.1 * min(ordered[0].spacing))
    if sideways.max() > allowed:
        n = int(sideways.argmax())
        raise InputError(folder, f"the slice at {_mm(places[n])} is shifted {sideways[n]:.2f} mm sideways", _EXPORT)


def _mm(place: float) -> str:
    return f"{float(place):.1f} mm"


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
