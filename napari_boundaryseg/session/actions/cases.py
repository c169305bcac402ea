"""Actions on the cases of a study: add a folder of scans, open one of the list, note something, take it off."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from napari_boundaryseg.data.datasets.worklist import worklist
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.progress import Progress, part, silent
from napari_boundaryseg.session.actions.ahead import ReadCase
from napari_boundaryseg.session.actions.known_cases import accepted_labels
from napari_boundaryseg.session.actions.running import Watch, beside, project_of, warn
from napari_boundaryseg.session.actions.scan import OpenScan, read_case
from napari_boundaryseg.session.case_list import CaseRow
from napari_boundaryseg.session.project.holder import ReadOnly
from napari_boundaryseg.session.project.project import CaseVersion
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.task import Task


class AddFolder(Task):
    """Look for scans in a folder, and put them on the worklist."""

    title = "Add a folder"


Opened = tuple[Volume, LabelMap | None]


def add_folder(session: Session, folder: Path) -> Job:
    """Put every scan of a folder on the project's worklist."""
    project = project_of(session)

    def look(*, progress: Progress = silent) -> tuple[int, int, tuple[str, ...]]:
        project.begin_writing()
        found, said = worklist(folder, project.pseudonym, progress=progress)
        usable = [one for one in found if not one.problem]
        return project.add_work(usable), len(usable), said

    def done(result: tuple[int, int, tuple[str, ...]]) -> None:
        added, found, said = result
        session.project_changed.emit(project)
        known = f", {found - added} were on the list already" if added < found else ""
        scans = "1 scan" if added == 1 else f"{added} scans"
        session.say("info", f"{scans} of {folder.name} added{known}.")
        warn(session, said)

    return beside(session, AddFolder(), Watch(done, about=folder.name), look, abandon=True)


def open_case(
    session: Session,
    row: CaseRow,
    version: CaseVersion | None = None,
    *,
    labels: bool = True,
    ready: ReadCase | None = None,
) -> Job:
    """Open a case of the list, with the labels that were accepted last.

    Parameters
    ----------
    session : Session
    row : CaseRow
    version : CaseVersion, optional
        Earlier labels of it, instead of the newest.
    labels : bool
        False where there is work on it that nobody accepted yet, which is taken up instead.
    ready : ReadCase, optional
        The scan, where it was read ahead; if its files have changed since, it is read again.
    """
    project = project_of(session)

    def read(*, progress: Progress = silent) -> Opened:
        if ready is not None and ready.is_current():
            volume = ready.volume
        else:
            volume = read_case(row, progress=part(progress, 0, 0.8))
        found = hash_of(volume)  # beside the window's thread, which will ask for it
        if row.item is not None and row.item.scan_hash != found:
            with suppress(ReadOnly):
                project.note_opened(row.item.number, found)
        accepted = accepted_labels(project, row, volume, version, progress=part(progress, 0.8, 1)) if labels else None
        return volume, accepted

    def done(opened: Opened) -> None:
        volume, accepted = opened
        session.scan = volume
        session.project_changed.emit(project)
        if accepted is not None:
            session.labels = accepted
            warn(session, accepted.warnings)
            if version is not None:
                session.say("info", f"{row.name}: version {version.version} is open. Accepting stores a newer one.")

    return beside(session, OpenScan(), Watch(done, about=row.name), read, abandon=True)


def note(session: Session, row: CaseRow, comment: str) -> None:
    """Keep what a person noted about a case."""
    project = project_of(session)
    if row.item is not None:
        project.note_comment(row.item.number, comment)
    elif row.case is not None:
        project.note_case(row.case.name, comment)
    session.project_changed.emit(project)


def remove(session: Session, row: CaseRow) -> None:
    """Take a case off the list; accepted labels go to the project's ``removed/``, the person's own files stay."""
    project = project_of(session)
    if row.case is not None:
        project.remove_case(row.case.name)
        session.patient_questions.answered(project, row.case.name)
    if row.item is not None:
        project.remove_work(row.item.number)
    session.project_changed.emit(project)
