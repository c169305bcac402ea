"""List of the steps of the labels' history; a click goes to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QItemSelectionModel, Qt, Signal
from qtpy.QtGui import QBrush, QKeyEvent
from qtpy.QtWidgets import QAbstractItemView, QListWidget, QWidget

from napari_boundaryseg.ui.widgets.controls import named

if TYPE_CHECKING:
    from napari_boundaryseg.editing.history.edit import Edit
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
        self._first = self._now = 0
        self._steps: tuple[Edit, ...] = ()
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
        """List these steps; rows that are right already stay, and are not looked at, however many they are."""
        if history is None:
            self.clear()
            self._steps, self._now = (), 0
        else:
            self._fill(history)
            self._show_position(history.position - history.first)
        self.setFixedHeight(ROWS_SHOWN * max(self.sizeHintForRow(0), 18) + 6)

    def _fill(self, history: History) -> None:
        steps, now, dropped = history.steps, history.position - history.first, history.first - self._first
        kept = self._steps[dropped:] if 0 <= dropped <= len(self._steps) else ()
        same = _alike(kept, steps) if self.count() else -1
        if same <= 0:
            self.clear()
            self._add(START if history.first == 0 else OLDEST, now)
            same = 0
        else:
            for _ in range(dropped):
                self.takeItem(1)
                self._now -= 1
            self._name(0, START if history.first == 0 else OLDEST)
        while self.count() > same + 1:
            self.takeItem(self.count() - 1)
        for step in steps[same:]:
            self._add(step.name, now)
        self._first, self._steps = history.first, steps

    def _add(self, name: str, now: int) -> None:
        self.addItem("")
        self._name(self.count() - 1, name)
        self._dim(self.count() - 1, now)

    def _name(self, row: int, name: str) -> None:
        item = self.item(row)
        if item is not None:
            item.setText(name)
            item.setToolTip(name)

    def _dim(self, row: int, now: int) -> None:
        item = self.item(row)
        if item is not None:
            item.setForeground(QBrush(self.palette().placeholderText().color()) if row > now else QBrush())

    def _show_position(self, now: int) -> None:
        for row in range(max(0, min(now, self._now)), min(max(now, self._now) + 1, self.count())):
            self._dim(row, now)
        self._now = now
        self.setCurrentRow(now, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        current = self.item(now)
        if current is not None:
            self.scrollToItem(current)


def _alike(before: Sequence[object], now: Sequence[object]) -> int:
    """How many first steps are the very same ones: a history changes at its end, so that halving finds it."""
    low, high = 0, min(len(before), len(now))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if before[middle - 1] is now[middle - 1] else (low, middle - 1)
    return low
