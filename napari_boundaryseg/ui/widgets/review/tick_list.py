"""List of names to tick; a double click gives one another name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget
from superqt.utils import signals_blocked

from napari_boundaryseg.ui.widgets.controls import named

MOST_ROWS, ROW_PX = 5, 24
KEY = Qt.ItemDataRole.UserRole


class Tick(NamedTuple):
    """One row."""

    key: object
    """By which it is the same one in the next list."""
    name: str
    words: str
    """What it is, as its tooltip."""
    is_on: bool


class TickList(QListWidget):
    """Hidden while it is empty.

    Parameters
    ----------
    name, label, tip : str
        Object name, accessible name, and what a tick means.
    """

    ticked = Signal(object, bool)
    """A key, and whether it is ticked now."""
    renamed = Signal(object, str)
    """A key, and its new name."""

    def __init__(self, name: str, label: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, name, label, tip)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.setVisible(False)
        self._shown: list[Tick] = []
        self.itemChanged.connect(self._on_changed)

    def show_ticks(self, ticks: Iterable[Tick]) -> None:
        """List these instead of those before, without telling anybody; a name in work is not interrupted."""
        rows = list(ticks)
        if rows == self._shown or self.state() == QAbstractItemView.State.EditingState:
            return
        self._shown = rows
        with signals_blocked(self):
            self.clear()
            for row in rows:
                item = QListWidgetItem(row.name)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable)
                item.setCheckState(Qt.CheckState.Checked if row.is_on else Qt.CheckState.Unchecked)
                item.setToolTip(f"{row.words}\nDouble click: another name")
                self.addItem(item)
        self.setVisible(bool(rows))
        self.setFixedHeight(min(len(rows), MOST_ROWS) * ROW_PX + 2 * self.frameWidth() + 4)

    def names(self) -> Sequence[str]:
        """What is listed."""
        return [row.name for row in self._shown]

    def _on_changed(self, item: QListWidgetItem) -> None:
        at, is_on = self.row(item), item.checkState() == Qt.CheckState.Checked
        row, text = self._shown[at], item.text().strip()
        if is_on != row.is_on:
            self._shown[at] = row._replace(is_on=is_on)
            self.ticked.emit(row.key, is_on)
        elif text and text != row.name:
            self._shown[at] = row._replace(name=text)
            self.renamed.emit(row.key, text)
        elif not text:
            with signals_blocked(self):
                item.setText(row.name)

    def keyboardSearch(self, search: str | None) -> None:
        """Letters move no highlight: they are keys of the window."""
