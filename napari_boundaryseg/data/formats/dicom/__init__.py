"""DICOM: one series as a scan, from its folder or one of its files; sorted by position, each slice with its rescale."""

from __future__ import annotations

from functools import partial
from pathlib import Path

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
from napari_boundaryseg.data.formats.dicom.study import words_of
from napari_boundaryseg.data.formats.format import FORMATS, Format, RawLabels, case_name
from napari_boundaryseg.data.formats.memory import refuse_too_large
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, part, silent


def read(place: Path, progress: Progress = silent) -> Volume:
    """The series of a folder, or that of a file among those beside it, as a volume with axes (column, row, slice).

    Values are int16 (or int32, uint32) where every slice's rescale keeps them whole, else float32.

    Raises
    ------
    InputError
        When it is a file that is no slice or the only one of its series, or a folder that holds no slices, a damaged
        one, more than one series, or slices that make no even, straight stack.
    MissingExtra
        When pydicom is not installed.
    """
    pydicom()
    looking = part(progress, 0, 0.4)
    if place.is_dir():
        folder, name = place, case_name(place)
        slices, said = _headers(place, *dicom_folder.files(place, looking), looking)
    else:
        folder = place.parent
        slices, said, name = _series_of(place, looking)
    ordered, affine, warnings = stack(folder, one_series(folder, slices))
    array, more = _pixels(folder, ordered, part(progress, 0.4, 1))
    columns, rows, count = array.shape
    return Volume(
        array[np.newaxis],
        Geometry((columns, rows, count), affine),
        ("image",),
        name,
        ordered[0].modality,
        said + warnings + more,
        (place,),
    )


def _series_of(path: Path, progress: Progress) -> tuple[list[Slice], tuple[str, ...], str]:
    """The slices beside a file that are of its series, what is said of other files, and what to call the scan."""
    if not dicom_folder.looks_like_dicom(path):
        raise InputError(path, dicom_folder.CUT, dicom_folder.EXPORT)
    one = header(path)
    if isinstance(one, Other):
        advice = "Open the folder that holds the series, or a label map as NIfTI, NRRD or MHA"
        raise one.refusal or InputError(path, f"it is {one.what}, not a scan", advice)
    beside = sorted(file for file in path.parent.iterdir() if file.is_file() and not file.name.startswith("."))
    slices, said = _headers(path.parent, beside, [], progress, one.series)
    if len(slices) == 1:
        raise InputError(path, "it is one slice of a DICOM series", "Open the folder that holds the series")
    folder = case_name(path.resolve().parent)
    return slices, said, folder if len(slices) == len(beside) else f"{folder}_{words_of(one)}"


def _headers(
    folder: Path, paths: list[Path], passed_over: list[Path], progress: Progress, series: str | None = None
) -> tuple[list[Slice], tuple[str, ...]]:
    """The slices of a folder, or those of one series, and what is said of its other files."""
    slices: list[Slice] = []
    others: list[Other] = []
    no_dicom = []
    for n, path in enumerate(paths):
        progress(n / len(paths), "looking for slices")
        if not dicom_folder.looks_like_dicom(path):
            no_dicom.append(path)
            continue
        found = header(path)
        if series is not None and found.series != series:
            continue
        if isinstance(found, Slice):
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
    array, rounded = rescaled([one.array for one in found], [(one.slope, one.inter) for one in found])
    warnings += rounded + _inversion_warning(first, any(one.low_is_bright for one in found))
    if any(one.mapped for one in found):
        warnings += ("It has a table of real-world values, which is not applied: the values are the rescaled ones.",)
    return array.transpose(2, 1, 0), warnings


def _inversion_warning(first: Slice, inverted: bool) -> tuple[str, ...]:
    if not inverted:
        return ()
    if first.modality in ("CT", "PT"):
        return ("It asks to be shown with low values bright (MONOCHROME1); the values are kept as they are.",)
    return ("Low values were stored as bright (MONOCHROME1): bright and dark were exchanged.",)


def _refuse_labels(place: Path, progress: Progress = silent) -> RawLabels:
    """Say what a DICOM file or folder is that was chosen as labels: none is read yet."""
    pydicom()
    found = None if place.is_dir() else header(place)
    if isinstance(found, Other):
        what = f"it is {found.what}, and labels are not read from DICOM yet"
    else:
        what = "it is a folder, and labels are one file" if place.is_dir() else "it is a slice of a scan, not labels"
    raise InputError(place, what, "Choose a NIfTI, NRRD or MHA file; most programs export their contours as one")


def _scan_of(path: Path) -> object:
    """The series of a slice, in its folder."""
    found = header(path) if path.is_file() and dicom_folder.looks_like_dicom(path) else None
    return (path.resolve().parent, found.series, found.modality) if isinstance(found, Slice) else None


def _recognises(path: Path, head: bytes) -> bool:
    """A folder, or one DICOM file."""
    return path.is_dir() or dicom_folder.begins_like_dicom(head) or path.suffix.lower() == ".dcm"


FORMATS.register("dicom")(Format((), read, _refuse_labels, recognises=_recognises, scan_of=_scan_of, asked_last=True))
