"""The functions of the worker's tasks. What they return is JSON; arrays travel through folders."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from napari_boundaryseg.data.boxes import from_pairs
from napari_boundaryseg.data.datasets import Case, load_case
from napari_boundaryseg.data.exchange import load_labels, load_volume
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.relabel import looked_at_in, to_scheme
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.checkpoints.model_library import find, read_card
from napari_boundaryseg.engine.devices import give_back
from napari_boundaryseg.engine.inference.assembling.arrays import InFolder
from napari_boundaryseg.engine.inference.prediction_files import save_all_but_arrays
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.task_list import Adapt, FineTune, Predict, TimeSteps, TuningCase, WarmUp
from napari_boundaryseg.engine.training import fine_tune as tuning
from napari_boundaryseg.engine.training.adapting import adapt as adapting
from napari_boundaryseg.engine.training.adapting.adapted_files import save_adapted
from napari_boundaryseg.engine.training.pace import pace
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, part, silent
from napari_boundaryseg.task import Task

_warm: dict[tuple[str, str], Predictor] = {}


def warm_up(task: WarmUp, *, progress: Progress = silent) -> bool:
    """Load the libraries, which importing this module has done."""
    return True


def predict(task: Predict, *, progress: Progress = silent) -> dict[str, Any]:
    """Segment the scan in a folder and write the prediction into another one.

    Returns
    -------
    dict
        ``folder``, ``seconds``, ``notes``.
    """
    began, folder = time.perf_counter(), Path(task.out_folder)
    progress(0.0, "Loading the model")
    predictor = _predictor(task.model, task.device)
    volume = load_volume(Path(task.scan_folder))
    box = from_pairs(task.box) if task.box else None
    try:
        prediction = predictor.predict(
            volume,
            box=box,
            whole=task.whole,
            any_modality=task.any_modality,
            arrays=InFolder(folder),
            progress=part(progress, 0.02, 0.97),
        )
    finally:
        give_back()
    save_all_but_arrays(prediction, folder)
    return {
        "folder": task.out_folder,
        "seconds": round(time.perf_counter() - began, 2),
        "notes": list(prediction.details["notes"]),  # type: ignore[call-overload]
    }


def adapt(task: Adapt, *, progress: Progress = silent) -> dict[str, Any]:
    """Adapt a copy of a model to a scan, on corrected slices, and write what it predicts then into another folder.

    Returns
    -------
    dict
        ``folder``, ``steps``, ``seconds``, ``notes``.
    """
    progress(0.0, "Loading the model")
    model = _predictor(task.model, task.device).model
    volume, labels = load_volume(Path(task.scan_folder)), load_labels(Path(task.labels_folder))
    try:
        adapted = adapting.adapt(
            model,
            volume,
            labels,
            task.slices,
            task.axis,
            box=task.box,
            device=task.device,
            seed=task.seed,
            keep=Path(task.keep) if task.keep else None,
            progress=part(progress, 0.02, 0.97),
        )
    finally:
        give_back()
    save_adapted(adapted, Path(task.out_folder))
    return {
        "folder": task.out_folder,
        "steps": adapted.steps,
        "seconds": round(adapted.seconds, 2),
        "notes": list(adapted.prediction.details["notes"]),  # type: ignore[call-overload]
    }


def _predictor(model: str, device: str) -> Predictor:
    key = (read_card(find(model))[1], device)
    if key not in _warm:
        _warm.clear()
        _warm[key] = Predictor(load_model(model), device)
    return _warm[key]


def time_steps(task: TimeSteps, *, progress: Progress = silent) -> dict[str, float]:
    """Time a few steps of a fine-tuning on this device.

    Returns
    -------
    dict
        ``step_s`` and ``look_s``: see `engine.recipes.tuning.Pace`.
    """
    progress(0.0, "Loading the model")
    try:
        return pace(load_model(task.model), task.part, task.device, progress=part(progress, 0.1, 1.0))._asdict()
    finally:
        give_back()


def fine_tune(task: FineTune, *, progress: Progress = silent) -> dict[str, Any]:
    """Fine-tune a model on accepted cases and compare it with the old one on held-out cases.

    Returns
    -------
    dict
        ``checkpoint`` (file), ``comparison`` (None where nobody judged) and its ``page`` (file), ``not_taught``, the
        organs that no training case holds, ``taken``, the share of what was learnt that was taken, with ``taken_why``,
        and ``earlier``, what was kept on earlier scans (None where there are none).
    """
    progress(0.0, "Loading the cases")
    model = load_model(task.model)
    scheme = model.card.recipe.scheme
    folder = Path(task.out_folder)
    path = tuning.fine_tune(
        model,
        _labelled(task.cases, scheme),
        folder,
        held_out=_labelled(task.held_out, scheme),
        steps=task.steps,
        lr=task.lr,
        part=task.part,
        smallest_gain=task.smallest_gain,
        cross_fitting=task.cross_fitting,
        anchor=task.anchor,
        rehearsal=task.rehearsal,
        earlier=_labelled(task.earlier, scheme),
        seed=task.seed,
        device=task.device,
        patients={case.name: case.patient for case in (*task.cases, *task.held_out, *task.earlier) if case.patient},
        untouched=[case.name for case in (*task.cases, *task.held_out) if case.untouched],
        resume=task.resume,
        progress=progress,
    )
    comparison, training = folder / "comparison.json", read_card(path)[0].training
    return {
        "checkpoint": str(path),
        "comparison": json.loads(comparison.read_text("utf-8")) if comparison.exists() else None,
        "page": str(comparison.with_suffix(".html")) if comparison.exists() else None,
        "not_taught": list(training.not_taught),
        "taken": training.taken,
        "taken_why": training.taken_why,
        "earlier": training.earlier and training.earlier.model_dump(mode="json"),
    }


def _labelled(cases: Sequence[TuningCase], scheme: LabelScheme) -> list[LabelledScan]:
    found = []
    for case in cases:
        volume, labels = load_case(Case(case.name, (Path(case.image),), Path(case.label)), case.scheme or scheme)
        if labels is None:
            raise InputError(case.name, "it has no labels", "Accept it again")
        looked = None if case.looked is None else looked_at_in(case.looked, labels.scheme, scheme)
        found.append(LabelledScan(volume, to_scheme(labels, scheme) if case.scheme else labels, case.box, looked))
    return found


ALLOWED: Mapping[type[Task], Callable[..., Any]] = MappingProxyType(
    {WarmUp: warm_up, Predict: predict, Adapt: adapt, TimeSteps: time_steps, FineTune: fine_tune}
)
"""Every task that the worker carries out, with its function."""
