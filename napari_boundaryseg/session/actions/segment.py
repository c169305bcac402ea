"""Segment the open scan with a model, in the worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_boundaryseg.data.boxes import Box, as_pairs
from napari_boundaryseg.data.exchange import save_volume
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.engine.inference.prediction_files import load_prediction
from napari_boundaryseg.engine.task_list import Predict
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.actions.running import in_worker, scan_of, warn
from napari_boundaryseg.session.session import Session


def segment(
    session: Session, model: str | Path, box: Box | None = None, device: str = "auto", whole: bool = False
) -> Job:
    """Run a model on the open scan in the worker. A scan closed meanwhile gets no result."""
    scan = scan_of(session)
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
        warn(session, notes)

    try:
        return in_worker(
            session,
            Predict(
                scan_folder=str(scan_folder),
                model=str(model),
                out_folder=str(out_folder),
                device=device,
                box=as_pairs(box) if box else None,
                whole=whole,
            ),
            done,
            before=save,
            after=load,
            ended=ended,
        )
    except InputError:
        session.discard(scan_folder, out_folder)
        raise
