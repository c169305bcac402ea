"""List of sentences, each as high as its text needs; a click on one asks for it."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QKeyEvent, QResizeEvent
from qtpy.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from napari_boundaryseg.ui.widgets.controls import named

MOST_ROWS_PX = 190
"""A longer list scrolls."""
PAD_PX = 8


class SentenceList(QListWidget):
    """Hidden while it is empty; no line is cut off.

    Parameters
    ----------
    name, label, tip : str
        Object name, accessible name, and what a click does.
    """

    asked = Signal(int)
    """The row that was clicked, or to which keys moved."""

    def __init__(self, name: str, label: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, name, label, tip)
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVisible(False)
        self.itemClicked.connect(lambda item: self.asked.emit(self.row(item)))

    def show_sentences(self, sentences: Sequence[str], chosen: int = -1) -> None:
        """List these instead of those before; ``chosen`` is marked, without asking for it."""
        if [item.text() for item in self._items()] != list(sentences):
            self.clear()
            self.addItems(list(sentences))
        self.setCurrentRow(chosen)
        self.setVisible(bool(sentences))
        self._fit()

    def sentences(self) -> list[str]:
        """Those that are listed."""
        return [item.text() for item in self._items()]

    def _items(self) -> list[QListWidgetItem]:
        return [item for n in range(self.count()) if (item := self.item(n)) is not None]

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Wrap the text to the width that there is."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.viewport().width() - 2 * PAD_PX
        if room <= 0:
            return
        wrap = int(Qt.TextFlag.TextWordWrap)
        high = 0
        for item in self._items():
            text = self.fontMetrics().boundingRect(0, 0, room, 10_000, wrap, item.text())
            item.setSizeHint(QSize(room, text.height() + PAD_PX))
            high += text.height() + PAD_PX
        wanted = min(high + 2 * self.frameWidth() + 2, MOST_ROWS_PX)
        if self.height() != wanted or self.minimumHeight() != wanted:
            self.setFixedHeight(wanted)

    def keyboardSearch(self, search: str | None) -> None:
        """Letters move no highlight: they are keys of the window."""

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Where keys move the highlight, that row is asked for."""
        before = self.currentRow()
        super().keyPressEvent(event)
        if self.currentRow() not in (before, -1):
            self.asked.emit(self.currentRow())
