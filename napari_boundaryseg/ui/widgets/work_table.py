"""Table of the cases of a study: a mark for what became of each, its name, and the minutes it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from qtpy.QtGui import QFont
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from napari_boundaryseg.ui.widgets.controls import as_list, named

HEADINGS = ("", "Case", "Min")
MARKS = {"new": "", "in work": "…", "accepted": "✓"}
ROWS_SHOWN = (4, 9)
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Line:
    """What stands in one row."""

    name: str
    status: str
    labels: str = ""
    """Said when the mouse rests on it: most cases of a study have the same, and names need the room."""
    seconds: float | None = None
    comment: str = ""


class _Model(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.lines: Sequence[Line] = ()
        self.open = -1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(HEADINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        shown = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return HEADINGS[section] if shown else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.lines[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            minutes = "" if line.seconds is None else f"{line.seconds / 60:.0f}"
            return (MARKS[line.status], line.name, minutes)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(part for part in (f"{line.name}: {line.status}", line.labels, line.comment) if part)
        if role == Qt.ItemDataRole.FontRole and index.row() == self.open:
            font = QFont()
            font.setBold(True)
            return font
        return None


class WorkTable(QTableView):
    """One row per case; the open one is bold."""

    chosen = Signal(int)
    """A row was selected; -1 for none."""
    asked = Signal(int)
    """A row was double-clicked, or Enter pressed on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "cases_panel.table", "Cases", "Double-click a case to open it")
        self._model = _Model(self)
        self._opened = ""
        self.setModel(self._model)
        as_list(self)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        head = self.horizontalHeader()
        head.setMinimumSectionSize(20)
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.activated.connect(lambda index: self.asked.emit(index.row()))
        self.selectionModel().currentRowChanged.connect(lambda now, _: self.chosen.emit(now.row()))

    def show_lines(self, lines: Sequence[Line], is_open: int = -1) -> None:
        """List these cases; the selection stays on the case of the same name, until another is opened: then on that."""
        before, opened = self.selected(), lines[is_open].name if is_open >= 0 else ""
        name = self._model.lines[before].name if before >= 0 else None
        if opened and opened != self._opened:
            name = opened
        self._opened = opened
        self._model.beginResetModel()
        self._model.lines, self._model.open = list(lines), is_open
        self._model.endResetModel()
        kept = next((n for n, line in enumerate(lines) if line.name == name), is_open)
        if kept >= 0:
            self.selectRow(kept)
        if is_open >= 0:
            self.scrollTo(self._model.index(is_open, 1))
        rows = min(max(len(lines), ROWS_SHOWN[0]), ROWS_SHOWN[1])
        height = self.verticalHeader().defaultSectionSize()
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + rows * height + 4)

    def selected(self) -> int:
        """The selected row; -1 where none is."""
        row = self.currentIndex().row()
        return row if 0 <= row < len(self._model.lines) else -1
