"""Heading of a part of a panel, with what begins it beside it."""

from __future__ import annotations

from qtpy.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSizePolicy, QWidget

from napari_boundaryseg.ui.widgets.controls import named


class Headed(QWidget):
    """A bold title, and one button at the right of it, as wide as its text.

    Parameters
    ----------
    name, title : str
    act : QAbstractButton
    """

    def __init__(self, name: str, title: str, act: QAbstractButton, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = named(QLabel(title), name)
        self.title.setProperty("heading", True)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # it never widens the dock
        act.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.title, 1)
        row.addWidget(act)
