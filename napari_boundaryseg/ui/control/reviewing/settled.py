"""News that the labels in work have settled: a moment after the last change, and never within a stroke."""

from __future__ import annotations

from qtpy.QtCore import QObject, Qt, QTimer, Signal
from qtpy.QtWidgets import QApplication

from napari_boundaryseg.ui.compat.window import is_open
from napari_boundaryseg.ui.control.labels_actions import LabelsActions
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

    def __init__(self, viewer: object, tools: PaintTools, labels: LabelsActions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._tools = viewer, tools
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(QUIET_MS)
        self._timer.timeout.connect(self._on_quiet)
        for source in (tools.stepped, labels.shown):
            source.connect(self._timer.start)
        tools.stepped.connect(self.stepped)

    @property
    def editable(self) -> EditableLabels | None:
        """The labels in work."""
        return self._tools.editable

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is awaited."""
        return not self._timer.isActive()

    def _on_quiet(self) -> None:
        if not is_open(self._viewer):  # type: ignore[arg-type]
            return
        if QApplication.mouseButtons() != Qt.MouseButton.NoButton or self._tools.own.stroke is not None:
            self._timer.start()
        else:
            self.settled.emit()
