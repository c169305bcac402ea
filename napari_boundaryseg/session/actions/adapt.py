"""Adapt a copy of a model to the open scan, on slices that a person corrected, in the worker."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.exchange import save_labels, save_volume
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.engine.task_list import Adapt
from napari_boundaryseg.engine.training.adapting.adapted_files import load_adapted
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.actions.running import Watch, in_worker, project_of, scan_of
from napari_boundaryseg.session.project.model_versions import ModelVersion
from napari_boundaryseg.session.project.stored_models import refuse_changed
from napari_boundaryseg.session.session import Session


class AdaptedResult(NamedTuple):
    """What a model that was adapted to a scan says of it: of the arrays only what is shown.

    Parameters
    ----------
    labels : LabelMap
    box : three slices, optional
        The part of the scan that the model was given, on the scan's own array; all of it by default.
    steps : int
        0 where none helped.
    corrected, left_out : tuple of int
        See `Adapted`.
    held_out : (left out, corrected, R, C) array
        After those steps.
    checkpoint : Path
        Of the adapted copy; not there where no step was taken.
    folder : Path
        The scratch folder that it lies in.
    """

    labels: LabelMap
    box: Box | None
    steps: int
    corrected: tuple[int, ...]
    left_out: tuple[int, ...]
    held_out: np.ndarray
    checkpoint: Path
    folder: Path


def adapt(
    session: Session,
    model: str | Path,
    labels: LabelMap,
    slices: Sequence[int],
    axis: int,
    done: Callable[[Volume, AdaptedResult], None],
    box: Box | None = None,
) -> Job:
    """Adapt a copy of a model to the open scan; ``done`` gets the scan and the result, whatever is open then.

    Parameters
    ----------
    session : Session
    model : str or Path
    labels : LabelMap
        On the scan's own grid; it does not change any more.
    slices : sequence of int
        Which are corrected, across ``axis`` of the scan's own array.
    axis : int
    done : callable
    box : three slices, optional
        What the model is given, on the scan's own array.
    """
    scan = scan_of(session)
    scan_folder, labels_folder = session.new_folder("scan"), session.new_folder("labels")
    out_folder, kept_folder = session.new_folder("adapted"), session.new_folder("model")
    checkpoint = kept_folder / f"{read_card(Path(model))[0].name}-adapted.safetensors"

    def save() -> None:
        refuse_changed(model)
        save_volume(scan, scan_folder)
        save_labels(labels, labels_folder)

    def load(result: Mapping[str, Any]) -> AdaptedResult:
        found = load_adapted(Path(result["folder"]))
        part: Any = found.prediction.details.get("box")
        return AdaptedResult(
            replace(found.prediction.labels, array=np.array(found.prediction.labels.array)),
            boxes.from_pairs(part) if isinstance(part, list) else None,
            found.steps,
            found.corrected,
            found.left_out,
            found.held_out[found.steps],
            checkpoint,
            kept_folder,
        )

    def ended(job: Job) -> None:
        session.discard(scan_folder, labels_folder, out_folder, *([] if job.state == "returned" else [kept_folder]))

    task = Adapt(
        scan_folder=str(scan_folder),
        labels_folder=str(labels_folder),
        model=str(model),
        slices=tuple(slices),
        axis=axis,
        out_folder=str(out_folder),
        box=boxes.as_pairs(box) if box else None,
        keep=str(checkpoint),
    )
    watch = Watch(lambda result: done(scan, result), scan=scan, ended=ended)
    try:
        return in_worker(session, task, watch, before=save, after=load)
    except InputError:
        session.discard(scan_folder, labels_folder, out_folder, kept_folder)
        raise


def for_other_scans(session: Session, result: AdaptedResult) -> Path:
    """A copy of the adapted model's file that stays until the window closes."""
    folder = session.new_folder("model")
    return Path(shutil.copy2(result.checkpoint, folder / result.checkpoint.name))


def keep_as_version(session: Session, result: AdaptedResult) -> ModelVersion:
    """Add the adapted model to the project, not in use: nothing says yet whether it is better on other scans."""
    project = project_of(session)
    version = project.add_model(result.checkpoint, use=False)
    session.project_changed.emit(project)
    session.say(
        "info",
        f"{version.path.stem} was added and is not in use: it has learnt from one scan, and nothing says whether it is "
        "better on others. Train lists it.",
    )
    return version
