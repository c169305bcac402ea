"""Predictions as a folder of arrays and one JSON file, from the worker to the window. No torch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.exchange import load_labels, save_labels
from napari_boundaryseg.data.saving import atomic_json
from napari_boundaryseg.data.scratch.arrays import load_array, save_array
from napari_boundaryseg.data.scratch.scratch_errors import scratch_errors
from napari_boundaryseg.engine.inference.assembling.arrays import kind_of
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.errors import InputError


def save_prediction(prediction: Prediction, folder: Path) -> Path:
    """Write a prediction into a folder, which is made when needed."""
    with scratch_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    save_array(folder / "probabilities.npy", prediction.probabilities)
    for name, array in maps_of(prediction).items():
        save_array(folder / f"{name}.npy", array.astype(kind_of(name)))
    return save_all_but_arrays(prediction, folder)


def save_all_but_arrays(prediction: Prediction, folder: Path) -> Path:
    """Write what belongs to arrays that are in the folder already: see `arrays.InFolder`."""
    save_labels(prediction.labels, folder)
    values = {
        "contours": list(prediction.contours),
        "attention": list(prediction.attention),
        "attention_kind": prediction.attention_kind,
        "contour_sources": dict(prediction.contour_sources),
        "channel_weights": {name: list(values) for name, values in prediction.channel_weights.items()},
        "details": dict(prediction.details),
    }
    with scratch_errors(folder):
        atomic_json(folder / "prediction.json", values, private=True)
    return folder


def maps_of(prediction: Prediction) -> dict[str, np.ndarray]:
    """File name to each map but the probabilities."""
    found = {"edges": prediction.edges}
    for kind, maps in (("contour", prediction.contours), ("attention", prediction.attention)):
        found |= {f"{kind}{n}": array for n, array in enumerate(maps.values())}
    return found


def load_prediction(folder: Path) -> Prediction:
    """Read what `save_prediction` wrote; arrays stay on disk, mapped read-only.

    Raises
    ------
    InputError
        When something is missing or wrong.
    """
    try:
        return _load(folder)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError("the model's result", "its files cannot be read", "Run the model again") from error


def _load(folder: Path) -> Prediction:
    values = json.loads((folder / "prediction.json").read_text("utf-8"))
    return Prediction(
        labels=load_labels(folder),
        probabilities=load_array(folder / "probabilities.npy"),
        edges=load_array(folder / "edges.npy"),
        contours={name: load_array(folder / f"contour{n}.npy") for n, name in enumerate(values["contours"])},
        contour_sources=values["contour_sources"],
        attention={name: load_array(folder / f"attention{n}.npy") for n, name in enumerate(values["attention"])},
        attention_kind=values.get("attention_kind", ""),
        channel_weights={name: tuple(weights) for name, weights in values["channel_weights"].items()},
        details=values["details"],
    )
