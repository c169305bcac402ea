"""Scans of a folder as a list of work: a data set, a DICOM tree, or files; what tells each apart, and its patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from napari_boundaryseg.data.datasets.case import some
from napari_boundaryseg.data.datasets.files import by_name, entries, name_of
from napari_boundaryseg.data.datasets.layouts import LAYOUTS
from napari_boundaryseg.data.datasets.layouts.channel_numbers import grouped
from napari_boundaryseg.data.formats.dicom.study import Series, series_in
from napari_boundaryseg.errors import InputError, MissingExtra
from napari_boundaryseg.progress import Progress, part, silent

NO_SCANS = ("_seg", "_labels", "_label", "_mask", "_edges", "_contours", "_probabilities", "_uncertainty")
"""Ends of names that say that a file beside a scan is no scan; of loose files only."""
_DEEPEST = 4


@dataclass(frozen=True)
class Listed:
    """One scan that is to be worked on.

    Parameters
    ----------
    name : str
        Unlike that of any other of the list; nothing in it tells who the patient is.
    images : tuple of Path
        What `formats.read` takes: a file for each channel, a DICOM folder, or a file of a series.
    patient : str
        A word for the patient, the same for all scans of one; empty where nobody says who it is.
    problem : str
        Why it cannot be read; empty where nothing is known to be wrong.
    """

    name: str
    images: tuple[Path, ...]
    patient: str = ""
    problem: str = ""


def worklist(
    folder: str | Path, pseudonym: Callable[[str], str] = lambda patient: "", *, progress: Progress = silent
) -> tuple[list[Listed], tuple[str, ...]]:
    """Every scan of a folder, and what a person should know about the folder.

    A layout of `data.datasets.layouts` counts first (nnU-Net, Decathlon, BIDS and others); else every DICOM series and
    every loose file in the folder and in those below it. Pixels are not read.

    Parameters
    ----------
    folder : str or Path
    pseudonym : callable
        Makes the word for a patient from the PatientID of a DICOM header, which goes no further.
    progress : Progress

    Raises
    ------
    InputError
        When there is no such folder, or no scan in it.

    Examples
    --------
    >>> import tempfile
    >>> from napari_boundaryseg.data import formats
    >>> from napari_boundaryseg.phantom.two_part import two_part_structure
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for n in (1, 2):
    ...         formats.write(two_part_structure(n)[0], Path(folder) / f"case{n}.nii.gz")
    ...     [listed.name for listed in worklist(folder)[0]]
    ['case1', 'case2']
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(folder, "there is no such folder", "Check the name")
    for layout in LAYOUTS:
        cases = layout(folder)
        if cases:
            return [Listed(case.name, case.images, case.group) for case in cases], getattr(cases, "warnings", ())
    series, said = _series(folder, pseudonym, part(progress, 0, 0.9))
    found = [*series, *_with_folder(_loose(folder))]
    if not found:
        raise InputError(
            folder, "it holds no scan that can be read", "Choose a folder of NIfTI, NRRD or MHA files, or DICOM series"
        )
    return _apart(found), said


def _series(folder: Path, pseudonym: Callable[[str], str], progress: Progress) -> tuple[list[Listed], tuple[str, ...]]:
    try:
        found, said = series_in(folder, progress)
    except MissingExtra:
        return [], ()
    left = [one for one in found if one.problem]
    said += (f"{len(left)} of {len(found)} series make no volume: {some(map(_said_of, left))}.",) if left else ()
    listed = []
    for one in found:
        patient = pseudonym(one.patient) if one.patient else ""
        listed.append(Listed("_".join(filter(None, (patient, one.words))), (one.source,), patient, one.problem))
    return listed, said


def _said_of(series: Series) -> str:
    return f"{series.words} ({series.problem})"


def _loose(folder: Path, depth: int = 0) -> list[Listed]:
    """Scans that are single files, channels by their numbers, without what is named as a result beside them."""
    files = by_name(path for path in entries(folder) if path.is_file())
    scans = [name for name in files if not (name.endswith(NO_SCANS) and _has_scan(name, files))]
    cases = grouped(folder.name, scans, ()).cases
    found = [Listed(name, tuple(files[one] for one in parts)) for name, parts in sorted(cases.items())]
    for place in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        if depth < _DEEPEST and not place.is_symlink():
            found += _loose(place, depth + 1)
    return found


def _has_scan(name: str, files: Iterable[str]) -> bool:
    """Whether the scan is there that a result is named after."""
    stem = next(name.removesuffix(end) for end in NO_SCANS if name.endswith(end))
    return any(other in (stem, f"{stem}_0000") for other in files)


def _with_folder(found: list[Listed]) -> list[Listed]:
    """Files with the name of their folder in front, where another folder has a file of the same name."""
    names = Counter(one.name for one in found)
    return [
        one if names[one.name] == 1 else replace(one, name=f"{name_of(one.images[0].resolve().parent)}_{one.name}")
        for one in found
    ]


def _apart(found: Iterable[Listed]) -> list[Listed]:
    """The same scans; those that would share a name get a number."""
    made: dict[str, Listed] = {}
    for one in found:
        name, number = one.name, 1
        while name in made:
            number += 1
            name = f"{one.name} ({number})"
        made[name] = replace(one, name=name)
    return list(made.values())
