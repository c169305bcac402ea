"""What every panel has, and the register of all of them: docks, workbench and manifest ask it."""

from __future__ import annotations

from typing import ClassVar

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_boundaryseg.registry import Registry
from napari_boundaryseg.ui.control.viewer_controller import ViewerController


class Panel(QWidget):
    """One section's content, with a short state for its header; a module of this folder registers it.

    Parameters
    ----------
    controller : ViewerController
        A panel keeps the parts that it asks, and reads the session; it touches neither viewer nor layers.
    parent : QWidget, optional
    """

    title: ClassVar[str]
    """Of the section, of the dock, and in the plugin menu."""
    position: ClassVar[int]
    """The section with the lowest number is on top."""

    state_changed = Signal(str, str)

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = controller.session
        self.state = ("", "")
        self.pinned: QWidget | None = None
        """What stands under the panel and never scrolls out of sight: its questions."""

    def set_state(self, mark: str, text: str) -> None:
        """Tell the header: a mark ("done", "warning" or none) and a few words."""
        self.state = (mark, text)
        self.state_changed.emit(mark, text)


PANELS: Registry[type[Panel]] = Registry("panel", __name__.rpartition(".")[0])
"""Panels by the name that their controls and their command in napari.yaml begin with."""


def in_order() -> dict[str, type[Panel]]:
    """Every panel by its name, the top one first.

    Raises
    ------
    ValueError
        For a name that napari's manifest cannot hold.
    """
    for name in PANELS:
        if not name.isidentifier():
            raise ValueError(f"The panel {name!r} needs a name of letters, digits and underscores.")
    return dict(sorted(((name, PANELS[name]) for name in PANELS), key=lambda entry: entry[1].position))
