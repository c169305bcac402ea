"""Table of numbers: a name, which wraps, and its numbers in each row; as high as its rows."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QKeyEvent, QResizeEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget
from superqt.utils import signals_blocked

from napari_boundaryseg.ui.widgets.controls import as_list, named

ROW_PX = 22


class NumberTable(QTableWidget):
    """Hidden while it has no rows.

    Parameters
    ----------
    name, label, tip : str
        Object name, accessible name, and what it shows.
    most_rows : int
        More of them scroll.
    chooses : bool
        Whether a click on a row chooses it.
    """

    chosen = Signal(int)
    """The row that a person chose."""

    def __init__(
        self, name: str, label: str, tip: str, *, most_rows: int, chooses: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        named(self, name, label, tip)
        as_list(self)
        self.setWordWrap(True)
        self.verticalHeader().setMinimumSectionSize(ROW_PX)
        self._most_rows = most_rows
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        mode = QAbstractItemView.SelectionMode
        self.setSelectionMode(mode.SingleSelection if chooses else mode.NoSelection)
        if chooses:
            self.itemSelectionChanged.connect(self._on_selection)
        else:
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVisible(False)

    def show_rows(self, headings: Sequence[str], rows: Sequence[Sequence[str]], chosen: int = -1) -> None:
        """Show these instead of those before; ``chosen`` is marked, without telling anybody."""
        with signals_blocked(self):
            self.setColumnCount(len(headings))
            self.setRowCount(len(rows))
            self.setHorizontalHeaderLabels(list(headings))
            for at, row in enumerate(rows):
                for column, text in enumerate(row):
                    self.setItem(at, column, _cell(text, column > 0))
            header = self.horizontalHeader()
            for column in range(len(headings)):
                stretch = QHeaderView.ResizeMode.Stretch if column == 0 else QHeaderView.ResizeMode.ResizeToContents
                header.setSectionResizeMode(column, stretch)
            if chosen >= 0:
                self.selectRow(chosen)
        self.setVisible(bool(rows))
        self._fit()

    def texts(self) -> list[list[str]]:
        """What is shown, row by row."""
        columns = range(self.columnCount())
        return [[item.text() if (item := self.item(n, at)) else "" for at in columns] for n in range(self.rowCount())]

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Wrap names to the width that there is."""
        super().resizeEvent(event)
        if event is not None and event.size().width() != event.oldSize().width():
            self._fit()

    def _fit(self) -> None:
        self.resizeRowsToContents()
        high = sum(self.rowHeight(n) for n in range(min(self.rowCount(), self._most_rows)))
        wanted = self.horizontalHeader().sizeHint().height() + high + 4
        if high and self.minimumHeight() != wanted:
            self.setFixedHeight(wanted)

    def _on_selection(self) -> None:
        if self.currentRow() >= 0 and self.selectedItems():
            self.chosen.emit(self.currentRow())

    def keyboardSearch(self, search: str | None) -> None:
        """Letters choose no row: they are keys of the window."""

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Arrows and pages move the choice; other keys are the window's."""
        if event is not None and event.text().strip():
            event.ignore()
        else:
            super().keyPressEvent(event)


def _cell(text: str, is_number: bool) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setToolTip(text)
    if is_number:
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item
