"""Table of Dice before and after fine-tuning on held-out cases, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_boundaryseg.engine.evaluation.comparison_words import change_in_words, remarks
from napari_boundaryseg.ui.widgets.controls import column, line, named

VERDICTS = {
    "better": "Better on the held-out cases.",
    "worse": "Worse on the held-out cases: keep the old model.",
    "no evidence": "No evidence that it is better: keep the old model, or hold out more cases.",
}
MAX_ROWS_SHOWN = 6


def in_words(comparison: Mapping[str, Any]) -> str:
    """The verdict with the change that it rests on, and what limits it."""
    said = VERDICTS.get(comparison["verdict"], comparison["verdict"])
    return "\n".join([said, f"Mean Dice {change_in_words(comparison, 3)}", *remarks(comparison)])


def _number(value: float | None) -> str:
    return "missing" if value is None else f"{value:.3f}"


class ComparisonTable(QWidget):
    """One row per held-out case and organ: Dice before and after."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.verdict = line("train_panel.verdict")
        self.table = named(QTableWidget(0, 4), "train_panel.comparison", "Before and after")
        self.table.setHorizontalHeaderLabels(["Case", "Organ", "Before", "After"])
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        column(self, self.verdict, self.table).setContentsMargins(0, 0, 0, 0)

    def show_comparison(self, comparison: Mapping[str, Any]) -> None:
        """Fill in the verdict and the table."""
        self.verdict.setText(in_words(comparison))
        rows = comparison["cases"]
        self.table.setRowCount(len(rows))
        for n, row in enumerate(rows):
            texts = (row["case"], row["organ"], _number(row["dsc_before"]), _number(row["dsc_after"]))
            for c, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.table.setItem(n, c, item)
        shown = min(max(len(rows), 1), MAX_ROWS_SHOWN)
        height = self.table.rowHeight(0) if rows else 24
        self.table.setFixedHeight(self.table.horizontalHeader().sizeHint().height() + shown * height + 4)
