"""Actions of the review: go from place to place, say what is right and what is not; the place in view is marked."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from qtpy.QtCore import QObject

from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.reviewing import place_marks, review_words
from napari_boundaryseg.ui.control.reviewing.going import Place
from napari_boundaryseg.ui.control.reviewing.look import Look
from napari_boundaryseg.ui.control.reviewing.reviews import Reviews
from napari_boundaryseg.ui.control.reviewing.settled import Settled
from napari_boundaryseg.ui.views.outline_views import OutlineViews
from napari_boundaryseg.ui.views.shown_slice import ShownSlice

NOT_IN_VIEW = "This is the place that you are asked about: look, and answer again."


class QueueActions(Reviews):
    """Walks through the review of the labels in work."""

    def __init__(
        self, session: Session, settled: Settled, look: Look, outlines: OutlineViews, parent: QObject | None = None
    ) -> None:
        super().__init__(session, settled, parent)
        self._look, self._outlines, self._told = look, outlines, False
        self.begun.connect(lambda: self.go_to(0))
        settled.settled.connect(self._mark)

    def words(self) -> str:
        """The place in view, for a person."""
        going, editable = self.going, self._settled.editable
        if going is None or editable is None or going.at is None or going.current is None or self.is_stale:
            return ""
        told = review_words.place_in_words(going.current, editable.scheme, self._display())
        state = going.state(going.current)
        said = "" if state == "to come" else f" — {'right' if state == 'accepted' else state}"
        return f"{going.at + 1} of {len(going.places)}: {told}{said}"

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
        if not self._is_in_view(going.current):
            self._show()
            self._told = True
            self.session.say("info", NOT_IN_VIEW)
            return
        if self._told:
            self._told = False
            self.session.say("info", "")  # to look first
        going.answer(verdict)
        self._keep(editable, going)
        self._step(1)
        self.changed.emit()

    def _is_in_view(self, place: Place) -> bool:
        display = self._display()
        low, high = sorted(review_words.shown_slice_number(display, place.axis, n) for n in place.slices)
        return self._look.shows(display.axis_to_display(place.axis), range(low, high + 1))

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
