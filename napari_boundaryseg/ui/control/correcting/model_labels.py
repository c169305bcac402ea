"""What a model has found on the open scan, in the integers of the labels in work."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels


class ModelLabels:
    """Turned to the display once for each result; asked at every stroke that needs it.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._of: Prediction | None = None
        self._found = np.zeros((0, 0, 0), np.uint8)

    def __call__(self, editable: EditableLabels) -> np.ndarray | None:
        """(z, y, x) labels, organs matched by their names; None without a result on this scan."""
        scan, prediction = self._session.scan, self._session.prediction
        if scan is None or prediction is None:
            return None
        if prediction is not self._of:
            self._of = prediction
            self._found = scan.geometry.display.to_display(np.asarray(prediction.labels.array))
        own = {organ.name: organ.id for organ in editable.scheme.organs}
        found = prediction.labels.scheme
        if all(own.get(organ.name) == organ.id for organ in found.organs):
            return self._found
        table = np.zeros(max(found.ids) + 1, editable.history.array.dtype)
        for organ in found.organs:
            table[organ.id] = own.get(organ.name, 0)
        return np.asarray(table[self._found])
