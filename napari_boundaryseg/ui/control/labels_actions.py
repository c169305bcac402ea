"""Actions on the labels as a whole: open, begin, lock, go back, accept; and what panels may know of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakSet

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.editing.effort import Work
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.history.since import drawn_on
from napari_boundaryseg.editing.journal.kept import JournalUpTo
from napari_boundaryseg.editing.journal.recovery import KEPT_DAYS
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.actions import accept as accept_action
from napari_boundaryseg.session.actions import scan as scan_actions
from napari_boundaryseg.session.certificate.reviewed import Reviewed
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.compat.window import is_open
from napari_boundaryseg.ui.control.cases.place_question import PlaceQuestion
from napari_boundaryseg.ui.control.correcting.tool_messages import tell_of
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.layers import access, edited, visibility
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels, State
from napari_boundaryseg.ui.layers.labels import editable_of, looked_at, read_labels, scheme_of, show_again, show_labels
from napari_boundaryseg.ui.layers.shelf import shelf_of
from napari_boundaryseg.ui.tools.paint_tools import PaintTools
from napari_boundaryseg.ui.widgets.result_words import locked_in_words
from napari_boundaryseg.ui.widgets.scheme_words import own_scheme


class LabelsActions(QObject):
    """Acts on the labels of a viewer, shows those that the session opens, and follows the layer that holds them."""

    shown = Signal()
    """Other labels are in the window, or none."""
    hidden = Signal()
    """Other organs are shown than before."""
    accepted = Signal()
    """The labels in the window were stored as a case."""
    unsaved_removed = Signal()
    """Labels with corrections that are stored nowhere were removed from the layer list."""

    def __init__(self, viewer: Any, session: Session, tools: PaintTools, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._viewer, self._tools = viewer, tools
        self.place = PlaceQuestion(session, self)
        self.allows: Callable[[Callable[[], object]], bool] = lambda act: True
        """Whether labels may be accepted as they are; else the act that is given follows an answer."""
        self.review_of: Callable[[], dict[str, Any] | None] = lambda: None
        """What was checked and reviewed of the labels in the window, plain values."""
        self._accepting: WeakSet[LabelMap] = WeakSet()
        self._others: list[EditableLabels] = []
        session.labels_changed.connect(self._on_labels)
        viewer.layers.events.removed.connect(self._on_removed)
        tell_of(tools, session)

    # What panels ask for.
    @report_errors
    def open(self, path: Path, scheme: LabelScheme | None) -> None:
        """Open labels that were drawn on this scan, under the names of a scheme."""
        scan_actions.open_labels(self.session, path, scheme)

    @report_errors
    def new(self, scheme: LabelScheme) -> None:
        """Start with empty labels."""
        scan = self.session.scan
        if scan is not None:
            self.session.labels = scan.with_labels(np.zeros(scan.geometry.shape, np.uint8), scheme)

    @report_errors
    def new_of(self, names: str) -> None:
        """Start with empty labels of names that a person typed."""
        self.new(own_scheme(names))

    @report_errors
    def accept(self, *_: object, then: Callable[[], None] | None = None) -> None:
        """Store scan and labels as a case of the project; ``then`` follows if nothing is left that is not stored."""
        editable = self._tools.editable
        if editable is not None:
            editable.history.commit("Change")  # so that the journal leads to what is stored
        labels = read_labels(self._viewer, self.session.scan)
        if labels is None or editable is None:
            return
        if self._tools.has_outline():
            raise InputError("Accept", "a polygon is not applied yet", "Press Enter to apply it, or Esc to discard it")
        again = partial(self.accept, then=then)
        if not self.place.allows(again) or not self.allows(again):
            return
        if self.is_accepting():
            raise InputError("Accept", "labels of this scan are being stored", "Wait for it")
        stored = partial(self._on_stored, editable, editable.state, then)
        self._accepting.add(labels)
        seconds, looked = editable.effort.total().seconds, looked_at(editable, labels)
        journal, reviewed = journal_up_to_now(editable), Reviewed(**(self.review_of() or {}))
        accept_action.accept(
            self.session,
            labels,
            editable.box,
            seconds,
            stored,
            looked,
            journal=journal,
            reviewed=reviewed,
            by_hand=drawn_on(editable.history),
        )

    @report_errors
    def lock(self, lock: Lock, on: bool) -> None:
        """Keep an organ or a slice from being changed, or set it free."""
        editable = self._tools.editable
        if editable is not None:
            editable.lock(lock, on, locked_in_words([lock], editable.scheme))

    @report_errors
    def go_to(self, position: int) -> None:
        """Undo or redo up to a step of the history."""
        if self._tools.editable is not None:
            self._tools.editable.go_to(position)

    @report_errors
    def save_effort(self, path: Path) -> None:
        """Write what the work on these labels took as CSV."""
        editable = self._tools.editable
        if editable is not None:
            atomic_text(path, editable.effort.as_csv({organ.id: organ.name for organ in editable.scheme.organs}))
            self.session.say("info", f"Saved {path.name}.")

    @report_errors
    def show_other(self, editable: EditableLabels) -> None:
        """Go back to labels that were set aside; those in the window are set aside for them."""
        if self.session.scan is not None and editable in self.others():
            show_again(self._viewer, self.session.scan, editable)
            self.tell()

    @report_errors
    def discard(self) -> None:
        """Take the labels in the window away; for some days they can be restored."""
        layer, editable = self._tools.layer, self._tools.editable
        if editable is not None:
            kept = f" It can be restored for {KEPT_DAYS:.0f} days, in Correct." if editable.journal is not None else ""
            editable.discard()
            edited.forget(layer)
            self._viewer.layers.remove(layer)
            self.session.say("info", f"Discarded.{kept}")

    def hide(self, organs: Iterable[int]) -> None:
        """Show every organ but these."""
        visibility.hide_organs(self._viewer, organs)
        self.hidden.emit()

    # What panels want to know.
    def scheme(self) -> LabelScheme | None:
        """The label scheme of the labels in the window."""
        return scheme_of(self._tools.layer) if self._tools.layer is not None else None

    def volumes_ml(self) -> dict[int, float]:
        """Organ id to volume, in mL, as the labels now stand."""
        return self._tools.editable.volumes_ml() if self._tools.editable is not None else {}

    def history(self) -> History | None:
        """The steps of the labels in the window."""
        return self._tools.editable.history if self._tools.editable is not None else None

    def locks(self) -> tuple[Lock, ...]:
        """What is locked."""
        return tuple(self._tools.editable.history.locks) if self._tools.editable is not None else ()

    def effort(self) -> Work | None:
        """What the work on these labels took so far."""
        return self._tools.editable.effort.total() if self._tools.editable is not None else None

    def is_accepting(self) -> bool:
        """Whether labels of the open scan are being stored, or will be."""
        scan = self.session.scan
        return scan is not None and bool(self.session.jobs.of(accept_action.Accept, scan=scan))

    def is_stored(self) -> bool:
        """Whether nothing of a person's would be lost with the labels."""
        return self._tools.editable is None or self._tools.editable.is_stored

    def in_work(self) -> set[str]:
        """`scan_hash` of every scan on which there is work in this window that nobody accepted."""
        shown = [editable_of(layer) for layer in access.of_kind(self._viewer, "labels")]
        return {one.scan_hash for one in (*shown, *shelf_of(self._viewer).all()) if not one.is_stored}

    def others(self) -> list[EditableLabels]:
        """Other labels of the open scan that were set aside, the last ones first."""
        scan, shelf = self.session.scan, shelf_of(self._viewer)
        return shelf.of_scan(hash_of(scan)) if scan is not None and shelf.all() else []

    # What the session and the layers say.
    def leave(self, voxel: tuple[int, int, int]) -> None:
        """Remember where the view is, for when these labels are shown again."""
        if self._tools.editable is not None:
            self._tools.editable.place = voxel

    def take_up(self) -> EditableLabels | None:
        """Show the labels in work of the scan that was just opened, where there are some."""
        waiting, scan = self.others(), self.session.scan
        if not waiting or scan is None:
            return None
        editable = show_again(self._viewer, scan, waiting[0])
        self._others = self.others()
        if not editable.is_stored:
            self.session.say("info", f"Your work on {scan.name} is here again; it is not accepted.")
        return editable

    def tell(self) -> None:
        """Follow the labels that are in the window now, and say which ones of this scan were set aside for them."""
        self._tools.watch()
        self.shown.emit()
        before, self._others = self._others, self.others()
        if any(editable not in before for editable in self._others) and self._tools.editable is not None:
            aside = in_words(self._others[0])
            self.session.say("warning", f"Set aside, not lost: {aside}. Other labels, in Correct, brings them back.")

    def _on_labels(self, labels: LabelMap | None) -> None:
        scan = self.session.scan
        if labels is None or labels in self._accepting or scan is None:
            return
        show_labels(self._viewer, scan, labels, name="Opened labels" if labels.array.any() else "Empty labels")
        self.tell()

    def _on_stored(self, editable: EditableLabels, state: State, then: Callable[[], None] | None) -> None:
        """Labels that were changed while they were being stored are not stored as they now stand."""
        editable.mark_stored(state)
        shelf_of(self._viewer).tidy()
        if editable is self._tools.editable:
            self.accepted.emit()
        if then is not None and not self.in_work():
            QTimer.singleShot(0, then)

    def _on_removed(self, event: Any) -> None:
        editable = edited.known(event.value)
        if editable is not None:
            edited.forget(event.value)
            if editable.no_journal and not editable.is_stored:
                shelf_of(self._viewer).put(editable)
            else:
                editable.close()
            if not editable.is_stored:
                QTimer.singleShot(0, self._tell_removed)
        if event.value.metadata.get(access.KIND) == "labels":
            self._tools.watch()
            self.shown.emit()

    def _tell_removed(self) -> None:
        if is_open(self._viewer):
            self.session.say(
                "warning",
                "Labels with corrections that were not accepted were removed from the layer list. "
                "They can be restored in Correct.",
            )
            self.unsaved_removed.emit()

    def close(self) -> None:
        """End the journals of this window's labels."""
        for layer in access.of_kind(self._viewer, "labels"):
            editable_of(layer).close()
        shelf_of(self._viewer).close()


def journal_up_to_now(editable: EditableLabels) -> JournalUpTo | None:
    """The journal of labels up to where they are, to be read beside the window; None where there is none."""
    editable.note()
    journal = editable.journal
    return None if journal is None or journal.has_ended else JournalUpTo(journal, journal.handed)


def in_words(editable: EditableLabels) -> str:
    """What labels in work hold, for a list of them."""
    steps, organs = editable.history.position, ", ".join(editable.scheme.names)
    return f"{organs} ({steps} step{'s' if steps != 1 else ''}{'' if editable.is_stored else ', not accepted'})"
