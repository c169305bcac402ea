"""Reviews of labels in work: which one is whose, how it begins, and how it follows what is drawn."""

from __future__ import annotations

from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data.geometry import DisplayGrid
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.arcs import rankings
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.reviewing import begun_review, place_marks, review_words
from napari_boundaryseg.ui.control.reviewing.beside import Beside
from napari_boundaryseg.ui.control.reviewing.going import Going
from napari_boundaryseg.ui.control.reviewing.review_summary import review_summary
from napari_boundaryseg.ui.control.reviewing.settled import Settled
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels

ASKED, SAID = "review", "review answers"
"""Of the remarks on labels: the queue, written once, and what a person said of it."""


class Reviews(QObject):
    """Each set of labels in work has a review of its own, which is kept with them."""

    changed = Signal()
    """Another place is in view, or something else is known of one."""
    begun = Signal()
    """The review of the labels in the window has just begun."""

    def __init__(self, session: Session, settled: Settled, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self._settled = session, settled
        self._reviews: WeakKeyDictionary[EditableLabels, Going] = WeakKeyDictionary()
        self._beginning, self._following = Beside(session, "review", self), Beside(session, "review follows", self)
        settled.settled.connect(self._on_settled)
        settled.stepped.connect(self._on_step)

    @property
    def going(self) -> Going | None:
        """The review of the labels in work, if one was begun and the labels are still those that it is about."""
        editable = self._settled.editable
        if editable is None or self.session.scan is None:
            return None
        going = self._reviews.get(editable)
        if going is None and editable.remarks.get(ASKED):
            going = begun_review.from_text(editable.remarks.get(ASKED), editable.remarks.get(SAID))
            if going is not None:
                self._reviews[editable] = going
                self._lock(editable, going)
        return going

    @property
    def is_stale(self) -> bool:
        """Whether a result or a file has come into the labels since the review began."""
        going, editable = self.going, self._settled.editable
        return going is not None and editable is not None and going.result != begun_review.last_result(editable.history)

    @property
    def is_on(self) -> bool:
        """Whether there are places to go through."""
        going = self.going
        return going is not None and bool(going.places) and not self.is_stale

    @property
    def is_beginning(self) -> bool:
        """Whether the border is being cut and ranked."""
        return self._beginning.is_busy

    def rankings(self) -> tuple[begun_review.Rankings, list[str]]:
        """Of the organs that are drawn: those with a ranking, and those without one."""
        editable = self._settled.editable
        if editable is None:
            return begun_review.Rankings(rankings.NO_MODEL, "", {}), []
        drawn = [organ.name for organ in editable.scheme.organs if editable.history.voxels().get(organ.id)]
        found = begun_review.rankings_of(begun_review.ranked_by(self._prediction(), editable.scheme), drawn)
        return found, [name for name in drawn if name not in found.proven]

    def not_proven(self) -> str:
        """What is said of a ranking that was measured for another model: of the review that is on, or could begin."""
        base = self.going.base if self.going is not None and self.is_on else self.rankings()[0].base
        return review_words.measured_for(base) if base else ""

    def could_rank(self) -> bool:
        """Whether nothing is at hand that a model says of this scan, though one could rank an organ that is drawn."""
        drawn = self.rankings()[1]
        return self._prediction() is None and any(one.proven and one.organ in drawn for one in rankings.rankings())

    def progress(self) -> str:
        """How many places were looked at, and what became of them."""
        return review_words.progress_in_words(self.going) if self.going is not None else ""

    def first_part(self) -> str:
        """Where the most doubtful part of the border ends."""
        going, editable = self.going, self._settled.editable
        return review_words.first_part_in_words(going, editable.scheme) if going and editable and self.is_on else ""

    def estimate(self) -> str:
        """What is left, where a person asked for it."""
        going = self.going
        return review_words.estimate_in_words(going) if going is not None and going.has_ended and self.is_on else ""

    def _display(self) -> DisplayGrid:
        scan = self.session.scan
        if scan is None:
            raise InputError("Review", "no scan is open", "Open one")
        return scan.geometry.display

    def _prediction(self) -> Prediction | None:
        kept = self.session.kept_results.of(self.session.scan)
        return self.session.prediction or (kept.prediction if kept is not None else None)

    @report_errors
    def begin(self) -> None:
        """Cut the border of the labels as they are, rank it beside the window's thread, and show the first place."""
        editable, scan = self._settled.editable, self.session.scan
        if editable is None or scan is None:
            raise InputError("Review", "there are no labels", "Segment the scan first")
        editable.history.commit("Change")
        labels, result = editable.history.array.copy(), begun_review.last_result(editable.history)
        scheme, ranked = editable.scheme, begun_review.ranked_by(self._prediction(), editable.scheme)

        def compute() -> tuple[Going, str]:
            own = np.ascontiguousarray(scan.geometry.display.from_display(labels))
            going = begun_review.begin(scan, own, scheme, ranked, result)
            return going, begun_review.to_text(going)

        self._beginning.ask(compute, partial(self._take, editable))
        self.changed.emit()

    def _take(self, editable: EditableLabels, begun: tuple[Going, str]) -> None:
        going, text = begun
        self._reviews[editable] = going
        self._lock(editable, going)
        editable.remarks.put(ASKED, text)
        self._keep(editable, going)
        if editable is self._settled.editable:
            self.begun.emit()
        self._on_settled()

    @report_errors
    def end(self) -> None:
        """Ask what is left."""
        editable, going = self._settled.editable, self.going
        if editable is not None and going is not None:
            going.has_ended = True
            self._keep(editable, going)
            self.changed.emit()

    def _keep(self, editable: EditableLabels, going: Going) -> None:
        editable.remarks.put(SAID, going.said())
        editable.note()

    def _on_step(self) -> None:
        editable, going = self._settled.editable, self.going
        if editable is not None and going is not None:
            self._lock(editable, going)
            self.changed.emit()

    def _lock(self, editable: EditableLabels, going: Going) -> None:
        going.locked = place_marks.accepted_slices(going, editable.history, self._display())

    def _on_settled(self) -> None:
        editable, going, scan = self._settled.editable, self.going, self.session.scan
        self.changed.emit()
        if editable is None or going is None or scan is None:
            self._following.forget()
            return
        labels = editable.history.array.copy()
        self._following.ask(
            lambda: going.look(scan.geometry.display.from_display(labels)), partial(self._on_looked, going)
        )

    def _on_looked(self, going: Going, changed: frozenset[str]) -> None:
        if going.changed != changed:
            going.changed = changed
            self.changed.emit()

    def for_certificate(self) -> dict[str, Any] | None:
        """What was reviewed, plain values; None where nothing was begun, or of other labels."""
        going, editable = self.going, self._settled.editable
        if going is None or editable is None or self.is_stale:
            return None
        return review_summary(going, editable.scheme)
