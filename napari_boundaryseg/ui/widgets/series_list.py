"""List of the series of a DICOM folder, of which one is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_boundaryseg.ui.widgets.controls import as_list, named

HEADINGS = ("Series", "Kind", "Slices", "Voxel, mm")
ROWS_SHOWN = 8


@dataclass(frozen=True)
class SeriesLine:
    """What stands in one row; ``problem`` says why it cannot be opened."""

    name: str
    modality: str
    slices: int
    voxel_mm: tuple[float, float, float] | None
    problem: str = ""


class SeriesList(QTableWidget):
    """One row per series; those that make no volume are grey and say why."""

    asked = Signal(int)
    """A row was double-clicked, or Enter pressed on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(HEADINGS), parent)
        named(self, "scan_panel.series", "Series", "Double-click a series to open it")
        self.setHorizontalHeaderLabels(HEADINGS)
        as_list(self)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        head = self.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.activated.connect(lambda index: self.asked.emit(index.row()))

    def show_series(self, lines: Sequence[SeriesLine]) -> None:
        """List these; the first that can be opened is chosen."""
        self.clearSelection()
        self.setRowCount(len(lines))
        for row, one in enumerate(lines):
            size = " × ".join(f"{mm:.2g}" for mm in one.voxel_mm) if one.voxel_mm is not None else "no volume"
            for column, text in enumerate((one.name, one.modality, str(one.slices), size)):
                item = QTableWidgetItem(text)
                item.setToolTip(f"{one.name}: {one.problem}" if one.problem else one.name)
                if one.problem:
                    item.setFlags(Qt.ItemFlag.NoItemFlags)
                self.setItem(row, column, item)
        usable = [row for row, one in enumerate(lines) if not one.problem]
        if usable:
            self.selectRow(usable[0])
        shown = min(max(len(lines), 1), ROWS_SHOWN)
        self.setFixedHeight(
            self.horizontalHeader().sizeHint().height() + shown * self.verticalHeader().defaultSectionSize() + 4
        )

    def chosen(self) -> int:
        """The selected row; -1 where none is."""
        rows = {index.row() for index in self.selectedIndexes()}
        return rows.pop() if len(rows) == 1 else -1
