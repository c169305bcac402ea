"""Export the results of the open scan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.progress import Progress, silent
from napari_boundaryseg.session.actions.running import Watch, beside, scan_of
from napari_boundaryseg.session.earlier_results import ResultsInTheWay
from napari_boundaryseg.session.export import MAPS, export_files
from napari_boundaryseg.session.origins import kept_in_words
from napari_boundaryseg.session.report import corrected_ml, read_report
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.task import Task


class Export(Task):
    """Write results of the open scan."""

    title = "Export"


def _refuse(question: ResultsInTheWay) -> None:
    raise question


def export(
    session: Session, labels: LabelMap, what: set[str], folder: str | Path, *, overwrite: bool = False
) -> list[Path]:
    """Write results of the open scan; every file is read back and compared. See `session.export.export_files`."""
    return export_files(scan_of(session), labels, session.prediction, what, Path(folder), overwrite=overwrite)


def start_export(
    session: Session,
    labels: LabelMap,
    what: set[str],
    folder: str | Path,
    exported: Callable[[list[Path]], None],
    *,
    in_the_way: Callable[[ResultsInTheWay], None] = _refuse,
    overwrite: bool = False,
) -> Job:
    """`export` beside the window's thread; ``exported`` gets the files once all were read back.

    ``in_the_way`` is told instead when files would be replaced that a person has to be asked about; nothing is written.
    """
    scan, prediction = scan_of(session), session.prediction

    def write(*, progress: Progress = silent) -> list[Path] | ResultsInTheWay:
        try:
            return export_files(scan, labels, prediction, what, Path(folder), overwrite=overwrite, progress=progress)
        except ResultsInTheWay as question:
            return question

    def done(result: list[Path] | ResultsInTheWay) -> None:
        if isinstance(result, ResultsInTheWay):
            in_the_way(result)
        else:
            exported(result)
            if kept := kept_in_words(read_report(result[-1]) if result[-1].suffix == ".json" else {}):
                session.say("warning", f"{result[-1].name}: {kept}.")
            if what & set(MAPS) and (ml := corrected_ml(labels, prediction)):
                session.say("warning", f"The labels were corrected by {ml:.2g} mL: edges and contours are the model's.")

    return beside(session, Export(), Watch(done, scan=scan), write)
