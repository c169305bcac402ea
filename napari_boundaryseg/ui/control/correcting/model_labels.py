"""What a model has found of an organ on the open scan, and where it has looked."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.apply_prediction import box_of
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels


class ModelLabels:
    """Turned to the display once for each result.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._found: tuple[Prediction, int, np.ndarray] | None = None
        session.prediction_changed.connect(self._forget)

    def __call__(self, editable: EditableLabels, organ: int) -> tuple[np.ndarray, Box | None] | None:
        """(z, y, x) labels in which the organ has its own integer, and the box; None where none has looked for it."""
        scan, prediction = self._session.scan, self._session.prediction
        if scan is None or prediction is None or organ not in editable.scheme.ids:
            return None
        wanted = editable.scheme.organ(organ).name
        known = {one.name: one.id for one in prediction.labels.scheme.organs}
        if wanted not in known:
            return None
        if self._found is None or self._found[:2] != (prediction, organ):
            mask = np.asarray(prediction.labels.array) == known[wanted]
            found = np.where(mask, organ, 0).astype(editable.history.array.dtype)
            self._found = prediction, organ, scan.geometry.display.to_display(found)
        box = box_of(prediction)
        return self._found[2], None if box is None else scan.geometry.display.box_to_display(box)

    def _forget(self, prediction: object = None) -> None:
        self._found = None
