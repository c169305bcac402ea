"""Table of accepted cases: name, label scheme, role (train, held out, leave out)."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_boundaryseg.ui.widgets.controls import named

TRAIN, HELD_OUT, LEFT_OUT = "Train", "Held out", "Leave out"
MAX_ROWS_SHOWN = 5


class CaseTable(QTableWidget):
    """One row per accepted case, with its role."""

    roles_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 3, parent)
        named(self, "train_panel.cases", "Cases", "Accepted cases and their role")
        self.setHorizontalHeaderLabels(["Case", "Labels", "Role"])
        self.verticalHeader().hide()
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for n in (1, 2):
            self.horizontalHeader().setSectionResizeMode(n, QHeaderView.ResizeMode.ResizeToContents)

    def show_cases(self, schemes: Mapping[str, str]) -> None:
        """List these cases, each with the name of its label scheme.

        Roles given before are kept, and a new last case is held out.
        """
        before = self.roles()
        self.setRowCount(len(schemes))
        for row, (name, scheme) in enumerate(schemes.items()):
            for column, text in enumerate((name, scheme)):
                item = QTableWidgetItem(text)
                item.setToolTip(f"{name}, labelled as {scheme}")
                self.setItem(row, column, item)
            self.setCellWidget(row, 2, self._role(name, before.get(name, TRAIN)))
        self._hold_out_one()
        self._fit_height()

    def _role(self, name: str, role: str) -> QComboBox:
        combo = named(QComboBox(), f"train_panel.role.{name}", f"Role of {name}")
        combo.addItems((TRAIN, HELD_OUT, LEFT_OUT))
        combo.setCurrentText(role)
        combo.currentIndexChanged.connect(lambda _: self.roles_changed.emit())
        return combo

    def _hold_out_one(self) -> None:
        roles = self.roles()
        if len(roles) >= 2 and HELD_OUT not in roles.values():
            self.set_role(list(roles)[-1], HELD_OUT)

    def _fit_height(self) -> None:
        rows = min(max(self.rowCount(), 1), MAX_ROWS_SHOWN)
        height = self.rowHeight(0) if self.rowCount() else self.verticalHeader().defaultSectionSize()
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + rows * height + 4)

    def roles(self) -> dict[str, str]:
        """Case name to role."""
        return {self.item(row, 0).text(): self.cellWidget(row, 2).currentText() for row in range(self.rowCount())}

    def set_role(self, name: str, role: str) -> None:
        """Give a case its role."""
        for row in range(self.rowCount()):
            if self.item(row, 0).text() == name:
                self.cellWidget(row, 2).setCurrentText(role)
