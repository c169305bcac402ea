"""Table of surface Dice before and after fine-tuning, case by case, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from qtpy.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_boundaryseg.engine.evaluation.comparison_words import (
    change_in_words,
    on_whom,
    organs_in_words,
    path_in_words,
    remarks,
    score_in_words,
)
from napari_boundaryseg.engine.evaluation.power import power_in_words
from napari_boundaryseg.ui.widgets.controls import as_list, column, line, named

VERDICTS = {
    "better": "Better {on}.",
    "worse": "Worse {on}: keep the old model.",
    "no evidence": "No evidence that it is better: keep the old model, or judge on more cases.",
}
MAX_ROWS_SHOWN = 8
HEADINGS = ("Organ", "Before", "After")


def in_words(comparison: Mapping[str, Any]) -> str:
    """The verdict with the change that it rests on, and what limits it."""
    said = VERDICTS.get(comparison["verdict"], comparison["verdict"]).format(on=on_whom(comparison))
    power = [power_in_words(comparison["n"])] if comparison["n"] else []
    found = [f"{score_in_words(comparison)} {change_in_words(comparison, 3)}", path_in_words(comparison)]
    return "\n".join([said, *filter(None, found), *organs_in_words(comparison), *power, *remarks(comparison)])


def _number(value: float | None) -> str:
    return "missing" if value is None else f"{value:.3f}"


class ComparisonTable(QWidget):
    """Surface Dice before and after, a row per organ; the name of each case stands over its organs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.verdict = line("train_panel.verdict")
        self.table = named(QTableWidget(0, len(HEADINGS)), "train_panel.comparison", "Before and after")
        self.table.setHorizontalHeaderLabels(HEADINGS)
        as_list(self.table)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        column(self, self.verdict, self.table).setContentsMargins(0, 0, 0, 0)

    def show_comparison(self, comparison: Mapping[str, Any]) -> None:
        """Fill in the verdict and the table."""
        score = "dsc" if score_in_words(comparison) == "Mean Dice" else "surface_dice"
        self.verdict.setText(in_words(comparison))
        self.table.clearSpans()
        self.table.setRowCount(0)
        for case, rows in groupby(comparison["cases"], key=lambda row: row["case"]):
            self._add(case)
            self.table.setSpan(self.table.rowCount() - 1, 0, 1, len(HEADINGS))
            for row in rows:
                self._add(f"  {row['organ']}", *(_number(row[f"{score}_{when}"]) for when in ("before", "after")))
        n = self.table.rowCount()
        height = self.table.rowHeight(0) if n else 24
        shown = min(max(n, 1), MAX_ROWS_SHOWN)
        self.table.setFixedHeight(self.table.horizontalHeader().sizeHint().height() + shown * height + 4)

    def _add(self, *texts: str) -> None:
        row = self.table.rowCount()
        self.table.insertRow(row)
        for column_, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setToolTip(text.strip())
            self.table.setItem(row, column_, item)
