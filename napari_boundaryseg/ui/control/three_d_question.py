"""Question before a 3-D view that would stop the window for long: a large scan without a graphics card for it."""

from __future__ import annotations

import math
from typing import Any

from qtpy.QtWidgets import QMessageBox

from napari_boundaryseg.ui.compat.three_d import before_three_d, draws_by_software, longest_texture
from napari_boundaryseg.ui.compat.window import is_open, main_window

MOST_BY_SOFTWARE = 1_000_000
"""Voxels that a processor draws in 3-D about as fast as a person looks: 30 million take it half a minute."""


def ask_before(viewer: Any) -> None:
    """Ask when a viewer turns to three dimensions with what is slow there; who agreed is not asked again."""
    agreed: list[bool] = []

    def may() -> bool:
        reason = "" if agreed or not is_open(viewer) else why_slow(viewer)
        if reason and not _agrees(viewer, reason):
            return False
        if reason:
            agreed.append(True)
        return True

    before_three_d(viewer, may)


def why_slow(viewer: Any) -> str:
    """Why the layers of a viewer would be slow in 3-D, or wrong; nothing where they would not."""
    shapes = [layer.data.shape[-3:] for layer in viewer.layers if getattr(layer.data, "ndim", 0) >= 3]
    if not shapes:
        return ""
    if max(map(math.prod, shapes)) > MOST_BY_SOFTWARE and draws_by_software(viewer):
        return (
            "This computer draws without a graphics card. In 3-D the window may stand still for half a minute or "
            "more, again at each turn of the view."
        )
    if max(map(max, shapes)) > longest_texture() > 0:
        return (
            f"The scan is longer than the {longest_texture()} voxels that this graphics card draws in 3-D: it would be "
            "shown coarser than it is."
        )
    return ""


def _agrees(viewer: Any, reason: str) -> bool:
    box = QMessageBox(main_window(viewer))
    box.setObjectName("three_d.question")
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("3-D view")
    box.setText(reason)
    box.setInformativeText("Nothing that you drew would be lost.")
    show = box.addButton("Show in 3-D", QMessageBox.ButtonRole.AcceptRole)
    stay = box.addButton("Stay flat", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    box.exec()
    return box.clickedButton() is show
