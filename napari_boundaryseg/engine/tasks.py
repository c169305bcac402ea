"""What the worker process is asked to do. Arguments and results are JSON; arrays travel through folders."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from napari_boundaryseg.data.boxes import from_pairs
from napari_boundaryseg.data.datasets import Case, load_case
from napari_boundaryseg.data.exchange import load_volume
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.relabel import to_scheme
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.checkpoints.model_library import find, read_card
from napari_boundaryseg.engine.inference.prediction_files import save_prediction
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.recipes.recipe import TUNING_STEPS
from napari_boundaryseg.engine.training import fine_tune as tuning
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, part, silent

_warm: dict[tuple[str, str], Predictor] = {}


def warm_up(*, progress: Progress = silent) -> bool:
    """Load the libraries before they are needed."""
    return True


def predict(
    scan_folder: str,
    model: str,
    out_folder: str,
    box: Sequence[Sequence[int]] | None = None,
    device: str = "auto",
    whole: bool = False,
    *,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Segment the scan in a folder and write the prediction into another one.

    Parameters
    ----------
    scan_folder, out_folder : str
        See `data.exchange.save_volume` and `engine.inference.prediction_files.save_prediction`.
    model : str
        A shipped name or a checkpoint file; the last one stays loaded.
    box : three (start, stop) pairs, optional
    device : str
    whole : bool
        Predict on a scan that is far larger than the model's field of view.

    Returns
    -------
    dict
        ``folder``, ``seconds``, ``notes``.
    """
    began = time.perf_counter()
    progress(0.0, "Loading the model")
    predictor = _predictor(model, device)
    volume = load_volume(Path(scan_folder))
    slices = from_pairs(box) if box else None
    prediction = predictor.predict(volume, box=slices, whole=whole, progress=part(progress, 0.02, 0.97))
    save_prediction(prediction, Path(out_folder))
    return {
        "folder": out_folder,
        "seconds": round(time.perf_counter() - began, 2),
        "notes": list(prediction.details["notes"]),  # type: ignore[call-overload]
    }


def _predictor(model: str, device: str) -> Predictor:
    key = (read_card(find(model))[1], device)
    if key not in _warm:
        _warm.clear()
        _warm[key] = Predictor(load_model(model), device)
    return _warm[key]


def fine_tune(
    model: str,
    cases: Sequence[dict[str, Any]],
    held_out: Sequence[dict[str, Any]],
    out_folder: str,
    steps: int = TUNING_STEPS,
    seed: int = 0,
    device: str = "auto",
    *,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Fine-tune a model on accepted cases and compare it with the old one on held-out cases.

    Parameters
    ----------
    model : str
    cases, held_out : sequences of dict
        ``image``, ``label`` (files) and ``name``; where they are known also ``scheme``, the label scheme as JSON that
        the labels were drawn under (else the integers are the model's), and ``box``, three [start, stop] pairs.
    out_folder : str
        Gets checkpoint, log and comparison.
    steps, seed, device

    Returns
    -------
    dict
        ``checkpoint`` (file) and ``comparison`` (None without held-out cases).
    """
    progress(0.0, "Loading the cases")
    loaded = load_model(model)
    scheme = loaded.card.recipe.scheme
    folder = Path(out_folder)
    path = tuning.fine_tune(
        loaded,
        _labelled(cases, scheme),
        folder,
        held_out=_labelled(held_out, scheme),
        steps=steps,
        seed=seed,
        device=device,
        progress=progress,
    )
    comparison = folder / "comparison.json"
    return {
        "checkpoint": str(path),
        "comparison": json.loads(comparison.read_text("utf-8")) if comparison.exists() else None,
    }


def _labelled(cases: Sequence[dict[str, Any]], scheme: LabelScheme) -> list[LabelledScan]:
    found = []
    for case in cases:
        drawn_under = _scheme_of(case)
        files = Case(case["name"], (Path(case["image"]),), Path(case["label"]))
        volume, labels = load_case(files, drawn_under or scheme)
        if labels is None:
            raise InputError(case["name"], "it has no labels", "Accept it again")
        found.append(LabelledScan(volume, to_scheme(labels, scheme) if drawn_under else labels, case.get("box")))
    return found


def _scheme_of(case: dict[str, Any]) -> LabelScheme | None:
    if case.get("scheme") is None:
        return None
    try:
        return LabelScheme.model_validate(case["scheme"])
    except ValidationError as error:
        raise InputError(case["name"], "what its labels mean cannot be read", "Accept it again") from error
