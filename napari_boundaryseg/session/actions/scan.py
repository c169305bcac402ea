"""Open a scan, and labels that were drawn on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.formats.dicom.study import Series, series_in
from napari_boundaryseg.data.formats.label_values import looks_like_labels
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.errors import InputError, SeveralSeries
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.progress import Progress, part, silent
from napari_boundaryseg.session.actions.known_cases import accepted_labels, row_of_files, row_of_scan, rows_of
from napari_boundaryseg.session.actions.running import Watch, beside, scan_of, warn
from napari_boundaryseg.session.case_list import CaseRow
from napari_boundaryseg.session.project.case_facts import as_accepted
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.task import Task

LIKE_LABELS = "Its values are a few whole numbers, as those of a label map: labels are opened in Correct."


class OpenScan(Task):
    """Read a scan."""

    title = "Open"


class OpenLabels(Task):
    """Read labels that were drawn on the open scan."""

    title = "Open labels"


class Opened(NamedTuple):
    """A scan, the case of the project that it is, and that case's labels."""

    scan: Volume
    case: str | None = None
    labels: LabelMap | None = None


def open_scan(
    session: Session,
    *paths: str | Path,
    choose: Callable[[list[Series]], None] | None = None,
    unsaved: Collection[str] = (),
) -> Job:
    """Read a scan from one file or folder, or from one file per channel; what is open stays until it is read.

    A scan that is a case of the project, by its files or by its voxels, is opened as that case, under its name.

    Parameters
    ----------
    session : Session
    *paths : str or Path
    choose : callable, optional
        Gets the series of a folder that holds several, which is an error without it.
    unsaved : collection of str
        `scan_hash` of each scan with work that nobody accepted yet: that is taken up. Other cases come with the labels
        that were accepted.
    """

    def done(found: Opened | list[Series]) -> None:
        if isinstance(found, Opened):
            session.scan = found.scan
            if found.labels is not None:
                session.labels = found.labels
                warn(session, found.labels.warnings)
                session.say("info", f"This scan is the case {found.case}: the labels that were accepted are shown.")
        elif choose is not None:
            choose(found)

    name = Path(paths[0]).name if paths else ""
    watch = Watch(done, about=name)
    return beside(session, OpenScan(), watch, _read, paths, session.project, unsaved, choose is not None, abandon=True)


def _read(
    paths: Sequence[str | Path],
    project: Project | None,
    unsaved: Collection[str],
    may_choose: bool,
    *,
    progress: Progress = silent,
) -> Opened | list[Series]:
    rows = rows_of(project)
    row = row_of_files(rows, paths)
    try:
        progress_of_scan = part(progress, 0, 0.85)
        scan = read_scan(paths, progress=progress_of_scan) if row is None else read_case(row, progress=progress_of_scan)
    except SeveralSeries:
        folder = Path(paths[0])
        if not may_choose or len(paths) > 1 or not folder.is_dir():
            raise
        return series_in(folder, progress)[0]
    row = row or row_of_scan(rows, scan)
    if project is None or row is None:
        return Opened(scan)
    found = None if hash_of(scan) in unsaved else _labels_of(project, row, scan, part(progress, 0.85, 1))
    if row.name != scan.name:
        scan = replace(scan, name=row.name)
        hash_of(scan)  # which the window will ask for
    return Opened(scan, row.name, found)


def _labels_of(project: Project, row: CaseRow, scan: Volume, progress: Progress) -> LabelMap | None:
    """What was accepted of a case; nothing where its scan is another one now, or the labels cannot be read."""
    if row.case is None or row.case.scan_hash not in (None, hash_of(scan)):
        return None
    try:
        return accepted_labels(project, row, scan, progress=progress)
    except InputError:  # opening the case says why; the scan itself is whole
        return None


def read_scan(paths: Sequence[str | Path], name: str = "", *, progress: Progress = silent) -> Volume:
    """A scan as the window opens it, under a name of its own where one is given; called beside the window's thread."""
    volume = formats.read(*paths, progress=progress)
    told = (LIKE_LABELS,) if looks_like_labels(volume.array) else ()
    volume = replace(volume, name=name or volume.name, warnings=(*volume.warnings, *told))
    hash_of(volume)  # which the window will ask for
    return volume


def read_case(row: CaseRow, *, progress: Progress = silent) -> Volume:
    """The scan of a case on the list: the person's own files, or the project's copy of them as it was accepted."""
    volume = read_scan(row.images, row.name, progress=progress)
    return volume if row.item is not None or row.case is None else as_accepted(volume, row.case.image.parent)


def open_labels(session: Session, path: str | Path, scheme: LabelScheme | None = None) -> Job:
    """Read labels that were drawn on the open scan."""
    scan = scan_of(session)

    def done(labels: LabelMap) -> None:
        if session.scan is not scan:
            session.say("warning", "The scan was closed before its labels were read.")
            return
        session.labels = labels
        warn(session, labels.warnings)

    def read(*, progress: Progress = silent) -> LabelMap:
        return formats.read_labels(path, scan, scheme, progress=progress)

    return beside(session, OpenLabels(), Watch(done, about=Path(path).name, scan=scan), read, abandon=True)
