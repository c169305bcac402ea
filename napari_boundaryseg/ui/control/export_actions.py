"""Export of results: what is written and where, and news of what was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.session.actions import export
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.layers.labels import read_labels


class ExportActions(QObject):
    """Writes the labels as they stand in the window, and what the last prediction found."""

    exported = Signal(list)
    """The files that were written and read back."""

    def __init__(self, viewer: Any, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self.session = viewer, session

    @report_errors
    def save(self, what: set[str], folder: Path) -> None:
        """Write results into a folder and read them back."""
        labels = read_labels(self._viewer, self.session.scan)
        if labels is not None:
            export.start_export(self.session, labels, what, folder, self.exported.emit)
