"""DICOM: a folder with one series as a scan, sorted by position, each slice with its own rescale."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NoReturn

import numpy as np

from napari_boundaryseg.data.formats.dicom import folder as dicom_folder
from napari_boundaryseg.data.formats.dicom.decoder import Decoder
from napari_boundaryseg.data.formats.dicom.header import header
from napari_boundaryseg.data.formats.dicom.library import pydicom
from napari_boundaryseg.data.formats.dicom.objects import without_others
from napari_boundaryseg.data.formats.dicom.pixels import Pixels, pixels
from napari_boundaryseg.data.formats.dicom.remains import check_remains, not_followed
from napari_boundaryseg.data.formats.dicom.rescale import check_scales, rescaled
from napari_boundaryseg.data.formats.dicom.series import one_series
from napari_boundaryseg.data.formats.dicom.slices import Other, Slice
from napari_boundaryseg.data.formats.dicom.stacks.stack import stack
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
    slices, said = _headers(folder, part(progress, 0, 0.4))
    ordered, affine, warnings = stack(folder, one_series(folder, slices))
    array, more = _pixels(folder, ordered, part(progress, 0.4, 1))
    columns, rows, count = array.shape
    return Volume(
        array[np.newaxis],
        Geometry((columns, rows, count), affine),
        ("image",),
        case_name(folder),
        ordered[0].modality,
        said + warnings + more,
        (folder,),
    )


def _refuse_file(path: Path) -> NoReturn:
    if not dicom_folder.looks_like_dicom(path):
        raise InputError(path, dicom_folder.CUT, dicom_folder.EXPORT)
    found = header(path)
    if isinstance(found, Other):
        advice = "Open the folder that holds the series, or a label map as NIfTI, NRRD or MHA"
        raise found.refusal or InputError(path, f"it is {found.what}, not a scan", advice)
    raise InputError(path, "it is one slice of a DICOM series", "Open the folder that holds the series")


def _headers(folder: Path, progress: Progress) -> tuple[list[Slice], tuple[str, ...]]:
    """The slices of a folder, and what is said of its other files."""
    paths, passed_over = dicom_folder.files(folder, progress)
    slices: list[Slice] = []
    others: list[Other] = []
    no_dicom = []
    for n, path in enumerate(paths):
        progress(n / len(paths), "looking for slices")
        if not dicom_folder.looks_like_dicom(path):
            no_dicom.append(path)
        elif isinstance(found := header(path), Slice):
            slices.append(found)
        else:
            others.append(found)
    slices, said = without_others(folder, slices, others)
    names = [item.path for item in slices]
    return slices, said + check_remains(no_dicom, names) + not_followed(passed_over, names)


def _pixels(folder: Path, ordered: list[Slice], progress: Progress) -> tuple[np.ndarray, tuple[str, ...]]:
    """(columns, rows, slices), with each slice's own rescale, and warnings."""
    first = ordered[0]
    refuse_too_large(folder, 4 * first.rows * first.columns * len(ordered))
    found: list[Pixels] = []
    with Decoder() as decoder:
        for n, item in enumerate(ordered):
            decoder.still = partial(progress, n / len(ordered), "reading slices")
            decoder.still()
            found.append(pixels(item, decoder))
    warnings = check_scales(ordered, found)
    array = rescaled([one.array for one in found], [(one.slope, one.inter) for one in found])
    warnings += _inversion_warning(first, any(one.low_is_bright for one in found))
    if any(one.mapped for one in found):
        warnings += ("It has a table of real-world values, which is not applied: the values are the rescaled ones.",)
    return array.transpose(2, 1, 0), warnings


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
