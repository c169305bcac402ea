"""Table of the organs of a label map: colour and name, volume, shown, locked."""

from __future__ import annotations

from collections.abc import Collection

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QIcon, QMouseEvent, QPainter, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget
from superqt.utils import signals_blocked

from napari_boundaryseg.data.labels import LabelScheme, Organ
from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.widgets.controls import as_list, named
from napari_boundaryseg.ui.widgets.ticks import SIDE, Eyes, Padlocks

MAX_ROWS_SHOWN = 6
SWATCH = 16
SHOW, LOCK = 2, 3
"""The columns of calls."""


def swatch(colour: str, key: str) -> QPixmap:
    """A square in an organ's colour with the key that chooses it, dark or bright as it reads better."""
    made, fill = QPixmap(SWATCH, SWATCH), QColor(colour)
    made.fill(fill)
    painter = QPainter(made)
    font = painter.font()
    font.setPixelSize(SWATCH - 4)
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QColor("black" if fill.lightness() > 100 else "white"))
    painter.drawText(made.rect(), Qt.AlignmentFlag.AlignCenter, key)
    painter.end()
    return made


class OrganTable(QTableWidget):
    """One row per organ; the chosen row is the organ that the tools draw."""

    chosen = Signal(int)
    hidden_changed = Signal(object)
    lock_asked = Signal(int, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 4, parent)
        named(self, "correct_panel.organs", "Organs", "Choose the organ to draw; tick what is shown and what is locked")
        self.setHorizontalHeaderLabels(["Organ", "mL"])
        as_list(self)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for n in (1, SHOW, LOCK):
            header.setSectionResizeMode(n, QHeaderView.ResizeMode.ResizeToContents)
        header.setMinimumSectionSize(SIDE + 6)
        for n, ticks, words in ((SHOW, Eyes(self), "Show"), (LOCK, Padlocks(self), "Lock")):
            self.setItemDelegateForColumn(n, ticks)
            self.setHorizontalHeaderItem(n, self._heading(ticks.heading(), words))
        self.ids: tuple[int, ...] = ()
        self.itemSelectionChanged.connect(self._on_selection)
        self.itemChanged.connect(self._on_item)

    def show_scheme(self, scheme: LabelScheme | None) -> None:
        """Start again with the organs of this scheme, all shown; `choose` says which is chosen."""
        with signals_blocked(self):
            organs = scheme.organs if scheme else ()
            self.ids = tuple(organ.id for organ in organs)
            self.setRowCount(len(organs))
            for row, organ in enumerate(organs):
                self.setItem(row, 0, self._name(organ, row))
                self.setItem(row, 1, self._cell("–", Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
                self.setItem(row, SHOW, self._tick(f"Show {organ.name}", Qt.CheckState.Checked))
                self.setItem(
                    row, LOCK, self._tick(f"Lock {organ.name}: nothing may change it", Qt.CheckState.Unchecked)
                )
        self._fit_height()

    @staticmethod
    def _heading(picture: QIcon, words: str) -> QTableWidgetItem:
        """A picture instead of words, which would take the room of the organs' names."""
        item = QTableWidgetItem(picture, "")
        item.setToolTip(words)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
        return item

    @staticmethod
    def _cell(text: str, alignment: Qt.AlignmentFlag | int) -> QTableWidgetItem:
        item = QTableWidgetItem(text)
        item.setTextAlignment(alignment)
        return item

    def _tick(self, tip: str, state: Qt.CheckState) -> QTableWidgetItem:
        tick = self._cell("", Qt.AlignmentFlag.AlignCenter)
        tick.setFlags(tick.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        tick.setCheckState(state)
        tick.setToolTip(tip)
        return tick

    def _name(self, organ: Organ, row: int) -> QTableWidgetItem:
        item = QTableWidgetItem(organ.spelled)
        key = keys.KEYS.get(f"organ.{row + 1}")
        item.setData(Qt.ItemDataRole.DecorationRole, swatch(organ.colour, keys.shown(key.action) if key else ""))
        item.setToolTip(f"{organ.spelled} ({keys.shown(key.action)})" if key else organ.spelled)
        return item

    def keyboardSearch(self, search: str | None) -> None:
        """Letters choose no organ: they are keys of the tools, or nothing."""

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """A click anywhere in a cell of the eyes or padlocks is its tick, and chooses no organ."""
        item = self.itemAt(event.pos()) if event is not None else None
        if event is None or item is None or item.column() not in (SHOW, LOCK):
            super().mousePressEvent(event)
        elif event.button() == Qt.MouseButton.LeftButton:
            on = item.checkState() == Qt.CheckState.Checked
            item.setCheckState(Qt.CheckState.Unchecked if on else Qt.CheckState.Checked)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """What the press has ticked is not ticked again."""
        item = self.itemAt(event.pos()) if event is not None else None
        if item is None or item.column() not in (SHOW, LOCK):
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Two fast clicks are two."""
        self.mousePressEvent(event)

    def _fit_height(self) -> None:
        rows = min(max(self.rowCount(), 1), MAX_ROWS_SHOWN)
        row_height = self.rowHeight(0) if self.rowCount() else self.verticalHeader().defaultSectionSize()
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + rows * row_height + 4)

    def show_volumes(self, volumes_ml: dict[int, float]) -> None:
        """Write the volumes, in mL; an organ that is not there says so."""
        with signals_blocked(self):
            for row, organ in enumerate(self.ids):
                ml = volumes_ml.get(organ, 0.0)
                self.item(row, 1).setText("none" if ml == 0 else ml_text(ml))
                self.item(row, 1).setToolTip("Not drawn" if ml == 0 else "Volume in mL")

    def show_locks(self, locked: Collection[int]) -> None:
        """Tick the organs that are locked on every slice."""
        with signals_blocked(self):
            for row, organ in enumerate(self.ids):
                on = organ in locked
                self.item(row, LOCK).setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def choose(self, organ: int) -> None:
        """Choose an organ's row without telling anybody."""
        if organ in self.ids:
            with signals_blocked(self):
                self.selectRow(self.ids.index(organ))

    def _on_selection(self) -> None:
        row = self.currentRow()
        if 0 <= row < len(self.ids):
            self.chosen.emit(self.ids[row])

    def _on_item(self, item: QTableWidgetItem) -> None:
        if item.column() == LOCK:
            self.lock_asked.emit(self.ids[item.row()], item.checkState() == Qt.CheckState.Checked)
        if item.column() == SHOW:
            self.hidden_changed.emit(
                {
                    organ
                    for row, organ in enumerate(self.ids)
                    if self.item(row, SHOW).checkState() == Qt.CheckState.Unchecked
                }
            )
