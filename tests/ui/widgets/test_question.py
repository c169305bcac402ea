"""A question is read whole, however narrow its panel and whatever else wants room."""

from __future__ import annotations

from typing import Any

import pytest
from hands import live
from qtpy.QtWidgets import QLabel, QPushButton, QWidget

from napari_boundaryseg.ui.widgets.controls import column
from napari_boundaryseg.ui.widgets.question import Question
from napari_boundaryseg.ui.widgets.sections import Sections

LONG = "pelvis-mr-sgm has segmented this scan. Over your corrections it would add 0.0 mL and remove 1.0 mL: Bladder."


@pytest.mark.parametrize("width", [240, 290, 380])
def test_every_line_of_it_is_shown(qtbot: Any, width: int) -> None:
    panel, pinned = QWidget(), QWidget()
    qtbot.addWidget(panel)
    contents = {title: QWidget() for title in ("Scan", "Segment", "Correct", "Train", "Export")}
    for content in contents.values():
        content.setMinimumHeight(2000)
    question = Question("question", QPushButton("Apply"), QPushButton("Discard"))
    column(pinned, QPushButton("Segment"), question)
    sections = Sections(contents, {"Segment": pinned})
    column(panel, sections, QLabel("one line"))
    sections.open("Segment")
    panel.resize(width, 360)
    panel.show()
    for text in ("Short?", LONG, f"{LONG} {LONG}", LONG):
        question.ask(text)
        live(50)
        label = question.text
        assert label.height() >= label.heightForWidth(label.width()), text
    panel.resize(width - 30, 360)
    live(50)
    assert label.height() >= label.heightForWidth(label.width())
    question.ask("")
    live(50)
    assert not question.isVisible()
