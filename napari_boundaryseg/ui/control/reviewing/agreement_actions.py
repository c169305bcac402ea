"""Actions of agreement: the labels in work against others of the same scan, and what is off on a border."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data.geometry import slice_axis
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.jobs.error_text import sentence
from napari_boundaryseg.review.border_errors import BorderErrors, border_errors
from napari_boundaryseg.review.comparing import Comparison, compare
from napari_boundaryseg.review.worst_places import WorstPlace
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.compat.window import is_open
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.reviewing.beside import Beside
from napari_boundaryseg.ui.control.reviewing.look import Look
from napari_boundaryseg.ui.control.reviewing.references import Reference, References
from napari_boundaryseg.ui.control.reviewing.settled import Settled
from napari_boundaryseg.ui.layers.access import KIND
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels, State
from napari_boundaryseg.ui.layers.reviewing.error_layer import ERRORS, hide_errors, show_errors


@dataclass
class Compared:
    """What labels in work were compared with, in which state; and what came of it."""

    state: State
    reference: Reference
    comparison: Comparison | None = None
    plain: dict[str, Any] = field(default_factory=dict)
    """The same for a certificate."""
    failed: str = ""
    """Why they could not be compared."""
    organ: str = ""
    """The chosen one."""
    errors: BorderErrors | None = None
    """Of the chosen organ's border; None while they are not known, and where it has none."""
    errors_of: str = ""
    """The organ of which they are known."""


class AgreementActions(QObject):
    """Compares beside the window's thread when it is asked for; shows the errors of one organ's border at a time."""

    changed = Signal()
    """Something else is known, chosen or shown."""

    def __init__(
        self,
        viewer: Any,
        session: Session,
        settled: Settled,
        look: Look,
        references: References,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self.session = viewer, session
        self._settled, self._look, self._references = settled, look, references
        self._comparing, self._mapping = Beside(session, "agreement", self), Beside(session, "border errors", self)
        self._known: WeakKeyDictionary[EditableLabels, Compared] = WeakKeyDictionary()
        self._shows = False
        self._in_sight: BorderErrors | None = None
        viewer.layers.events.removed.connect(self._on_removed)
        settled.settled.connect(self._on_settled)
        session.scan_changed.connect(self._on_scan)

    # What the panel wants to know.
    def known(self) -> Compared | None:
        """What is known of the labels in work; None where they were compared with nothing."""
        editable = self._settled.editable
        return self._known.get(editable) if editable is not None else None

    def others(self) -> list[Reference]:
        """What the labels in work can be compared with."""
        return self._references.all() if self._settled.editable is not None else []

    @property
    def is_fresh(self) -> bool:
        """Whether what is known is of the labels as they are."""
        editable, known = self._settled.editable, self.known()
        return editable is not None and known is not None and known.state == editable.state

    @property
    def is_busy(self) -> bool:
        """Whether labels are being compared, or errors of a border found."""
        return self._comparing.is_busy or self._mapping.is_busy

    @property
    def is_comparing(self) -> bool:
        """Whether labels are being compared."""
        return self._comparing.is_busy

    @property
    def shows_map(self) -> bool:
        """Whether the error map is to be seen."""
        return self._shows

    # What the panel asks for.
    @report_errors
    def compare(self, reference: Reference) -> None:
        """Compare the labels in work, as they are now."""
        editable, scan = self._settled.editable, self.session.scan
        if editable is None or scan is None:
            return
        editable.history.commit("Change")
        array, scheme, state = editable.history.array.copy(), editable.scheme, editable.state
        read = self._references.reader(reference, scheme)
        before = self._known.get(editable)
        organ = before.organ if before is not None else ""

        def compute() -> Compared:
            own = np.ascontiguousarray(scan.geometry.display.from_display(array))
            try:
                found = compare(LabelMap(own, scan.geometry, scheme, scan.name), read())
            except Exception as error:
                return Compared(state, reference, failed=sentence(error))
            kept = organ if organ in found.whole else next(iter(found.organs), "")
            return Compared(state, reference, found, {"against": reference.kind, **found.plain()}, organ=kept)

        self._comparing.ask(compute, partial(self._take, editable))
        self.changed.emit()

    @report_errors
    def choose(self, organ: str) -> None:
        """Look at the border of an organ."""
        known = self.known()
        if known is not None and known.organ != organ:
            known.organ = organ
            self._find_errors(known)

    @report_errors
    def show_map(self, on: bool) -> None:
        """Show or hide how far the border of the chosen organ is off."""
        self._shows = on
        self._show()

    @report_errors
    def go_to(self, place: WorstPlace) -> None:
        """Show a place of the border."""
        scan = self.session.scan
        if scan is not None:
            self._look.at(place.voxel, scan.geometry.display.axis_to_display(slice_axis(scan.affine)))

    def for_certificate(self) -> dict[str, Any] | None:
        """Against what the very labels in work were compared, and the metrics; None where they were not."""
        known = self.known()
        if known is None or known.comparison is None or not self.is_fresh:
            return None
        return known.plain

    def _take(self, editable: EditableLabels, found: Compared) -> None:
        self._known[editable] = found
        if editable is self._settled.editable:
            self._find_errors(found)

    def _find_errors(self, known: Compared) -> None:
        """Of the chosen organ; the map of another one goes meanwhile."""
        comparison, scan = known.comparison, self.session.scan
        known.errors, known.errors_of = None, ""
        self._show()
        if comparison is None or scan is None:
            return
        if not comparison.members(known.organ):
            known.errors_of = known.organ
            self.changed.emit()
            return
        organ, display = known.organ, scan.geometry.display

        def compute() -> BorderErrors | None:
            maps, members = (comparison.judged, comparison.reference), comparison.members(organ)
            one, two = (np.isin(display.to_display(labels.array), members) for labels in maps)
            across = display.axis_to_display(slice_axis(scan.affine))
            return border_errors(one, two, display.scale_mm, comparison.tolerance_mm(organ), across)

        def take(errors: BorderErrors | None) -> None:
            known.errors, known.errors_of = errors, organ
            self._show()

        self._mapping.ask(compute, take)
        self.changed.emit()

    def _show(self) -> None:
        """Have the map in the window that is wanted, or none."""
        known, scan = self.known(), self.session.scan
        wanted = known.errors if self._shows and known is not None and scan is not None else None
        if wanted is not self._in_sight and is_open(self._viewer):
            self._in_sight = wanted
            if wanted is None or known is None or scan is None:
                hide_errors(self._viewer)
            else:
                show_errors(self._viewer, scan, known.organ, wanted)
        self.changed.emit()

    def _on_settled(self) -> None:
        """Labels that came into the window have errors of their own."""
        known = self.known()
        if known is not None and known.errors_of != known.organ and not self._mapping.is_busy:
            self._find_errors(known)
        else:
            self._show()

    def _on_scan(self, *_: object) -> None:
        self._mapping.forget()
        self._shows = False
        self._show()

    def _on_removed(self, event: Any) -> None:
        """A person may take the layer out of the list."""
        if event.value.metadata.get(KIND) == ERRORS:
            self._shows, self._in_sight = False, None
            self.changed.emit()
