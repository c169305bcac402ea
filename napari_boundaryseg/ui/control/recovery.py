"""Recovery of unsaved work of an earlier window: taken up with its scan, or offered, previewed, restored, discarded."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from pydantic import ValidationError
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.scratch.scratch_errors import in_words
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.editing.journal import recovery
from napari_boundaryseg.editing.journal.folders import mark_told
from napari_boundaryseg.editing.journal.recovery import RecoverableWork
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.journal_reader import Found, JournalReader, Resumed
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.labels import show_preview, show_recovered


class Recovery(QObject):
    """Looks for unsaved work beside the window's thread, and deals with it as the person says."""

    found = Signal(object)
    """A list of `RecoverableWork`, of any scan; newest first."""
    restored = Signal()
    """The labels in the window are now those of an earlier one."""
    taken_up = Signal(object)
    """The `RecoverableWork` that came back by itself, because nothing else was in the window."""

    def __init__(self, viewer: Any, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self.session = viewer, session
        self._reader = JournalReader(session, self)
        self._known: list[RecoverableWork] = []
        self._discarded: list[RecoverableWork] = []
        self.looked = False
        """Whether the journals have been read once."""
        self._previewed: RecoverableWork | None = None
        self._restoring: list[RecoverableWork] = []
        self._due: Volume | None = None

    def look_for_scan(self) -> None:
        """Read the journals, and take up what is there of the scan that was just opened."""
        self._due = self.session.scan
        self.look()

    def look(self) -> None:
        """Read the journals; `found` tells."""
        self._reader.look(self._on_looked)

    def _on_looked(self, found: Found) -> None:
        self.looked, self._discarded = True, found.discarded
        if found.put_aside:
            n = len(found.put_aside)
            what = "A journal of unsaved work is" if n == 1 else f"{n} journals of unsaved work are"
            where = in_words(found.put_aside[0].parent)
            self.session.say("warning", f"{what} damaged and cannot be restored. Nothing was deleted: see {where}.")
            for folder in found.put_aside:
                mark_told(folder)
        self._offer(found.work)
        due, self._due = self._due, None
        here = self.of_scan() if due is not None and due is self.session.scan else []
        if here and access.only(self._viewer, "labels") is None:
            self._restore(here[0], by_itself=True)

    def _offer(self, work: list[RecoverableWork]) -> None:
        self._known = work
        self.found.emit(work)

    def of_scan(self) -> list[RecoverableWork]:
        """What was lost on the open scan, newest first."""
        return self._on_scan(self._known)

    def discarded(self) -> list[RecoverableWork]:
        """What was discarded in the last days and lies on the open scan, newest first; as it was last looked for."""
        return self._on_scan(self._discarded)

    def _on_scan(self, found: list[RecoverableWork]) -> list[RecoverableWork]:
        scan = self.session.scan
        return [] if scan is None else [work for work in found if work.header.scan_hash == hash_of(scan)]

    def elsewhere(self) -> list[RecoverableWork]:
        """A person's work that was lost on other scans, newest first; a model's result waits for its scan unsaid."""
        here = self.of_scan()
        return [work for work in self._known if work.by_hand and work not in here]

    @report_errors
    def preview(self, work: RecoverableWork, shown: bool) -> None:
        """Show what would come back, beside the labels that are there, as soon as it is read; or hide it."""
        self._previewed = None
        before = access.only(self._viewer, "preview")
        if before is not None:
            self._viewer.layers.remove(before)
        if shown:
            scan, scheme = self._scan(), scheme_of(work)
            self._previewed = work
            shape = scan.geometry.display.display_shape
            self._reader.read(work, shape, lambda found: self._show_preview(work, scan, scheme, found.labels))

    def _show_preview(self, work: RecoverableWork, scan: Volume, scheme: LabelScheme, labels: np.ndarray) -> None:
        if self._previewed is work and self.session.scan is scan:
            show_preview(self._viewer, scan, labels, scheme)

    @report_errors
    def restore(self, work: RecoverableWork) -> None:
        """Restore this work: its labels, locks and history; its old journal goes once a new one holds it."""
        self._restore(work, by_itself=False)

    def _restore(self, work: RecoverableWork, by_itself: bool) -> None:
        scan, scheme = self._scan(), scheme_of(work)
        self.preview(work, False)
        if work not in self._restoring:
            self._restoring.append(work)
            shape = scan.geometry.display.display_shape
            show = partial(self._show_restored, work, scan, scheme, by_itself)
            self._reader.resume(work, shape, show, partial(self._restoring.remove, work))

    def _show_restored(
        self, work: RecoverableWork, scan: Volume, scheme: LabelScheme, by_itself: bool, resumed: Resumed
    ) -> None:
        found, journal = resumed
        if by_itself and (self.session.scan is not scan or access.only(self._viewer, "labels") is not None):
            journal.finish()  # meanwhile the person has begun something else: it stays an offer
            return
        if self.session.scan is not scan:
            journal.finish()
            raise InputError(work.header.scan_name, "the scan was closed before its work was restored", "Open it again")
        show_recovered(self._viewer, scan, scheme, found, journal)
        self._forget(work, held=True)
        if not work.by_hand:
            self.session.say("info", "The result that nobody accepted in an earlier window is here again.")
        elif found.complete:
            self.session.say("info", f"{work.steps} steps are restored. Undo and redo reach them.")
        else:
            self.session.say(
                "warning", f"Incomplete: {work.steps} steps are restored; the journal is damaged behind them."
            )
        self.restored.emit()
        if by_itself and work.by_hand:
            self.taken_up.emit(work)

    @report_errors
    def discard(self, work: RecoverableWork) -> None:
        """Offer it no longer; it can be restored for some days."""
        self.preview(work, False)
        self._forget(work)
        self.session.say("info", f"Discarded. It can be restored for {recovery.KEPT_DAYS:.0f} days, in Correct.")

    def _forget(self, work: RecoverableWork, *, held: bool = False) -> None:
        """Put the journal of work away where it can be restored; one that another holds goes, or stays if damaged."""
        self._discarded = [one for one in self._discarded if one != work]
        self._offer([one for one in self._known if one != work])
        self._reader.put_away(work, held, self._on_put_away)

    def _on_put_away(self, kept: Any) -> None:
        if kept is not None:
            self.session.say("warning", f"The damaged journal is kept: see {in_words(kept)}.")
            mark_told(kept)
        self.look()

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
