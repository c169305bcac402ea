"""Accept labels: store the open scan with them as a case of the project."""

from __future__ import annotations

from napari_boundaryseg.data.boxes import Box, around, union
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.progress import Progress, silent
from napari_boundaryseg.session.actions.running import beside, project_of, scan_of
from napari_boundaryseg.session.project.project import AcceptedCase
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.task import Task


class Accept(Task):
    """Store labels as a case of the project."""


def accept(session: Session, labels: LabelMap, box: Box | None = None) -> Job:
    """Store the open scan with these labels as a case of the project.

    ``box`` is the part of the scan that was segmented: outside of it nobody has looked, except where labels are drawn.
    """
    scan, project = scan_of(session), project_of(session)

    def done(case: AcceptedCase) -> None:
        if session.scan is scan:
            session.labels = labels
        session.project_changed.emit(project)
        session.say("info", f"Accepted {case.name}, version {case.version}.")

    def store(*, progress: Progress = silent) -> AcceptedCase:
        return project.add_case(
            scan,
            labels,
            None if box is None else _seen(labels, box),
            progress=progress,
        )

    return beside(session, Accept(), done, store)


def _seen(labels: LabelMap, box: Box) -> Box | None:
    """The part of the scan that somebody has looked at: the box, and every labelled voxel."""
    drawn = around(labels.array > 0, labels.spacing_mm)
    return union([box] if drawn is None else [box, drawn])
