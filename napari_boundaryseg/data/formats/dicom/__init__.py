"""DICOM: a folder with one series as a scan, sorted by position, each slice with its own rescale."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import numpy as np

from napari_boundaryseg.data.formats.dicom import folder as dicom_folder
from napari_boundaryseg.data.formats.dicom.header import header
from napari_boundaryseg.data.formats.dicom.library import pydicom
from napari_boundaryseg.data.formats.dicom.pixels import pixels
from napari_boundaryseg.data.formats.dicom.series import Slice, one_series, stack
from napari_boundaryseg.data.formats.format import FORMATS, Format, case_name
from napari_boundaryseg.data.formats.memory import refuse_too_large
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, part, silent


def read(folder: Path, progress: Progress = silent) -> Volume:
    """The series as a volume with axes (column, row, slice).

    Values are int16 (or int32) where every slice's rescale keeps them whole, else float32.

    Raises
    ------
    InputError
        When it is one file, or a folder that holds no slices, a damaged one, more than one series, or slices that make
        no even, straight stack.
    MissingExtra
        When pydicom is not installed.
    """
    if not folder.is_dir():
        _refuse_file(folder)
    pydicom()
    slices = _headers(folder, part(progress, 0, 0.4))
    ordered, affine, warnings = stack(folder, one_series(folder, slices))
    array, more = _pixels(folder, ordered, part(progress, 0.4, 1))
    columns, rows, count = array.shape
    return Volume(
        array[np.newaxis],
        Geometry((columns, rows, count), affine),
        ("image",),
        case_name(folder),
        ordered[0].modality,
        warnings + more,
        (folder,),
    )


def _refuse_file(path: Path) -> NoReturn:
    if not dicom_folder.looks_like_dicom(path):
        raise InputError(path, dicom_folder.CUT, dicom_folder.EXPORT)
    raise InputError(path, "it is one slice of a DICOM series", "Open the folder that holds the series")


def _headers(folder: Path, progress: Progress) -> list[Slice]:
    paths = dicom_folder.files(folder)
    slices, others = [], []
    for n, path in enumerate(paths):
        progress(n / len(paths), "looking for slices")
        if not dicom_folder.looks_like_dicom(path):
            others.append(path)
        elif found := header(path, folder):
            slices.append(found)
    if not slices:
        raise InputError(
            folder, "there is no DICOM image in this folder", "Choose the folder that holds the slices, or a NIfTI file"
        )
    dicom_folder.refuse_remains(others, [item.path for item in slices])
    return slices


def _pixels(folder: Path, ordered: list[Slice], progress: Progress) -> tuple[np.ndarray, tuple[str, ...]]:
    """(columns, rows, slices), with each slice's own rescale, and warnings."""
    first = ordered[0]
    refuse_too_large(folder, 4 * first.rows * first.columns * len(ordered))
    stored, scales, inverted = [], [], False
    for n, item in enumerate(ordered):
        progress(n / len(ordered), "reading slices")
        array, slope, inter, low_is_bright = pixels(item)
        stored.append(array)
        scales.append((slope, inter))
        inverted |= low_is_bright
    return rescaled(stored, scales).transpose(2, 1, 0), _inversion_warning(first, inverted)


def rescaled(stored: list[np.ndarray], scales: list[tuple[float, float]]) -> np.ndarray:
    """Slices of stored values to real ones, (slices, rows, columns): integers where nothing is lost, else float32."""
    if all(slope == 1 and inter == round(inter) for slope, inter in scales):
        low = min(float(array.min()) + inter for array, (_, inter) in zip(stored, scales))
        high = max(float(array.max()) + inter for array, (_, inter) in zip(stored, scales))
        for name in ("int16", "int32"):
            if np.iinfo(name).min <= low and high <= np.iinfo(name).max:
                return _filled(stored, scales, np.dtype(name))
    return _filled(stored, scales, np.dtype(np.float32))


def _filled(stored: list[np.ndarray], scales: list[tuple[float, float]], dtype: np.dtype) -> np.ndarray:
    result = np.empty((len(stored), *stored[0].shape), dtype)
    for n, (array, (slope, inter)) in enumerate(zip(stored, scales)):
        result[n] = array.astype(np.float64) * slope + inter
    return result


def _inversion_warning(first: Slice, inverted: bool) -> tuple[str, ...]:
    if not inverted:
        return ()
    if first.modality in ("CT", "PT"):
        return ("It asks to be shown with low values bright (MONOCHROME1); the values are kept as they are.",)
    return ("Low values were stored as bright (MONOCHROME1): bright and dark were exchanged.",)


def _recognises(path: Path, head: bytes) -> bool:
    """A folder; one DICOM file too, so that `read` can say that the series is needed."""
    return path.is_dir() or dicom_folder.begins_like_dicom(head) or path.suffix.lower() == ".dcm"


FORMATS.register("dicom")(Format((), read, recognises=_recognises, asked_last=True))
