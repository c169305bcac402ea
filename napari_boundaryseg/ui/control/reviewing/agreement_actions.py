"""Actions of agreement: the labels in work against others of the same scan, and what is off on a border."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from qtpy.QtCore import QObject

from napari_boundaryseg.data.geometry import slice_axis
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.jobs.error_text import sentence
from napari_boundaryseg.review.border_errors import BorderErrors, border_errors
from napari_boundaryseg.review.comparing import Comparison, compare, compare_again, unchanged
from napari_boundaryseg.review.worst_places import WorstPlace
from napari_boundaryseg.ui.compat.window import is_open
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.reviewing.beside_labels import BesideLabels
from napari_boundaryseg.ui.control.reviewing.references import Reference
from napari_boundaryseg.ui.layers.access import KIND
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels, State
from napari_boundaryseg.ui.layers.reviewing.error_layer import ERRORS, hide_errors, show_errors

How = Callable[[LabelMap], tuple[Comparison, frozenset[str]]]
"""What compares labels, and says which organs' borders are as they were."""


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
    """The organ of which they are known; none while those of before a change are shown."""
    same: frozenset[str] = frozenset()
    """Organs whose border is that of the comparison before."""


class AgreementActions(BesideLabels):
    """Compares beside the window's thread: when it is asked for, and again by itself when the labels have settled.

    First it is found whether the labels are as they were compared, then the errors of the chosen organ's border. What
    was known before is shown until then.
    """

    def __init__(self, *parts: Any, parent: QObject | None = None) -> None:
        super().__init__("agreement", *parts, parent=parent)
        self._shows = False
        self._in_sight: BorderErrors | None = None

    def known(self) -> Compared | None:
        """What is known of the labels in work; None where they were compared with nothing."""
        found: Compared | None = super().known()
        return found

    @property
    def shows_map(self) -> bool:
        """Whether the error map is to be seen."""
        return self._shows

    # What the panel asks for.
    @report_errors
    def compare(self, reference: Reference) -> None:
        """Compare the labels in work, as they are now, and from now on whenever they have changed."""
        editable = self._settled.editable
        if editable is None or self.session.scan is None:
            return
        read = self._references.reader(reference, editable.scheme)
        self._asked = editable
        self._begin(editable, reference, lambda judged: (compare(judged, read()), frozenset()))

    @report_errors
    def choose(self, organ: str) -> None:
        """Look at the border of an organ."""
        known = self.known()
        if known is not None and known.organ != organ:
            known.organ, known.errors, known.errors_of = organ, None, ""
            self._show()
            self._follow()

    @report_errors
    def show_map(self, on: bool) -> None:
        """Show or hide how far the border of the chosen organ is off."""
        self._shows = on
        self._show()

    @report_errors
    def go_to(self, place: WorstPlace) -> None:
        """Show a place of the border."""
        self._look_at(place.voxel)

    def for_certificate(self) -> dict[str, Any] | None:
        """Against what the very labels in work were compared, and the metrics; None where they were not."""
        known = self.known()
        if known is None or known.comparison is None or not self.is_fresh:
            return None
        return known.plain

    # One thing after the other.
    def _follow(self) -> None:
        """Begin what is not known of the labels as they are, unless something is being computed."""
        known, editable = self.known(), self._settled.editable
        if known is None or editable is None or known.comparison is None or self._beside.is_busy:
            return
        if self.is_fresh:
            if known.errors_of != known.organ:
                self._find_errors(known, known.comparison)
        elif self._may_begin():
            self._begin(editable, known.reference, partial(_again, known.comparison))

    def _begin(self, editable: EditableLabels, reference: Reference, how: How) -> None:
        scan = self.session.scan
        if scan is None:
            return
        judged, state = self._now(editable, scan)

        def compute() -> Compared:
            try:
                found, same = how(judged())
            except Exception as error:
                return Compared(state, reference, failed=sentence(error))
            return Compared(state, reference, found, {"against": reference.kind, **found.plain()}, same=same)

        self._beside.ask(compute, partial(self._take, editable))
        self.changed.emit()

    def _take(self, editable: EditableLabels, found: Compared) -> None:
        before, self._asked = self._known.get(editable), None
        self._known[editable] = found
        if found.comparison is not None:
            organ = before.organ if before is not None else ""
            found.organ = organ if organ in found.comparison.whole else next(iter(found.comparison.organs), "")
        if before is not None and before.reference.key == found.reference.key and before.organ == found.organ:
            found.errors = before.errors  # those of before, until the new ones are there
            found.errors_of = before.errors_of if found.organ in found.same else ""
        self._show()
        self._follow()

    def _find_errors(self, known: Compared, comparison: Comparison) -> None:
        """Of the chosen organ."""
        scan = self.session.scan
        if scan is None:
            return
        organ, display, members = known.organ, scan.geometry.display, comparison.members(known.organ)

        def compute() -> BorderErrors | None:
            if not members:
                return None
            maps = (comparison.judged, comparison.reference)
            one, two = (np.isin(display.to_display(labels.array), members) for labels in maps)
            across = display.axis_to_display(slice_axis(scan.affine))
            return border_errors(one, two, display.scale_mm, comparison.tolerance_mm(organ), across)

        def take(errors: BorderErrors | None) -> None:
            if known.organ == organ:
                known.errors, known.errors_of = errors, organ
                self._show()
            self._follow()

        self._beside.ask(compute, take)
        self.changed.emit()

    def _show(self) -> None:
        """Have the map in the window that is wanted, or none; within a stroke layers stay as they are."""
        known, scan = self.known(), self.session.scan
        wanted = known.errors if self._shows and known is not None and scan is not None else None
        if wanted is not self._in_sight and is_open(self._viewer):
            if wanted is None or known is None or scan is None:
                self._in_sight = None
                hide_errors(self._viewer)
            elif self._settled.is_drawing:
                self._settled.tell_again()
            else:
                self._in_sight = wanted
                show_errors(self._viewer, scan, known.organ, wanted)
        self._tell()

    def _on_scan(self, *_: object) -> None:
        self._shows = False
        self._show()

    def _on_removed(self, event: Any) -> None:
        """A person may take the layer out of the list."""
        if event.value.metadata.get(KIND) == ERRORS:
            self._shows, self._in_sight = False, None
            self.changed.emit()


def _again(before: Comparison, judged: LabelMap) -> tuple[Comparison, frozenset[str]]:
    """Labels that have changed against the reference of before, and what has the same border."""
    return compare_again(before, judged), unchanged(before, judged)
