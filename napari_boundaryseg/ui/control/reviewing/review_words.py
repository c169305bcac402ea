"""Words of a review for a person: the place in view, what was done so far, what is estimated of the rest."""

from __future__ import annotations

from collections import Counter

import numpy as np

from napari_boundaryseg.data.geometry import DisplayGrid
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.review.arcs.audit import FEWEST_DRAWN
from napari_boundaryseg.review.arcs.empty_slices import EmptySlice
from napari_boundaryseg.review.arcs.item import Item
from napari_boundaryseg.review.arcs.rankings import first_places
from napari_boundaryseg.ui.control.reviewing.going import Going, Place, State
from napari_boundaryseg.ui.layers.step_names import PLANES

TOO_FEW = (
    f"Too few random places were among those that you saw: from {FEWEST_DRAWN} on an estimate means something. "
    "Go on, and ask again."
)


def measured_for(base: str) -> str:
    """What is said of a ranking that was measured for the model from which this one was made."""
    return f"ranked as its base {base}; not proven for this version"


def shown_slice_number(display: DisplayGrid, axis: int, n: int) -> int:
    """The number from 0, on the display grid, of a slice across an axis of the scan's own array."""
    point = np.zeros(3)
    point[axis] = n
    return round(float(display.points_to_display(point)[display.axis_to_display(axis)]))


def slices_of(place: Place, display: DisplayGrid) -> str:
    """On which slices a place is: "slice 12", "coronal slices 12 to 13"."""
    low, high = sorted(shown_slice_number(display, place.axis, n) + 1 for n in place.slices)
    word = PLANES[display.axis_to_display(place.axis)]
    return f"{word} {low}" if low == high else f"{word}s {low} to {high}"


def place_in_words(place: Place, scheme: LabelScheme, display: DisplayGrid) -> str:
    """Organ, slices, and how long the piece of border is, or that there is none."""
    organ, where = scheme.organ(place.organ).name, slices_of(place, display)
    if isinstance(place.what, Item):
        return f"{organ}, {where}, {place.what.length_mm:.0f} mm of border"
    return f"{organ}, {where}: nothing of it is drawn here, {_beside(place.what)}"


def _beside(one: EmptySlice) -> str:
    return "between two slices that have it" if one.where == "between" else "beside a slice that has it"


def progress_in_words(going: Going) -> str:
    """How many places were looked at, and what became of them."""
    states = Counter(going.states())
    done = len(going.places) - states["to come"]
    told = [f"{states[state]} {word}" for state, word in _TOLD.items() if states[state]]
    return f"{done} of {len(going.places)} looked at{': ' if told else ''}{', '.join(told)}."


def first_part_in_words(going: Going, scheme: LabelScheme) -> str:
    """Where the most doubtful fifth of the border ends, and what was measured of it, if it was of just these organs."""
    first, places = going.first_part, len(going.places)
    if not 0 < first < places:
        return ""
    told = f"The most doubtful fifth of the border ends at place {first} of {places}."
    organs = [scheme.organ(organ).name for organ in going.tolerances_mm]
    known = None if going.base else first_places(going.model, organs)
    if known is not None:
        held, low, high = (round(100 * share) for share in (known.held, known.low, known.high))
        of = known.cases.split(" that ")[0].split(" with ")[0]
        told += f" It held {held} % of the error ({low} % to {high} %; n = {known.patients}, {of})."
    return told


_TOLD: dict[State, str] = {"accepted": "right", "corrected": "corrected", "flagged": "flagged"}


def estimate_in_words(going: Going) -> str:
    """What the random places say of the border that was not reviewed, for which they stand.

    Flagged places count as off. How many of the places seen were random is not said before they are enough.
    """
    audit, places = going.audit, [place for place in going.places if isinstance(place.what, Item)]
    if all(going.state(place) != "to come" for place in places):
        return "All of the border of these organs was reviewed."
    n = audit.drawn - audit.skipped
    if n < FEWEST_DRAWN:
        return TOO_FEW
    mm = sorted({f"{mm:g}" for mm in going.tolerances_mm.values()})
    limit = f"{mm[0]} mm" if len(mm) == 1 else "its tolerance"
    low, high = (round(100 * end) for end in (audit.low, audit.high))
    return (
        f"Of what was not reviewed, {low} % to {high} % of the border is still off by more than {limit} "
        f"(95 % confidence, from {n} random places)."
    )
