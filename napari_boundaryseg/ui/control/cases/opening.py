"""Opening a scan in the window: files, channels, a DICOM folder of one series or of several to choose from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.formats.dicom.study import Series
from napari_boundaryseg.session.actions import scan as scan_actions
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.error_messages import report_errors


class Opening(QObject):
    """Opens what a person gives, and offers the series of a folder that holds more than one."""

    found = Signal()
    """There are series to choose from, or no longer."""

    def __init__(self, session: Session, unsaved: Callable[[], set[str]] = set, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self._unsaved = session, unsaved
        self._series: Sequence[Series] = ()

    def series(self) -> Sequence[Series]:
        """Those to choose from."""
        return self._series

    @report_errors
    def open(self, *paths: Path) -> None:
        """Open a scan, of one file or folder or of several channels."""
        self._offer(())
        scan_actions.open_scan(self.session, *paths, choose=self._offer, unsaved=self._unsaved())

    def choose(self, series: Series) -> None:
        """Open one of the series."""
        self.open(series.source)

    def forget(self) -> None:
        """Offer nothing: a scan is open, or the person does not want any of them."""
        self._offer(())

    def take(self, paths: list[Path]) -> bool:
        """Open files that were dropped or come from napari's menu; False where napari is to read them."""
        ours = bool(paths) and all(path.exists() and formats.can_read(path) for path in paths)
        if ours:
            self.open(*paths)
        return ours

    def _offer(self, series: Sequence[Series]) -> None:
        if series or self._series:
            self._series = series
            self.found.emit()
