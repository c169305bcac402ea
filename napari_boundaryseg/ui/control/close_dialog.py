"""Dialogs before a window closes: a training that runs, and labels that were not accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtWidgets import QMessageBox

from napari_boundaryseg.editing.journal.recovery import KEPT_DAYS
from napari_boundaryseg.jobs.clock import left_in_words
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.compat.window import before_closed, close_window, main_window
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.labels import editable_of
from napari_boundaryseg.ui.layers.shelf import shelf_of

Accept = Callable[[], object]
"""Accepts the open scan's labels and closes the window once they are stored."""


def ask_before(viewer: Any, session: Session, accept: Accept) -> None:
    """Ask when a person closes the viewer's window."""
    before_closed(viewer, lambda: _may(viewer, session, accept))


def close_unless_asked(viewer: Any, session: Session) -> None:
    """Close the window, once it has been asked about what has come meanwhile, such as a training."""
    answer = _may(viewer, session, lambda: None)
    if answer is not False:
        close_window(viewer, asked=answer is True)


def _may(viewer: Any, session: Session, accept: Accept) -> bool | None:
    answer: bool | None = None
    for ask in (lambda: may_stop(viewer, session), lambda: may_close(viewer, accept)):
        said = ask()
        if said is False:
            return False
        answer = answer or said
    return answer


def may_stop(viewer: Any, session: Session) -> bool | None:
    """Whether a training may stop with the window, as the person says; None where there is none."""
    job = session.training
    if job is None:
        return None
    box = QMessageBox(main_window(viewer))
    box.setObjectName("closing.training_question")
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("A model is being trained")
    left = job.clock.left_s()
    text = ", ".join(filter(None, (job.text or "it has just begun", left_in_words(left) if left is not None else "")))
    box.setText(f"{job.about} is being trained: {text}.")
    more = len(session.jobs.in_lane("training")) - 1
    box.setInformativeText(
        "Stop: what it has learnt is kept, and Train offers to resume it in the next window."
        + (f" So is what waits behind it ({more})." if more else "")
    )
    stop = box.addButton("Stop, keep and close", QMessageBox.ButtonRole.AcceptRole)
    wait = box.addButton("Wait for it", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(wait)
    box.setEscapeButton(wait)
    box.exec()
    return box.clickedButton() is stop


def may_close(viewer: Any, accept: Accept | None = None) -> bool | None:
    """Whether the window may go, as the person says of what is not accepted; None where nothing would be lost.

    Where only the open scan's labels are not accepted, they can be: then the window stays until they are stored.
    """
    shown = [editable_of(layer) for layer in access.of_kind(viewer, "labels")]
    unsaved = [editable for editable in [*shown, *shelf_of(viewer).all()] if not editable.is_stored]
    if not unsaved:
        return None
    names = sorted({f"{editable.scan_name} ({', '.join(editable.scheme.names)})" for editable in unsaved})
    box = QMessageBox(main_window(viewer))
    box.setObjectName("closing.question")
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Labels that were not accepted")
    box.setText("These labels were changed and not accepted:\n" + "\n".join(names))
    box.setInformativeText(
        "Keep: they are taken up when the scan is opened again. "
        f"Discard: for {KEPT_DAYS:.0f} days they can be restored in Correct."
    )
    if any(editable.journal is None for editable in unsaved):
        box.setText(f"{box.text()}\nSome are not on the disk and would be lost: accept or export them first.")
    keep = box.addButton("Keep and close", QMessageBox.ButtonRole.AcceptRole)
    discard = box.addButton("Discard and close", QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
    alone = accept is not None and unsaved == shown and len(shown) == 1
    store = box.addButton("Accept and close", QMessageBox.ButtonRole.AcceptRole) if alone else None
    box.setDefaultButton(keep)
    box.setEscapeButton(stay)
    box.exec()
    if box.clickedButton() is discard:
        for editable in unsaved:
            editable.discard()
    if accept is not None and store is not None and box.clickedButton() is store:
        accept()
    return box.clickedButton() in (keep, discard)
