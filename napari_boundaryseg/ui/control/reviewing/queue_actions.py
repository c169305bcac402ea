"""Actions of the review: begin, go from place to place, say what is right and what is not; and what is left."""

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
from napari_boundaryseg.ui.control.reviewing.look import Look
from napari_boundaryseg.ui.control.reviewing.review_summary import review_summary
from napari_boundaryseg.ui.control.reviewing.settled import Settled
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.views.outline_views import OutlineViews
from napari_boundaryseg.ui.views.shown_slice import ShownSlice

ASKED, SAID = "review", "review answers"
"""Of the remarks on labels: the queue, written once, and what a person said of it."""


class QueueActions(QObject):
    """Each set of labels in work has a review of its own, which is kept with them."""

    changed = Signal()
    """Another place is in view, or something else is known of one."""

    def __init__(
        self, session: Session, settled: Settled, look: Look, outlines: OutlineViews, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session, self._settled, self._look, self._outlines = session, settled, look, outlines
        self._reviews: WeakKeyDictionary[EditableLabels, Going] = WeakKeyDictionary()
        self._beginning, self._following = Beside(session, "review", self), Beside(session, "review follows", self)
        self._shown: Going | None = None
        settled.settled.connect(self._on_settled)
        settled.stepped.connect(self._on_step)

    # What panels want to know.
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

    def rankings(self) -> tuple[dict[str, str], list[str]]:
        """Of the organs that are drawn: those with a proven ranking, each with whose it is; and those without one."""
        editable = self._settled.editable
        if editable is None:
            return {}, []
        drawn = [organ.name for organ in editable.scheme.organs if editable.history.voxels().get(organ.id)]
        model, found = begun_review.rankings_of(begun_review.ranked_by(self._prediction(), editable.scheme), drawn)
        return {name: model for name in drawn if name in found}, [name for name in drawn if name not in found]

    def could_rank(self) -> bool:
        """Whether nothing is at hand that a model says of this scan, though one could rank an organ that is drawn."""
        drawn = self.rankings()[1]
        return self._prediction() is None and any(one.proven and one.organ in drawn for one in rankings.rankings())

    def words(self) -> str:
        """The place in view, for a person."""
        going, editable = self.going, self._settled.editable
        if going is None or editable is None or going.at is None or going.current is None or self.is_stale:
            return ""
        told = review_words.place_in_words(going.current, editable.scheme, self._display())
        state = going.state(going.current)
        said = "" if state == "to come" else f" — {'right' if state == 'accepted' else state}"
        return f"{going.at + 1} of {len(going.places)}: {told}{said}"

    def progress(self) -> str:
        """How many places were looked at, and what became of them."""
        return review_words.progress_in_words(self.going) if self.going is not None else ""

    def flagged(self) -> list[tuple[int, str]]:
        """The places to return to, each with its words."""
        going, editable = self.going, self._settled.editable
        if going is None or editable is None or self.is_stale:
            return []
        named = partial(review_words.place_in_words, scheme=editable.scheme, display=self._display())
        return [(n, named(place)) for n, place in enumerate(going.places) if going.state(place) == "flagged"]

    def slice_marks(self, axis: int, count: int) -> list[tuple[int, int]]:
        """Of each slice across an axis of the display grid, how many of the next places, and of those looked at."""
        going = self.going
        if going is None or not self.is_on:
            return []
        return place_marks.on_slices(going, self._display(), axis, count)

    def _display(self) -> DisplayGrid:
        scan = self.session.scan
        if scan is None:
            raise InputError("Review", "no scan is open", "Open one")
        return scan.geometry.display

    def _prediction(self) -> Prediction | None:
        kept = self.session.kept_results.of(self.session.scan)
        return self.session.prediction or (kept.prediction if kept is not None else None)

    # What panels and keys ask for.
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
        if editable is self._settled.editable and going.places:
            self.go_to(0)
        self._on_settled()

    def next(self) -> None:
        """Go to the next place to come."""
        self._step(1)

    def previous(self) -> None:
        """Go to the place before."""
        self._step(-1)

    def accept(self) -> None:
        """Call the place in view right, and go on."""
        self._answer("accept")

    def flag(self) -> None:
        """Keep the place in view to return to it, and go on."""
        self._answer("flag")

    @report_errors
    def go_to(self, n: int) -> None:
        """Show a place: its slice in its plane, in the middle of the view, marked."""
        editable, going = self._settled.editable, self.going
        if editable is None or going is None or not 0 <= n < len(going.places):
            return
        going.go_to(n)
        self._keep(editable, going)
        self._show()

    @report_errors
    def show(self) -> None:
        """Show the place in view again."""
        self._show()

    @report_errors
    def end(self) -> None:
        """Ask what is left."""
        editable, going = self._settled.editable, self.going
        if editable is not None and going is not None:
            going.has_ended = True
            self._keep(editable, going)
            self.changed.emit()

    def estimate(self) -> str:
        """What is left, where a person asked for it."""
        going = self.going
        return review_words.estimate_in_words(going) if going is not None and going.has_ended and self.is_on else ""

    @report_errors
    def _step(self, by: int) -> None:
        going = self.going
        n = going.following(by) if going is not None and self.is_on else None
        if n is not None:
            self.go_to(n)
        elif going is not None:
            self.session.say("info", "Every place was looked at." if by > 0 else "This is the first place.")

    @report_errors
    def _answer(self, verdict: Any) -> None:
        editable, going = self._settled.editable, self.going
        if editable is None or going is None or not self.is_on:
            return
        if going.current is None:
            self._step(1)
            return
        going.answer(verdict)
        self._keep(editable, going)
        self._step(1)
        self.changed.emit()

    def _keep(self, editable: EditableLabels, going: Going) -> None:
        editable.remarks.put(SAID, going.said())
        editable.note()

    def _show(self) -> None:
        going = self.going
        if going is not None and going.current is not None and self.is_on:
            place, display = going.current, self._display()
            self._look.at(
                display.points_to_display(np.array(place.centre)).tolist(), display.axis_to_display(place.axis)
            )
        self._mark()
        self.changed.emit()

    def _mark(self) -> None:
        going = self.going
        wanted = self._lines if going is not None and going.current is not None and self.is_on else None
        if wanted is not None or self._outlines.wanted.marked is not None:
            self._outlines.want(marked=wanted)

    def _lines(self, at: ShownSlice) -> list[tuple[int, np.ndarray]]:
        """The pieces of border of the place in view that lie in a slice, as rows and columns of it."""
        going = self.going
        place = going.current if going is not None else None
        return place_marks.lines_of(place, self._display(), at) if place is not None else []

    # What the labels say.
    def _on_step(self) -> None:
        editable, going = self._settled.editable, self.going
        if editable is not None and going is not None:
            self._lock(editable, going)
            self.changed.emit()

    def _lock(self, editable: EditableLabels, going: Going) -> None:
        going.locked = place_marks.accepted_slices(going, editable.history, self._display())

    def _on_settled(self) -> None:
        editable, going, scan = self._settled.editable, self.going, self.session.scan
        self._mark()
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
