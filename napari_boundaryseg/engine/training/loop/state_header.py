"""The header of a training's state: its format, its numbers, and what the training was begun with. No torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from napari_boundaryseg.data.file_format import refuse_later
from napari_boundaryseg.engine.checkpoints.model_library import read_header
from napari_boundaryseg.errors import InputError

FIRST = "napari-boundaryseg-training/1"
"""Of version 0.2 of the program; one that says nothing is of this version too. It has neither what the training was
begun with nor the optimiser's moments at the end of the last whole epoch."""
FORMAT = "napari-boundaryseg-training/2"


def numbers_in(path: Path) -> dict[str, float]:
    """The step and the like, without the tensors.

    Raises
    ------
    InputError
        When the file is damaged, or a later version of the program wrote it.
    """
    metadata = _metadata(path)
    try:
        return {name: float(value) for name, value in json.loads(metadata["memory"]).items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(path) from error


def begun_in(path: Path) -> str:
    """What the training was begun with, as `loop.begun.Begun` writes it; empty in a state of version 1."""
    return str(_metadata(path).get("begun") or "")


def precision_of(numbers: dict[str, float]) -> str:
    """In which precision a saved training was begun."""
    return "bf16" if numbers.get("bf16") else "float32"


def damaged(path: Path) -> InputError:
    """The error of a state that cannot be read."""
    return InputError(
        path,
        "it is damaged, or belongs to a training of another recipe",
        "Resume with the recipe that it was begun with, or begin in another folder",
    )


def _metadata(path: Path) -> dict[str, Any]:
    try:
        metadata = read_header(path).get("__metadata__", {})
        if metadata.get("format") != FIRST:
            refuse_later(metadata.get("format"), FORMAT, path)
    except (OSError, AttributeError) as error:
        raise damaged(path) from error
    return dict(metadata)
