"""Gaps between slices: double, missing and unevenly spaced ones are refused with their place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.formats.dicom.series import ONE_SERIES
from napari_boundaryseg.data.formats.dicom.slices import Slice
from napari_boundaryseg.data.formats.dicom.stacks.places import SAME_MM, allowed, in_mm
from napari_boundaryseg.data.formats.dicom.stacks.several_stacks import differences
from napari_boundaryseg.errors import InputError

EXPORT = "Export the whole series again"


def check_gaps(folder: Path, ordered: Sequence[Slice], places: np.ndarray) -> None:
    """Refuse slices that are not evenly spaced.

    Parameters
    ----------
    folder : Path
    ordered : sequence of Slice
    places : (n,) array
        Where they lie along their normal, growing, in mm.

    Raises
    ------
    InputError
        With the first place that is wrong.
    """
    gaps = np.diff(places)
    usual = float(np.median(gaps[gaps > SAME_MM])) if (gaps > SAME_MM).any() else 0.0
    _check_double(folder, ordered, places, max(SAME_MM, 0.1 * usual))
    _check_missing(folder, places, usual)
    wrong = np.flatnonzero(np.abs(gaps - usual) > allowed(usual))
    if wrong.size:
        n = wrong[0]
        raise InputError(
            folder,
            f"its slices are unevenly spaced: {gaps[n]:.2f} mm after the one at {in_mm(places[n])}, "
            f"{usual:.2f} mm elsewhere",
            "Resample it to even slices, or export it again",
        )
    drift = np.abs(places - np.linspace(places[0], places[-1], len(places))).max()
    if drift > max(0.05, 0.1 * usual):
        raise InputError(
            folder,
            f"its slices are unevenly spaced: {gaps.min():.2f} to {gaps.max():.2f} mm apart, "
            f"which adds up to {drift:.2f} mm",
            "Resample it to even slices, or export it again",
        )


def _check_double(folder: Path, ordered: Sequence[Slice], places: np.ndarray, near: float) -> None:
    same = np.flatnonzero(np.diff(places) <= near)
    if not same.size:
        return
    n = int(same[0])
    if differ := differences(ordered[n], ordered[n + 1]):
        hint = f" and differ in their {', '.join(differ[:3])}"
    else:
        hint = " (several time points, echoes or weightings?)" if same.size >= (len(places) - 1) / 3 else ""
    raise InputError(
        folder,
        f"two slices lie at {in_mm(places[n])}{hint}",
        f"Remove the double one ({ordered[n].path.name} or {ordered[n + 1].path.name}), or {_lower(ONE_SERIES)}",
    )


def _check_missing(folder: Path, places: np.ndarray, usual: float) -> None:
    gaps = np.diff(places)
    for n in np.flatnonzero(gaps > usual + allowed(usual)):
        missing = round(gaps[n] / usual) - 1
        if missing >= 1 and abs(gaps[n] - (missing + 1) * usual) <= allowed(usual) * (missing + 1):
            what = "a slice is missing" if missing == 1 else f"{missing} slices are missing"
            raise InputError(folder, f"{what} between {in_mm(places[n])} and {in_mm(places[n + 1])}", EXPORT)


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
