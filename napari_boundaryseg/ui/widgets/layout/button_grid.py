"""Buttons in two columns, or in one where two are too narrow for their text."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QEvent, QSize
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QGridLayout, QWidget


class ButtonGrid(QWidget):
    """Row by row; all of them are as wide as their columns.

    Parameters
    ----------
    buttons : sequence of QWidget
    """

    def __init__(self, buttons: Sequence[QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons = list(buttons)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self.columns = 0
        """How many there are now."""
        self._arrange(2)

    def _arrange(self, columns: int) -> None:
        if columns == self.columns:
            return
        self.columns = columns
        for made in self._buttons:
            self._grid.removeWidget(made)
        for n, made in enumerate(self._buttons):
            self._grid.addWidget(made, n // columns, n % columns)
        self._grid.setColumnStretch(1, 1 if columns == 2 else 0)
        self._grid.setColumnStretch(0, 1)
        self.updateGeometry()

    def _widest(self, first: int = 0, step: int = 1) -> int:
        return max((made.minimumSizeHint().width() for made in self._buttons[first::step]), default=0)

    def _fit(self) -> None:
        two = self._widest(0, 2) + self._widest(1, 2) + self._grid.horizontalSpacing()
        self._arrange(2 if self.width() >= two else 1)

    def minimumSizeHint(self) -> QSize:
        """As narrow as one column may be."""
        return QSize(self._widest(), self._grid.minimumSize().height())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Have as many columns as fit."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent | None) -> None:
        """Another font needs other room."""
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()
