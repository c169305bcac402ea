"""What a person can do: each action makes a job and stores its result in the session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.exchange import save_volume
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.engine.inference.prediction_files import load_prediction
from napari_boundaryseg.engine.recipes.recipe import TUNING_STEPS
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.progress import Progress, silent
from napari_boundaryseg.session.actions import fine_tune as tuning
from napari_boundaryseg.session.actions.running import beside, in_worker
from napari_boundaryseg.session.export import export_files
from napari_boundaryseg.session.project import last_project
from napari_boundaryseg.session.project.cases import Box
from napari_boundaryseg.session.project.project import AcceptedCase, Project
from napari_boundaryseg.session.session import Session


def open_scan(session: Session, *paths: str | Path) -> Job:
    """Read a scan from one file or folder, or from one file per channel; what is open stays until it is read."""

    def done(volume: Volume) -> None:
        session.scan = volume

    return beside(session, "Opening", done, _read, paths, abandon=True)


def _read(paths: Sequence[str | Path], *, progress: Progress = silent) -> Volume:
    volume = formats.read(*paths, progress=progress)
    hash_of(volume)  # beside the window's thread, which will ask for it
    return volume


def open_labels(session: Session, path: str | Path, scheme: LabelScheme | None = None) -> Job:
    """Read labels that were drawn on the open scan."""
    scan = _scan_of(session)

    def done(labels: LabelMap) -> None:
        if session.scan is not scan:
            session.say("warning", "The scan was closed before its labels were read.")
            return
        session.labels = labels
        _warn(session, labels.doubts)

    def read(*, progress: Progress = silent) -> LabelMap:
        return formats.read_labels(path, scan, scheme, progress=progress)

    return beside(session, "Opening labels", done, read, abandon=True)


def segment(
    session: Session, model: str | Path, box: Box | None = None, device: str = "auto", whole: bool = False
) -> Job:
    """Run a model on the open scan in the worker. A scan closed meanwhile gets no result."""
    scan = _scan_of(session)
    scan_folder, out_folder = session.new_folder("scan"), session.new_folder("prediction")

    def save() -> None:
        save_volume(scan, scan_folder)

    def load(result: dict[str, Any]) -> tuple[Prediction, list[str]]:
        return load_prediction(Path(result["folder"])), result["notes"]

    def ended(job: Job) -> None:
        session.discard(scan_folder, *([] if job.state == "returned" else [out_folder]))

    def done(result: tuple[Prediction, list[str]]) -> None:
        prediction, notes = result
        if session.scan is not scan:
            session.discard(out_folder)
            session.say("warning", "The scan was closed before its segmentation was ready.")
            return
        session.take_prediction(prediction, out_folder)
        _warn(session, notes)

    try:
        return in_worker(
            session,
            "napari_boundaryseg.engine.tasks:predict",
            {
                "scan_folder": str(scan_folder),
                "model": str(model),
                "out_folder": str(out_folder),
                "device": device,
                "box": [[s.start, s.stop] for s in box] if box else None,
                "whole": whole,
            },
            done,
            before=save,
            after=load,
            ended=ended,
        )
    except InputError:
        session.discard(scan_folder, out_folder)
        raise


def _warn(session: Session, notes: Sequence[str]) -> None:
    """Say what is doubtful, all of it at once."""
    if notes:
        session.say("warning", ". ".join(note.rstrip(".") for note in notes))


def accept(session: Session, labels: LabelMap, box: Box | None = None) -> Job:
    """Store the open scan with these labels as a case of the project.

    ``box`` is the part of the scan that was segmented: outside of it nobody has looked, except where labels are drawn.
    """
    scan, project = _scan_of(session), _project_of(session)

    def done(case: AcceptedCase) -> None:
        if session.scan is scan:
            session.labels = labels
        session.project_changed.emit(project)
        session.say("info", f"Accepted {case.name}, version {case.version}.")

    def store(*, progress: Progress = silent) -> AcceptedCase:
        return project.add_case(scan, labels, holding(labels, box) if box else None, progress=progress)

    return beside(session, "Accepting", done, store)


def holding(labels: LabelMap, box: Box) -> Box:
    """The smallest box that holds this one and every labelled voxel."""
    parts = []
    for axis, part in enumerate(box):
        where = np.flatnonzero(labels.array.any(axis=tuple(a for a in range(3) if a != axis)))
        low, high = (int(where[0]), int(where[-1]) + 1) if len(where) else (part.start, part.stop)
        parts.append(slice(min(part.start, low), max(part.stop, high)))
    i, j, k = parts
    return i, j, k


def fine_tune(
    session: Session,
    model: str | Path,
    names: Sequence[str],
    held_out: Sequence[str] = (),
    steps: int = TUNING_STEPS,
    seed: int = 0,
) -> Job:
    """Fine-tune a model on accepted cases: see `session.actions.fine_tune.fine_tune`."""
    return tuning.fine_tune(session, _project_of(session), model, names, held_out, steps, seed)


def export(session: Session, labels: LabelMap, what: set[str], folder: str | Path) -> list[Path]:
    """Write results of the open scan; every file is read back and compared. See `session.export.export_files`."""
    return export_files(_scan_of(session), labels, session.prediction, what, Path(folder))


def start_export(
    session: Session, labels: LabelMap, what: set[str], folder: str | Path, exported: Callable[[list[Path]], None]
) -> Job:
    """`export` beside the window's thread; ``exported`` gets the files once all were read back."""
    scan, prediction = _scan_of(session), session.prediction

    def write(*, progress: Progress = silent) -> list[Path]:
        return export_files(scan, labels, prediction, what, Path(folder), progress=progress)

    return beside(session, "Exporting", exported, write, cancelled="Cancelled. Files that were already written stay.")


def open_project(session: Session, folder: Path) -> None:
    """Work in another project folder, also the next time."""
    session.project = Project(folder)
    last_project.remember(folder)


def open_last_project(session: Session) -> None:
    """Open the project folder that was chosen last, or else the default one where it exists."""
    project = last_project.find()
    if project is not None:
        session.project = project


def _scan_of(session: Session) -> Volume:
    if session.scan is None:
        raise InputError("scan", "none is open", "Open a scan first")
    return session.scan


def _project_of(session: Session) -> Project:
    if session.project is None:
        session.project = Project.default()
    if session.project is None:
        raise InputError("project", "none is open", "Choose a project folder")
    return session.project
