"""Recovery of unsaved work of an earlier window: found for the open scan, previewed, restored or discarded."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from pydantic import ValidationError
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.editing.journal import recovery
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.recovery import RecoverableWork
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.labels import show_preview, show_recovered


class Recovery(QObject):
    """Looks for unsaved work beside the window's thread, and deals with it as the person says."""

    found = Signal(object)
    """A list of `RecoverableWork`, of any scan; newest first."""
    restored = Signal()
    """The labels in the window are now those of an earlier one."""

    def __init__(self, viewer: Any, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self.session = viewer, session
        self._known: list[RecoverableWork] = []
        self.found.connect(self._on_found)

    def look(self) -> None:
        """Read the journals; `found` tells."""
        threading.Thread(target=self._look, name="unsaved work", daemon=True).start()

    def _look(self) -> None:
        recovery.clean_up()
        work = recovery.recoverable()
        try:
            self.found.emit(work)
        except RuntimeError:  # the window was closed meanwhile
            return

    def _on_found(self, work: list[RecoverableWork]) -> None:
        self._known = work
        names = self.elsewhere()
        if names and self.session.scan is None:
            self.session.say("warning", f"There is unsaved work on: {', '.join(names)}. Open the scan to get it back.")

    def of_scan(self) -> list[RecoverableWork]:
        """What was lost on the open scan, newest first."""
        scan = self.session.scan
        return [] if scan is None else [work for work in self._known if work.header.scan_hash == hash_of(scan)]

    def discarded(self) -> list[RecoverableWork]:
        """What was discarded in the last days and lies on the open scan, newest first."""
        scan = self.session.scan
        return (
            []
            if scan is None
            else [work for work in recovery.recoverable(discarded=True) if work.header.scan_hash == hash_of(scan)]
        )

    def elsewhere(self) -> list[str]:
        """The names of other scans with unsaved work."""
        here = self.of_scan()
        return list(dict.fromkeys(work.header.scan_name for work in self._known if work not in here))

    @report_errors
    def preview(self, work: RecoverableWork, shown: bool) -> None:
        """Show what would come back, beside the labels that are there; or hide it."""
        before = access.only(self._viewer, "preview")
        if before is not None:
            self._viewer.layers.remove(before)
        if shown:
            scan = self._scan()
            labels = recovery.recover(work).labels
            show_preview(self._viewer, scan, _fitting(labels, scan), scheme_of(work))

    @report_errors
    def restore(self, work: RecoverableWork) -> None:
        """Restore this work: its labels, locks and history; its old journal is discarded once a new one holds it."""
        scan, scheme = self._scan(), scheme_of(work)
        found = recovery.recover(work)
        _fitting(found.labels, scan)
        self.preview(work, False)
        journal = Journal(found.header, found.start, locks=found.start_locks)
        found.hand_to(journal)
        journal.flush()
        show_recovered(self._viewer, scan, scheme, found.history(), journal)
        self._forget(work)
        if found.complete:
            self.session.say("info", f"{work.steps} steps are restored. Undo and redo reach them.")
        else:
            self.session.say(
                "warning", f"{work.steps} steps are restored; what came after them was damaged and is lost."
            )
        self.restored.emit()

    @report_errors
    def discard(self, work: RecoverableWork) -> None:
        """Offer it no longer; it can be restored for some days."""
        self.preview(work, False)
        self._forget(work)
        self.session.say("info", f"Discarded. It can be restored for {recovery.KEPT_DAYS:.0f} days, in Correct.")

    def _forget(self, work: RecoverableWork) -> None:
        recovery.discard(work)
        self.found.emit([one for one in self._known if one is not work])

    def _scan(self) -> Volume:
        if self.session.scan is None:
            raise InputError("unsaved work", "no scan is open", "Open the scan that it was drawn on")
        return self.session.scan


def scheme_of(work: RecoverableWork) -> LabelScheme:
    """The organs of unsaved work."""
    try:
        return LabelScheme.model_validate_json(work.header.scheme)
    except ValidationError as error:
        raise InputError(
            work.header.scan_name,
            "the names of its organs cannot be read",
            "Its journal is kept in the folder of journals",
        ) from error


def _fitting(labels: np.ndarray, scan: Volume) -> np.ndarray:
    if labels.shape != scan.geometry.display.display_shape:
        raise InputError(
            scan.name, "the unsaved labels do not lie on this scan", "Open the scan that they were drawn on"
        )
    return labels
