"""Whether a person's hand was in labels: ever, or since a state of them."""

from __future__ import annotations

from napari_boundaryseg.editing.history.edit import MODEL, Edit
from napari_boundaryseg.editing.history.history import History


def nothing_by_hand_since(history: History, position: int, step: Edit | None) -> bool:
    """Whether the labels are what they were at a position, or differ from it by what no person has drawn.

    Parameters
    ----------
    history : History
    position : int
        Of the state.
    step : Edit, optional
        That led to it: another one at this position means that the state was undone and is gone.
    """
    if position < history.first:
        return False
    at = history.steps[position - history.first - 1] if position > history.first else step
    if at is not step or history.position < position:
        return False
    since = history.steps[position - history.first : history.position - history.first]
    return not any(done.by_hand for done in since)


def result_since(history: History, position: int) -> bool:
    """Whether a model's result was put into the labels after a position."""
    since = history.steps[max(position - history.first, 0) : history.position - history.first]
    return any(done.kind == MODEL for done in since)


def drawn_on(history: History) -> bool | None:
    """Whether a person has drawn on what a model found; None where no model's result is in the labels as they are."""
    if anything_by_hand(history):
        return True
    return False if result_since(history, history.first) else None


def anything_by_hand(history: History) -> bool:
    """Whether a person has drawn on the labels as they are; steps too old to be kept are taken to be by hand."""
    return history.first > 0 or any(done.by_hand for done in history.steps[: history.position - history.first])
