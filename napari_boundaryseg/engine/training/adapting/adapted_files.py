"""Adapted predictions as a folder, from worker to window: a prediction, slices in an archive, JSON. No torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

import numpy as np

from napari_boundaryseg.data.saving import atomic_json, atomic_write
from napari_boundaryseg.data.scratch.scratch_errors import scratch_errors
from napari_boundaryseg.engine.inference.prediction_files import load_prediction, save_prediction
from napari_boundaryseg.engine.training.adapting.adapted import Adapted
from napari_boundaryseg.errors import InputError

SLICES, VALUES = "held_out.npz", "adapted.json"


def save_adapted(adapted: Adapted, folder: Path) -> Path:
    """Write an adapted prediction into a folder, which is made when needed.

    Beside what `save_prediction` writes: ``held_out.npz``, an array for each number of steps, named by it, and
    ``adapted.json``.
    """

    def write(stream: BinaryIO) -> None:
        named: dict[str, Any] = {str(steps): array for steps, array in adapted.held_out.items()}
        np.savez_compressed(stream, **named)

    save_prediction(adapted.prediction, folder)
    values = {
        "steps": adapted.steps,
        "corrected": list(adapted.corrected),
        "left_out": list(adapted.left_out),
        "scores": {str(steps): score for steps, score in adapted.scores.items()},
        "seconds": adapted.seconds,
    }
    with scratch_errors(folder):
        atomic_write(folder / SLICES, write, private=True)
        atomic_json(folder / VALUES, values, private=True)
    return folder


def load_adapted(folder: Path) -> Adapted:
    """Read what `save_adapted` wrote.

    Raises
    ------
    InputError
        When something is missing or wrong.
    """
    prediction = load_prediction(folder)
    try:
        values = json.loads((folder / VALUES).read_text("utf-8"))
        with np.load(folder / SLICES, allow_pickle=False) as file:
            held_out = {int(steps): file[steps] for steps in file.files}
        return Adapted(
            prediction,
            int(values["steps"]),
            tuple(map(int, values["corrected"])),
            tuple(map(int, values["left_out"])),
            held_out,
            {int(steps): float(score) for steps, score in values["scores"].items()},
            float(values["seconds"]),
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError, BadZipFile) as error:
        raise InputError("the adapted result", "its files cannot be read", "Adapt the model again") from error
