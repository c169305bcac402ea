"""Predictions as a folder of arrays and one JSON file, from the worker to the window. No torch."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from napari_boundaryseg.data.exchange import load_labels, save_labels
from napari_boundaryseg.data.saving import atomic_json, atomic_write
from napari_boundaryseg.engine.inference.prediction import Prediction


def save_prediction(prediction: Prediction, folder: Path) -> Path:
    """Write a prediction into a folder, which is made when needed."""
    folder.mkdir(parents=True, exist_ok=True)
    save_labels(prediction.labels, folder)
    _store(folder / "probabilities.npy", prediction.probabilities)
    _store(folder / "edges.npy", prediction.edges)
    for kind, maps in (("contour", prediction.contours), ("attention", prediction.attention)):
        for n, array in enumerate(maps.values()):
            _store(folder / f"{kind}{n}.npy", array)
    atomic_json(
        folder / "prediction.json",
        {
            "contours": list(prediction.contours),
            "attention": list(prediction.attention),
            "contour_sources": dict(prediction.contour_sources),
            "channel_weights": {name: list(values) for name, values in prediction.channel_weights.items()},
            "details": dict(prediction.details),
        },
    )
    return folder


def load_prediction(folder: Path) -> Prediction:
    """Read what `save_prediction` wrote; arrays stay on disk, mapped read-only."""
    values = json.loads((folder / "prediction.json").read_text("utf-8"))
    return Prediction(
        labels=load_labels(folder),
        probabilities=_map(folder / "probabilities.npy"),
        edges=_map(folder / "edges.npy"),
        contours={name: _map(folder / f"contour{n}.npy") for n, name in enumerate(values["contours"])},
        contour_sources=values["contour_sources"],
        attention={name: _map(folder / f"attention{n}.npy") for n, name in enumerate(values["attention"])},
        channel_weights={name: tuple(weights) for name, weights in values["channel_weights"].items()},
        details=values["details"],
    )


def _store(path: Path, array: np.ndarray) -> None:
    def write(array: np.ndarray, file: BinaryIO) -> None:
        np.save(file, np.ascontiguousarray(array.swapaxes(-1, -3)), allow_pickle=False)

    atomic_write(path, partial(write, array))


def _map(path: Path) -> np.ndarray:
    return np.load(path, mmap_mode="r", allow_pickle=False).swapaxes(-1, -3)
