"""Result of a model in labels in work: by which model, which organs it has, and whether it is the model's alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_boundaryseg.editing.history.edit import Edit
from napari_boundaryseg.editing.history.last_result import LastResult, last_result, position_of, taken_back
from napari_boundaryseg.ui.control.reviewing import begun_review
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels


@dataclass(frozen=True, eq=False)
class DrawnResult:
    """What is known of it.

    Parameters
    ----------
    step : Edit
        That applied it.
    model, sha256 : str
        Name and hash of the model's file; empty where nobody knows.
    adapted : bool
        Whether a copy of the model had been adapted to the scan.
    organs : tuple of int
    is_the_models : bool
        Whether nothing that was there before is in it.
    """

    step: Edit
    model: str
    sha256: str
    adapted: bool
    organs: tuple[int, ...]
    is_the_models: bool

    @classmethod
    def of(cls, found: LastResult, step: Edit, said: Mapping[str, Any]) -> DrawnResult:
        """From a result that was followed, and what its model said."""
        organs = tuple(int(organ) for organ in np.unique(found.labels) if organ)
        model = str(said.get("model") or step.name.removeprefix("Model: "))
        adapted = bool(said.get("adapted_steps"))
        return cls(step, model, str(said.get("sha256") or ""), adapted, organs, found.is_the_models)


def step_of(editable: EditableLabels) -> Edit | None:
    """The step by which the labels came from a model; None where they came from a file since, or from none."""
    history = editable.history
    done = history.steps[: history.position - history.first]
    position = position_of(done, history.first)
    if not position or position != begun_review.last_result(history):
        return None
    return done[position - history.first - 1]


def follower(editable: EditableLabels) -> Callable[[], LastResult | None]:
    """What finds the labels as the model's result left them, on any thread; they are those of this moment."""
    history = editable.history
    history.commit("Change")
    done, first = history.steps[: history.position - history.first], history.first
    labels, locks, details = history.array.copy(), history.locks, dict(editable.results)

    def follow() -> LastResult | None:
        start, held = taken_back(labels, locks, done)
        return last_result(start, held, done, details, first)

    return follow
