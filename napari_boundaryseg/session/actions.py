"""What a person can do: each action makes a job and stores its result in the session."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.exchange import save_volume
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.prediction import Prediction
from napari_boundaryseg.engine.prediction_files import load_prediction
from napari_boundaryseg.engine.recipe import TUNING_STEPS
from napari_boundaryseg.errors import BoundarySegError, InputError
from napari_boundaryseg.jobs.job import After, Before, Job, nothing, unchanged
from napari_boundaryseg.progress import Progress, silent
from napari_boundaryseg.session.export import export_files
from napari_boundaryseg.session.project import AcceptedCase, ModelVersion, Project
from napari_boundaryseg.session.session import Box, Session


def open_scan(session: Session, *paths: str | Path) -> Job:
    """Read a scan from one file or folder, or from one file per channel; what is open stays until it is read."""

    def done(volume: Volume) -> None:
        session.scan = volume

    return _call(session, "Opening", done, _read, paths, abandon=True)


def _read(paths: Sequence[str | Path], *, progress: Progress = silent) -> Volume:
    return formats.read(*paths, progress=progress)


def open_labels(session: Session, path: str | Path, scheme: LabelScheme | None = None) -> Job:
    """Read labels that were drawn on the open scan."""
    scan = _scan_of(session)

    def done(labels: LabelMap) -> None:
        session.labels = labels
        for doubt in labels.doubts:
            session.say("warning", doubt)

    def read(*, progress: Progress = silent) -> LabelMap:
        return formats.read_labels(path, scan, scheme)

    return _call(session, "Opening labels", done, read, abandon=True)


def segment(session: Session, model: str | Path, box: Box | None = None, device: str = "auto",
            whole: bool = False) -> Job:
    """Run a model on the open scan in the worker. A scan closed meanwhile gets no result."""
    scan = _scan_of(session)
    scan_folder, out_folder = session.new_folder("scan"), session.new_folder("prediction")

    def save() -> None:
        save_volume(scan, scan_folder)

    def load(result: dict[str, Any]) -> tuple[Prediction, list[str]]:
        shutil.rmtree(scan_folder, ignore_errors=True)
        return load_prediction(Path(result["folder"])), result["notes"]

    def done(result: tuple[Prediction, list[str]]) -> None:
        if session.scan is not scan:
            session.say("warning", "The scan was closed before its segmentation was ready.")
            return
        session.prediction, notes = result
        for note in notes:
            session.say("warning", note)

    return _run(session, "napari_boundaryseg.engine.tasks:predict", {
        "scan_folder": str(scan_folder), "model": str(model), "out_folder": str(out_folder), "device": device,
        "box": [[s.start, s.stop] for s in box] if box else None, "whole": whole,
    }, done, before=save, after=load)


def accept(session: Session, labels: LabelMap) -> Job:
    """Store the open scan with these labels as a case of the project."""
    scan, project = _scan_of(session), _project_of(session)

    def done(case: AcceptedCase) -> None:
        session.labels = labels
        session.project_changed.emit(project)
        session.say("info", f"Accepted {case.name}, version {case.version}.")

    def store(*, progress: Progress = silent) -> AcceptedCase:
        return project.add_case(scan, labels)

    return _call(session, "Accepting", done, store)


def fine_tune(session: Session, model: str | Path, names: Sequence[str], held_out: Sequence[str] = (),
              steps: int = TUNING_STEPS, seed: int = 0) -> Job:
    """Fine-tune a model on accepted cases in the worker; the result is added to the project as a version.

    The new version is used at once unless the comparison on held-out cases says that it is not better.
    """
    project = _project_of(session)
    known = {case.name: case for case in project.cases()}
    missing = [name for name in (*names, *held_out) if name not in known]
    if missing or not names:
        raise InputError(", ".join(missing) or "fine-tuning", "the project has no such case" if missing
                         else "no training case is chosen", "Choose accepted cases from the list")
    folder = session.new_folder("training")

    def files(chosen: Sequence[str]) -> list[dict[str, str]]:
        return [{"name": n, "image": str(known[n].image), "label": str(known[n].label)} for n in chosen]

    def add(result: dict[str, Any]) -> ModelVersion:
        comparison = result["comparison"]
        better = comparison is None or comparison["verdict"] == "better"
        return project.add_model(Path(result["checkpoint"]), comparison, use=better)

    def done(version: ModelVersion) -> None:
        session.project_changed.emit(project)
        if version.active:
            session.model = version.path
        session.say("info", _told(version.path.stem, version.comparison))

    return _run(session, "napari_boundaryseg.engine.tasks:fine_tune", {
        "model": str(model), "cases": files(names), "held_out": files(held_out), "out_folder": str(folder),
        "steps": steps, "seed": seed,
    }, done, after=add)


def _told(name: str, comparison: dict[str, Any] | None) -> str:
    if comparison is None:
        return f"{name} was added. No case was held out, so nothing says whether it is better."
    change = comparison["change"]["mean"]
    if comparison["verdict"] == "better":
        return f"{name} is better on the held-out cases (Dice {change:+.3f}) and is now in use."
    return f"{name} was added but is not in use: {comparison['verdict']} on the held-out cases (Dice {change:+.3f})."


def export(session: Session, labels: LabelMap, what: set[str], folder: str | Path) -> list[Path]:
    """Write results of the open scan; every file is read back and compared. See `session.export.export_files`."""
    return export_files(_scan_of(session), labels, session.prediction, what, Path(folder))


def start_export(session: Session, labels: LabelMap, what: set[str], folder: str | Path,
                 exported: Callable[[list[Path]], None]) -> Job:
    """`export` beside the window's thread; ``exported`` gets the files once all were read back."""
    scan, prediction = _scan_of(session), session.prediction

    def write(*, progress: Progress = silent) -> list[Path]:
        return export_files(scan, labels, prediction, what, Path(folder))

    return _call(session, "Exporting", exported, write)


def open_project(session: Session, folder: Path) -> None:
    """Work in another project folder."""
    session.project = Project(folder)


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


def _run(session: Session, function: str, arguments: dict[str, Any], done: Callable[[Any], None], *,
         before: Before = nothing, after: After = unchanged) -> Job:
    return session.runner.run(function, arguments, lambda job: _watch(session, job, done), before=before, after=after)


def _call(session: Session, name: str, done: Callable[[Any], None], function: Callable[..., Any],
          *arguments: Any, abandon: bool = False) -> Job:
    return session.runner.call(name, function, *arguments, started=lambda job: _watch(session, job, done),
                               abandon=abandon)


def _watch(session: Session, job: Job, done: Callable[[Any], None]) -> None:
    """Show the job while it runs; take its result, or tell its error."""
    if session.job is not None:
        raise InputError("job", "something else is running", "Wait for it, or cancel it")

    def finished() -> None:
        session.job = None
        if job.state == "returned":
            _store(session, done, job.result)
        elif job.state == "failed":
            session.say("error", job.error)
        else:
            session.say("info", "Cancelled. Nothing was changed.")

    job.finished.connect(finished)
    session.job = job


def _store(session: Session, done: Callable[[Any], None], result: Any) -> None:
    try:
        done(result)
    except BoundarySegError as error:
        session.say("error", str(error))
