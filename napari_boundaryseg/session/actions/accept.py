"""Accept labels: store the open scan with them as a case of the project."""

from __future__ import annotations

import getpass
from collections.abc import Callable

from napari_boundaryseg.data.boxes import Box, around, union
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.editing.journal.kept import JournalUpTo
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.progress import Progress, silent
from napari_boundaryseg.session.actions.running import Watch, beside, project_of, scan_of
from napari_boundaryseg.session.certificate.reviewed import NOTHING, Reviewed
from napari_boundaryseg.session.project.accepting import Work
from napari_boundaryseg.session.project.project import AcceptedCase
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.task import Task


class Accept(Task):
    """Store labels as a case of the project."""

    title = "Accept"


def accept(
    session: Session,
    labels: LabelMap,
    box: Box | None = None,
    seconds: float | None = None,
    stored: Callable[[], None] = lambda: None,
    looked: LookedAt | None = None,
    *,
    journal: JournalUpTo | None = None,
    reviewed: Reviewed = NOTHING,
    by_hand: bool | None = None,
) -> Job:
    """Store the open scan with these labels as a case of the project, in the name of the session's person.

    ``box`` is the part of the scan that was segmented: outside of it nobody has looked, except where labels are drawn.
    ``seconds`` is how long a person worked on them. ``stored`` is called once they are, whatever is open by then.
    ``looked`` are the slices that a person has looked at, where only these are to count; on the scan's own array.
    ``journal`` tells of the work, up to these labels, and ``reviewed`` of the checks: both stand on the certificate.
    ``by_hand`` says whether a person has drawn on what a model found: else the labels do not judge a fine-tuning.
    """
    scan, project, prediction = scan_of(session), project_of(session), session.prediction
    person = session.person or logged_in()

    def done(case: AcceptedCase) -> None:
        if session.scan is scan:
            session.labels = labels
        here = session.project is project
        where, read = ("", ": Certificate, in Cases, shows it") if here else (f" in {project.folder.name}", "")
        told = f"Accepted {case.name}, version {case.version}{where}. It has a certificate{read}."
        session.say("info", f"{told}{_counts(labels, looked)}")
        stored()  # whoever is told may have more to say
        session.project_changed.emit(session.project)
        session.patient_questions.ask(project, case)

    def store(*, progress: Progress = silent) -> AcceptedCase:
        return project.add_case(
            scan,
            labels,
            None if box is None else _seen(labels, box),
            work=Work(person, seconds, looked, journal, reviewed, by_hand, prediction),
            progress=progress,
        )

    return beside(session, Accept(), Watch(done, scan=scan), store)


def logged_in() -> str | None:
    """Who is logged in; None where the system does not say."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return None


def _counts(labels: LabelMap, looked: LookedAt | None) -> str:
    """Which slices count, where these are not all."""
    if looked is None:
        return ""
    numbers = [(organ.name, len(looked.slices.get(organ.id) or ())) for organ in labels.scheme.organs]
    said = ", ".join(f"{n} of {name}" for name, n in numbers if n)
    return (
        f" Only slices that were accepted or corrected train a model or judge one: {said}. Without an accepted "
        "slice the whole case counts."
    )


def _seen(labels: LabelMap, box: Box) -> Box | None:
    """The part of the scan that somebody has looked at: the box, and every labelled voxel."""
    drawn = around(labels.array > 0, labels.spacing_mm)
    return union([box] if drawn is None else [box, drawn])
