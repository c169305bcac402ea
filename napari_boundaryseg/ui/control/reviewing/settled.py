"""News that the labels in work have settled: a moment after the last change, and never within a stroke."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, Qt, QTimer, Signal
from qtpy.QtWidgets import QApplication

from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.compat.window import is_open
from napari_boundaryseg.ui.control.labels_actions import LabelsActions
from napari_boundaryseg.ui.layers import access, edited
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.tools.paint_tools import PaintTools

QUIET_MS = 400
"""So long nothing has changed."""


class Settled(QObject):
    """Follows whichever labels are in the window."""

    stepped = Signal()
    """A change was made, taken back or made again, just now."""
    settled = Signal()
    """Nothing has changed for a moment, or other labels are in the window."""

    def __init__(
        self, viewer: Any, session: Session, tools: PaintTools, labels: LabelsActions, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer, self.session, self._tools = viewer, session, tools
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(QUIET_MS)
        self._timer.timeout.connect(self._on_quiet)
        for source in (tools.stepped, labels.shown):
            source.connect(self._timer.start)
        tools.stepped.connect(self.stepped)

    @property
    def editable(self) -> EditableLabels | None:
        """The labels in work, where they are the open scan's: another one may be on its way.

        None while they are being shown: whose history a new layer has is not known before that.
        """
        layer = self._tools.layer
        return edited.known(layer) if layer is not None and layer.metadata[access.KEY] is self.session.scan else None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is awaited."""
        return not self._timer.isActive()

    @property
    def is_drawing(self) -> bool:
        """Whether a stroke may be in work: the labels are half of what they will be."""
        return QApplication.mouseButtons() != Qt.MouseButton.NoButton or self._tools.own.stroke is not None

    def tell_again(self) -> None:
        """Say once more that they have settled, once they have."""
        if not self._timer.isActive():
            self._timer.start()

    def _on_quiet(self) -> None:
        if not is_open(self._viewer):
            return
        if self.is_drawing:
            self._timer.start()
        else:
            self.settled.emit()
