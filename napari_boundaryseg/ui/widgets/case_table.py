"""Table of accepted cases: name, role (train, held out, leave out); grey what the model cannot use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QTableWidget, QTableWidgetItem, QWidget
from superqt.utils import signals_blocked

from napari_boundaryseg.ui.widgets.controls import as_list, named

TRAIN, HELD_OUT, LEFT_OUT = "Train", "Held out", "Leave out"
MAX_ROWS_SHOWN = 5


@dataclass(frozen=True)
class CaseLine:
    """What stands in one row."""

    name: str
    role: str = TRAIN
    tip: str = ""
    usable: bool = True
    """False: it is grey, and its role cannot be changed."""


class CaseTable(QTableWidget):
    """One row per accepted case, with its role."""

    roles_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 2, parent)
        self._chosen: dict[str, str] = {}
        named(self, "train_panel.cases", "Cases", "Accepted cases and their role")
        self.setHorizontalHeaderLabels(["Case", "Role"])
        as_list(self)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)

    def show_cases(self, lines: Sequence[CaseLine]) -> None:
        """List these cases; what was chosen of others is forgotten."""
        names = {line.name for line in lines}
        self._chosen = {name: role for name, role in self._chosen.items() if name in names}
        self.setRowCount(len(lines))
        for row, line in enumerate(lines):
            item = QTableWidgetItem(line.name)
            item.setToolTip(line.tip)
            if not line.usable:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.setItem(row, 0, item)
            self.setCellWidget(row, 1, self._role(line))
        self._fit_height()

    def _role(self, line: CaseLine) -> QComboBox:
        combo = named(QComboBox(), f"train_panel.role.{line.name}", f"Role of {line.name}", line.tip)
        combo.addItems((TRAIN, HELD_OUT, LEFT_OUT))
        combo.setCurrentText(line.role)
        combo.setEnabled(line.usable)
        combo.currentIndexChanged.connect(lambda _: self._on_chosen(line.name))
        return combo

    def _on_chosen(self, name: str) -> None:
        self._chosen[name] = self.roles()[name]
        self.roles_changed.emit()

    def chosen(self) -> dict[str, str]:
        """Roles that were chosen here."""
        return self._chosen

    def forget_chosen(self) -> None:
        """What was chosen here is kept elsewhere."""
        self._chosen = {}

    def _fit_height(self) -> None:
        rows = min(max(self.rowCount(), 1), MAX_ROWS_SHOWN)
        height = self.rowHeight(0) if self.rowCount() else self.verticalHeader().defaultSectionSize()
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + rows * height + 4)

    def roles(self) -> dict[str, str]:
        """Case name to role."""
        return {self.item(row, 0).text(): self.cellWidget(row, 1).currentText() for row in range(self.rowCount())}

    def show_roles(self, roles: Mapping[str, str]) -> None:
        """Show roles that follow from one that was chosen."""
        for row in range(self.rowCount()):
            combo = self.cellWidget(row, 1)
            with signals_blocked(combo):
                combo.setCurrentText(roles.get(self.item(row, 0).text(), combo.currentText()))

    def choose(self, roles: Mapping[str, str]) -> None:
        """Take roles as if each had been chosen here, and show the first case that trains; nobody is told."""
        self._chosen.update(roles)
        self.show_roles(roles)
        first = next((row for row in range(self.rowCount()) if roles.get(self.item(row, 0).text()) == TRAIN), -1)
        soon = QTimer(self)  # a section that is opened now lays its table out first
        soon.setSingleShot(True)
        soon.timeout.connect(partial(self._scroll_to, first))
        soon.timeout.connect(soon.deleteLater)
        soon.start()

    def _scroll_to(self, row: int) -> None:
        self.scrollTo(self.model().index(row, 0), QAbstractItemView.ScrollHint.PositionAtTop)

    def set_role(self, name: str, role: str) -> None:
        """Give a case its role."""
        for row in range(self.rowCount()):
            if self.item(row, 0).text() == name:
                self.cellWidget(row, 1).setCurrentText(role)
