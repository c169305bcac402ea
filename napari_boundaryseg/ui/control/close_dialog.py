"""Dialog before a window with unsaved labels closes: keep, discard, or cancel."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QMessageBox

from napari_boundaryseg.editing.journal.recovery import KEPT_DAYS
from napari_boundaryseg.ui.compat.window import before_closed, main_window
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.labels import editable_of


def ask_before(viewer: Any) -> None:
    """Ask when a person closes the viewer's window."""
    before_closed(viewer, lambda: may_close(viewer))


def may_close(viewer: Any) -> bool:
    """Whether the window may go: nothing would be lost, or the person said what becomes of it."""
    unsaved = [layer for layer in access.of_kind(viewer, "labels", "kept labels") if not editable_of(layer).is_stored]
    if not unsaved:
        return True
    names = sorted({f"{layer.metadata[access.KEY].name} ({layer.name})" for layer in unsaved})
    box = QMessageBox(main_window(viewer))
    box.setObjectName("closing.question")
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Labels that were not accepted")
    box.setText("These labels were changed and not accepted:\n" + "\n".join(names))
    box.setInformativeText(
        "Keep: they are offered when the scan is opened again. "
        f"Discard: for {KEPT_DAYS:.0f} days they can be restored in Correct."
    )
    keep = box.addButton("Keep and close", QMessageBox.ButtonRole.AcceptRole)
    discard = box.addButton("Discard and close", QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(stay)
    box.exec()
    if box.clickedButton() is discard:
        for layer in unsaved:
            editable_of(layer).discard()
    return box.clickedButton() in (keep, discard)
