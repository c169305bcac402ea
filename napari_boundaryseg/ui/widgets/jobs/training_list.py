"""List of trainings that were stopped: resume one, or discard it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QListWidget, QMessageBox, QWidget

from napari_boundaryseg.ui.widgets.controls import button, column, line, named
from napari_boundaryseg.ui.widgets.layout.button_grid import ButtonGrid

LONGEST = 3


@dataclass(frozen=True)
class Stopped:
    """One row: what was trained and how far, when it was last saved, and whatever stands behind it."""

    text: str
    saved: str
    key: object


class TrainingList(QWidget):
    """Hidden while there is none; a person is asked before one is discarded."""

    resume_requested = Signal(object)
    discard_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[Stopped] = ()
        self.title = line("train_panel.stopped_title", "Stopped before their end")
        self.list = named(QListWidget(), "train_panel.stopped", "Stopped trainings", "What they have learnt is kept")
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.resume = button("train_panel.resume", "Resume", "With the model, cases, labels and settings of then")
        self.discard = button("train_panel.discard", "Discard…", "Remove what it has learnt; asks first")
        column(self, self.title, self.list, ButtonGrid([self.resume, self.discard])).setContentsMargins(0, 0, 0, 0)
        self.resume.clicked.connect(self._on_resume)
        self.discard.clicked.connect(self._on_discard)
        self.list.currentRowChanged.connect(lambda _: self._enable())
        self.hide()

    def show_trainings(self, rows: Sequence[Stopped]) -> None:
        """List these; the newest, which is the last, is chosen."""
        self._rows = tuple(rows)
        self.setVisible(bool(rows))
        self.list.clear()
        for row in rows:
            self.list.addItem(row.text)
            item = self.list.item(self.list.count() - 1)
            if item is not None:
                item.setToolTip(f"{row.text}\nLast saved {row.saved}")
        self.list.setCurrentRow(len(rows) - 1)
        self.list.setFixedHeight(min(max(len(rows), 1), LONGEST) * max(self.list.sizeHintForRow(0), 20) + 6)
        self._enable()

    def _enable(self) -> None:
        for control in (self.resume, self.discard):
            control.setEnabled(self._chosen() is not None)

    def _chosen(self) -> Stopped | None:
        row = self.list.currentRow()
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def _on_resume(self) -> None:
        if (row := self._chosen()) is not None:
            self.resume_requested.emit(row.key)

    def _on_discard(self) -> None:
        row = self._chosen()
        if row is not None and self._is_sure(row.text):
            self.discard_requested.emit(row.key)

    def _is_sure(self, text: str) -> bool:
        box = QMessageBox(self)
        box.setObjectName("train_panel.discard_question")
        box.setWindowTitle("Discard a stopped training")
        box.setText(f"What this training has learnt will be removed:\n{text}")
        remove = box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
        keep = box.addButton("Keep", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        box.exec()
        return box.clickedButton() is remove
