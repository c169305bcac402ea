"""Export the results of the open scan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.progress import Progress, silent
from napari_boundaryseg.session.actions.running import beside, scan_of
from napari_boundaryseg.session.export import export_files
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.task import Task


class Export(Task):
    """Write results of the open scan."""


def export(session: Session, labels: LabelMap, what: set[str], folder: str | Path) -> list[Path]:
    """Write results of the open scan; every file is read back and compared. See `session.export.export_files`."""
    return export_files(scan_of(session), labels, session.prediction, what, Path(folder))


def start_export(
    session: Session, labels: LabelMap, what: set[str], folder: str | Path, exported: Callable[[list[Path]], None]
) -> Job:
    """`export` beside the window's thread; ``exported`` gets the files once all were read back."""
    scan, prediction = scan_of(session), session.prediction

    def write(*, progress: Progress = silent) -> list[Path]:
        return export_files(scan, labels, prediction, what, Path(folder), progress=progress)

    return beside(session, Export(), exported, write, cancelled="Cancelled. Files that were already written stay.")
