"""Names in tables: at every font size and in the narrowest dock they are told apart, and numbers are whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from qtpy.QtCore import QRect, QSize, Qt
from qtpy.QtWidgets import QStyleOptionViewItem, QTableView, QWidget

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.metrics.thirds import third_names
from napari_boundaryseg.review.comparing import shown
from napari_boundaryseg.ui.widgets.appearance import dock_sheet
from napari_boundaryseg.ui.widgets.case_table import CaseLine, CaseTable
from napari_boundaryseg.ui.widgets.comparison_table import ComparisonTable
from napari_boundaryseg.ui.widgets.controls import choice
from napari_boundaryseg.ui.widgets.organ_table import OrganTable
from napari_boundaryseg.ui.widgets.review import agreement_words, observer_words
from napari_boundaryseg.ui.widgets.review.number_table import NumberTable
from napari_boundaryseg.ui.widgets.work_table import Line, WorkTable

NARROWEST = 300 - 2 * 8 - 16
"""A dock without its margins and a scroll bar, in pixels."""
CASES = [f"hippocampus_{n:03}" for n in (17, 42, 68, 95)]


def organs() -> QTableView:
    made = OrganTable()
    made.show_scheme(preset("hippocampus"))
    made.show_volumes({1: 143.2})
    return made


def roles() -> QTableView:
    made = CaseTable()
    made.show_cases([CaseLine(name) for name in CASES])
    return made


def study() -> QTableView:
    made = WorkTable()
    made.show_lines([Line(name, "accepted", seconds=600.0) for name in CASES])
    return made


def comparison() -> QWidget:
    made = ComparisonTable()
    rows = [
        {"case": name, "organ": organ, "dsc_before": 0.9, "dsc_after": None}
        for name in CASES
        for organ in ("Hippocampus_A", "Hippocampus_P")
    ]
    made.show_comparison(
        {"verdict": "worse", "n": 0, "change": {"mean": None, "low": None, "high": None}, "cases": rows}
    )
    return made


TABLES: dict[str, Callable[[], QWidget]] = {
    "organs": organs,
    "roles": roles,
    "study": study,
    "comparison": comparison,
}


def needed(table: QTableView, row: int, column: int) -> int:
    """How wide a cell would like to be."""
    index = table.model().index(row, column)
    option = QStyleOptionViewItem()
    option.font, option.fontMetrics = table.font(), table.fontMetrics()
    option.decorationSize = QSize(16, 16)
    delegate = table.itemDelegateForColumn(column) or table.itemDelegate()
    return delegate.sizeHint(option, index).width()


def seen(table: QTableView, row: int, column: int) -> str:
    """A cell's text as it is drawn: without its middle where the column is too narrow."""
    text = table.model().index(row, column).data()
    missing = needed(table, row, column) - table.columnWidth(column)
    if table.columnSpan(row, column) > 1 or missing <= 0:
        return str(text)
    metrics = table.fontMetrics()
    return metrics.elidedText(text, table.textElideMode(), metrics.horizontalAdvance(text) - missing)


@pytest.mark.parametrize("points", [9, 11, 13])
@pytest.mark.parametrize("name", TABLES)
def test_names_are_told_apart_and_numbers_are_whole_in_the_narrowest_dock(qtbot: Any, name: str, points: int) -> None:
    shown = TABLES[name]()
    qtbot.addWidget(shown)
    shown.setStyleSheet(dock_sheet("dark", points))
    shown.resize(NARROWEST, 300)
    shown.show()
    table = shown if isinstance(shown, QTableView) else shown.findChild(QTableView)
    model, header = table.model(), table.horizontalHeader()
    rows, columns = range(model.rowCount()), range(model.columnCount())
    first = 1 if name == "study" else 0
    names = {(model.index(row, first).data(), seen(table, row, first)) for row in rows}
    assert len({drawn for _, drawn in names}) == len(names)
    assert all(len(drawn) >= 8 and drawn[-2:] == whole[-2:] for whole, drawn in names)
    for row in rows:
        for column in set(columns) - {first}:
            assert seen(table, row, column) == str(model.index(row, column).data())
    assert [n for n in columns if header.sectionSize(n) < header.sectionSizeHint(n)] == [], "a heading is cut"
    assert sum(table.columnWidth(n) for n in columns) <= NARROWEST


def agreement(organ: str) -> NumberTable:
    made = NumberTable("agreement", "Agreement", "", most_rows=12)
    row = {"missing": False, "hd95_mm": 12.3, "asd_mm": 1.23, "dsc": 0.913, "apl_mm": 4582, "volume_ml": 143.2}
    row |= {"reference_ml": 151.8} | {f"surface_dice_{mm}mm": 0.876 for mm in (1, 2, 3)}
    thirds = dict.fromkeys(third_names(organ), row)
    made.show_rows(agreement_words.detail_headings(organ), agreement_words.detail_rows(shown(), row, thirds, organ))
    return made


def observers() -> NumberTable:
    made = NumberTable("observers", "Observers", "", most_rows=8)
    row = {"missing": False, "surface_dice_2mm": 0.876, "hd95_mm": 12.3, "apl_mm": 12345}
    rows = [[observer_words.IN_WORK, *(agreement_words.number_text(name, row) for name in observer_words.METRICS)]]
    made.show_rows(observer_words.OBSERVER_HEADINGS, rows)
    return made


NUMBERS = {
    "thirds": partial(agreement, "Hippocampus_A"),
    "prostate": partial(agreement, "Prostate"),
    "observers": observers,
}


@pytest.mark.parametrize("points", [9, 11, 13])
@pytest.mark.parametrize("which", NUMBERS)
def test_numbers_and_every_word_of_their_names_are_whole(qtbot: Any, which: str, points: int) -> None:
    table = NUMBERS[which]()
    qtbot.addWidget(table)
    table.setStyleSheet(dock_sheet("dark", points))
    table.resize(NARROWEST, 600)
    table.show()
    rows, columns, header = range(table.rowCount()), range(table.columnCount()), table.horizontalHeader()
    assert sum(table.columnWidth(n) for n in columns) <= table.viewport().width(), "the last column is seen whole"
    assert [n for n in columns if header.sectionSize(n) < header.sectionSizeHint(n)] == [], "a heading is cut"
    room, metrics = table.columnWidth(0) - 6, table.fontMetrics()  # Qt leaves 3 pixels at both sides of a text
    for row in rows:
        assert [n for n in columns if n and needed(table, row, n) > table.columnWidth(n)] == []
        name = table.item(row, 0).text()
        assert [word for word in name.split() if metrics.horizontalAdvance(word) > room] == [], room
        wrapped = metrics.boundingRect(QRect(0, 0, room, 1000), Qt.TextFlag.TextWordWrap, name)
        assert wrapped.height() <= table.rowHeight(row), "a line of a name is not seen"


@pytest.mark.parametrize("points", [9, 11, 13])
def test_a_name_that_is_too_long_for_a_list_keeps_its_end(qtbot: Any, points: int) -> None:
    """Names that differ in their ends look different, also where the middle is left out."""
    shown = choice(
        "list", "Model", items=[f"hippocampus-hmedn-of-a-long-name-version-{n} · synthetic" for n in (1, 27)]
    )
    qtbot.addWidget(shown)
    shown.setStyleSheet(dock_sheet("dark", points))
    shown.resize(NARROWEST, shown.sizeHint().height())
    shown.show()
    pictures = []
    for index in (0, 1):
        shown.setCurrentIndex(index)
        shown.clearFocus()
        pictures.append(shown.grab().toImage())
    assert pictures[0] != pictures[1]
