"""Application of a prediction to the labels: one step; and what it would change, where a person is asked first."""

from __future__ import annotations

import math
from typing import Any

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.data.nested_regions import classes_inside
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.editing.history.change import Change, change_of
from napari_boundaryseg.editing.history.edit import MODEL
from napari_boundaryseg.editing.history.last_result import PIECES
from napari_boundaryseg.editing.history.since import anything_by_hand
from napari_boundaryseg.editing.journal.note import note_body
from napari_boundaryseg.engine.inference.assembling import left_out
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.session.report import OF_THE_MODEL
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.layers.labels import editable_of, scheme_of, show_labels
from napari_boundaryseg.ui.views.model_result import ModelResult
from napari_boundaryseg.ui.widgets.result_words import change_in_words, locked_in_words

OF_A_RESULT = (*OF_THE_MODEL, "calibrated", "adapted_steps")
"""What of a result's details goes into the journal."""


def waits(viewer: Any, scan: Volume, prediction: Prediction) -> bool:
    """Whether a person is asked first: hand work would change, or locks protect more than a stroke is large."""
    layer = _labels_like(viewer, scan, prediction)
    if layer is None:
        return False
    editable = editable_of(layer)
    editable.history.commit("Change")  # a stroke that has begun is hand work, too
    change = change_of_labels(editable, scan, prediction)
    return change.n_protected > stroke_voxels(layer) or (
        anything_by_hand(editable.history) and bool(change.added or change.removed)
    )


def changes(viewer: Any, scan: Volume | None, prediction: Prediction) -> bool:
    """Whether a result would change anything in the labels that are there, locked voxels left alone."""
    layer = None if scan is None else _labels_like(viewer, scan, prediction)
    if scan is None or layer is None:
        return True
    change = change_of_labels(editable_of(layer), scan, prediction)
    return bool(change.added or change.removed)


def question(viewer: Any, scan: Volume, prediction: Prediction) -> str:
    """What a person is asked about a result that waits, as the labels now are."""
    words = [f"{prediction.details.get('model', 'A model')} has segmented this scan."]
    layer = _labels_like(viewer, scan, prediction)
    if layer is not None:
        editable = editable_of(layer)
        change = change_of_labels(editable, scan, prediction)
        drawn = anything_by_hand(editable.history)
        words.append(change_in_words(change, editable.scheme, editable.voxel_ml, "your corrections" if drawn else ""))
        if change.n_protected:
            ml = change.n_protected * editable.voxel_ml
            locked = locked_in_words(editable.history.locks, editable.scheme)
            words.append(f"Locked: {locked}; {ml_text(ml)} mL are not changed there.")
    return " ".join([*words, "Apply the result?"])


def apply(viewer: Any, scan: Volume, prediction: Prediction) -> tuple[ModelResult, bool]:
    """Put a result into the labels: it there, and whether corrections that are stored nowhere were under it."""
    before = access.only(viewer, "labels")
    drawn = before is not None and not editable_of(before).is_stored
    name = f"Model: {prediction.details.get('model', 'result')}"
    layer = show_labels(viewer, scan, prediction.labels, box_of(prediction), name=name, kind=MODEL)
    _note(editable_of(layer), prediction)
    return _result_in(layer, scan, prediction), drawn and layer is before


def result_in_labels(viewer: Any, scan: Volume, prediction: Prediction) -> ModelResult | None:
    """A result that labels held before, in the labels as they are; None where there are none of its organs."""
    layer = _labels_like(viewer, scan, prediction)
    return None if layer is None else _result_in(layer, scan, prediction)


def _result_in(layer: Any, scan: Volume, prediction: Prediction) -> ModelResult:
    return ModelResult(editable_of(layer).history, prediction, scan.geometry.display, box_of(prediction))


def put_back(viewer: Any, scan: Volume, prediction: Prediction) -> None:
    """Put the pieces that were left out of a result into its labels, where they are background, as one step."""
    left: Any = prediction.details.get("left_out", {})
    regions: Any = prediction.details.get("regions", ())
    nested = classes_inside(regions, prediction.labels.scheme) if regions else ()
    layer = _labels_like(viewer, scan, prediction)
    if layer is not None and left:
        editable, display = editable_of(layer), scan.geometry.display
        now = display.from_display(editable.history.array)
        whole = left_out.put_back(now, prediction.probabilities, left, editable.scheme, nested)
        editable.put(f"Model: {PIECES} {', '.join(left)}", display.to_display(whole), None, MODEL)
        _note(editable, prediction)


def _note(editable: EditableLabels, prediction: Prediction) -> None:
    """Keep in the journal by which model, and how, the result was made that is now in the labels."""
    top, position, journal = editable.history.top, editable.history.position, editable.journal
    if top is None or top.kind != MODEL:
        return
    said = {name: prediction.details[name] for name in OF_A_RESULT if name in prediction.details}
    editable.results = {**{at: one for at, one in editable.results.items() if at < position}, position: said}
    if journal is not None and not journal.has_ended:
        journal.note(note_body({}, editable.organ, editable.box, {position: said}))


def change_of_labels(editable: EditableLabels, scan: Volume, prediction: Prediction) -> Change:
    """What a result would change in the labels that are there."""
    display, box = scan.geometry.display, box_of(prediction)
    where = display.box_to_display(box) if box else (slice(None),) * 3
    return change_of(editable.history, display.to_display(prediction.labels.array)[where], where)


def box_of(prediction: Prediction) -> Box | None:
    """The part of the scan that a prediction was made in."""
    box: Any = prediction.details.get("box")
    if box is None:
        return None
    return boxes.from_pairs(box)


def stroke_voxels(layer: Any) -> int:
    """How many voxels a dab of the present brush has."""
    return math.ceil(math.pi * (float(layer.brush_size) / 2) ** 2)


def _labels_like(viewer: Any, scan: Volume, prediction: Prediction) -> Any:
    """The labels that a result would be written into; others are set aside for it."""
    layer = access.only(viewer, "labels")
    same = layer is not None and layer.metadata[access.KEY] is scan and scheme_of(layer) == prediction.labels.scheme
    return layer if same else None
