"""List of the steps of the labels' history; a click goes to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QItemSelectionModel, Qt, Signal
from qtpy.QtGui import QBrush, QKeyEvent
from qtpy.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from napari_boundaryseg.ui.widgets.controls import named

if TYPE_CHECKING:
    from napari_boundaryseg.editing.history.history import History

ROWS_SHOWN = 6
START, OLDEST = "Start", "Oldest step that is kept"


class HistoryList(QListWidget):
    """Newest at the bottom; where the labels are now is chosen, what was undone is dimmed."""

    asked = Signal(int)
    """The position to go to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "correct_panel.history", "History", "Every change of the labels; click one to go to it")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._first = 0
        self._names: list[str] = []
        self.itemClicked.connect(lambda item: self.asked.emit(self._first + self.row(item)))

    def keyboardSearch(self, search: str | None) -> None:
        """Letters move no highlight: the chosen row is where the labels are."""

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Where keys move the highlight, the labels go there too."""
        before = self.currentRow()
        super().keyPressEvent(event)
        if self.currentRow() not in (before, -1):
            self.asked.emit(self._first + self.currentRow())

    def show_history(self, history: History | None) -> None:
        """List these steps; rows that are right already stay."""
        names: list[str] = []
        if history is not None:
            names = [START if history.first == 0 else OLDEST, *(step.name for step in history.steps)]
        same = 0
        while same < min(len(names), len(self._names)) and names[same] == self._names[same]:
            same += 1
        while self.count() > same:
            self.takeItem(same)
        for name in names[same:]:
            item = QListWidgetItem(name)
            item.setToolTip(name)
            self.addItem(item)
        self._names = names
        if history is not None:
            self._first = history.first
            self._show_position(history.position - history.first)
        self.setFixedHeight(ROWS_SHOWN * max(self.sizeHintForRow(0), 18) + 6)

    def _show_position(self, now: int) -> None:
        dim = QBrush(self.palette().placeholderText())
        for row in range(self.count()):
            item = self.item(row)
            if item is not None:
                item.setForeground(dim if row > now else QBrush())
        self.setCurrentRow(now, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        current = self.item(now)
        if current is not None:
            self.scrollToItem(current)
