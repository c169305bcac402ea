"""Segment the open scan with a model, in the worker; the result is the scan's, whatever is open when it comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_boundaryseg.data.boxes import Box, as_pairs
from napari_boundaryseg.data.exchange import save_volume
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.engine.inference.prediction_files import load_prediction
from napari_boundaryseg.engine.task_list import Predict
from napari_boundaryseg.errors import InputError, OtherModality, RegionNeeded
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.review.plausibility import plausibility
from napari_boundaryseg.session.actions.running import Watch, in_worker, not_returned, scan_of, warn
from napari_boundaryseg.session.kept_results import KeptResult
from napari_boundaryseg.session.project.stored_models import refuse_changed
from napari_boundaryseg.session.session import Session

QUESTIONS = (RegionNeeded.__name__, OtherModality.__name__)
"""A scan far larger than the model's field of view, or of another modality: a person may know better."""


def segment(
    session: Session,
    model: str | Path,
    box: Box | None = None,
    device: str = "auto",
    whole: bool = False,
    any_modality: bool = False,
    question: Callable[[str, str], None] | None = None,
    waits: Callable[[Prediction], bool] = lambda result: False,
) -> Job:
    """Run a model on the open scan in the worker.

    Where another scan is open when the result comes, or where it ``waits`` for a person's answer, it is kept for its
    scan: see `take_kept`. ``question`` gets the kind and the words of an error that a person may overrule
    (`QUESTIONS`), instead of its being said.
    """
    scan = scan_of(session)

    def done(result: KeptResult) -> None:
        if session.scan is scan and not waits(result.prediction):
            _take(session, result)
        else:
            _keep(session, scan, result)

    def words(job: Job) -> str:
        if question is None or job.error_kind not in QUESTIONS or session.scan is not scan:
            return not_returned(job)
        question(job.error_kind, job.error)
        return ""

    asked = {"box": as_pairs(box) if box else None, "whole": whole, "any_modality": any_modality}
    return _run(session, scan, model, Watch(done, scan=scan, words=words), device=device, **asked)


def segment_ahead(session: Session, scan: Volume, model: str | Path, ended: Callable[[Job], None]) -> Job:
    """Run a model on a scan that is not open yet; the result is kept for it, and what goes wrong is not said."""
    about = f"{scan.name}, the next case"
    done = lambda result: _keep(session, scan, result._replace(ahead=True))  # noqa: E731
    return _run(session, scan, model, Watch(done, about, scan, ended, lambda job: ""))


def drop_ahead(session: Session, scan: Volume) -> None:
    """Throw away what a model has found ahead of a scan that is not going to be opened next."""
    kept = session.kept_results.of(scan)
    if kept is not None and kept.ahead:
        session.kept_results.take(scan)
        session.discard(kept.folder)


def _run(session: Session, scan: Volume, model: str | Path, watch: Watch, **asked: Any) -> Job:
    """Carry out `Predict` on a scan; ``watch`` gets the `KeptResult`."""
    scan_folder, out_folder = session.new_folder("scan"), session.new_folder("prediction")

    def save() -> None:
        refuse_changed(model)
        save_volume(scan, scan_folder)
        hash_of(scan)  # beside the window's thread, which may ask for it

    def load(result: dict[str, Any]) -> KeptResult:
        prediction = load_prediction(Path(result["folder"]))
        checked = {**prediction.details, "plausibility": plausibility(prediction.labels)}
        return KeptResult(scan.name, replace(prediction, details=checked), out_folder, result["notes"])

    def ended(job: Job) -> None:
        session.discard(scan_folder, *([] if job.state == "returned" else [out_folder]))
        watch.ended(job)

    task = Predict(scan_folder=str(scan_folder), model=str(model), out_folder=str(out_folder), **asked)
    try:
        return in_worker(session, task, watch._replace(ended=ended), before=save, after=load)
    except InputError:
        session.discard(scan_folder, out_folder)
        raise


def take_kept(session: Session) -> None:
    """Take the result that was kept for the open scan as if it had come now."""
    result = session.kept_results.take(scan_of(session))
    if result is not None:
        _take(session, result)


def show_again(session: Session) -> None:
    """Take up what was shown of the open scan before it was left."""
    result = session.left_results.take(scan_of(session))
    if result is not None:
        session.take_prediction(result.prediction, result.folder, again=True)


def discard_kept(session: Session) -> None:
    """Throw the result away that was kept for the open scan."""
    result = session.kept_results.take(scan_of(session))
    if result is not None:
        session.discard(result.folder)


def _take(session: Session, result: KeptResult) -> None:
    session.take_prediction(result.prediction, result.folder)
    warn(session, result.notes)


def _keep(session: Session, scan: Volume, result: KeptResult) -> None:
    here = "its result waits for an answer, in Segment"
    elsewhere = "the result is kept until that scan is opened again"
    said = "" if result.ahead else f"{scan.name} is segmented; {here if session.scan is scan else elsewhere}."
    for gone in session.kept_results.keep(scan, result):
        session.discard(gone.folder)
        if gone.scan_name != scan.name:
            said += f" The older one of {gone.scan_name} was dropped: segment it again."
    if said:
        session.say("info", said.strip())
