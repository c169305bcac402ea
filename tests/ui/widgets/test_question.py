"""A question is read whole, however narrow its panel and whatever else wants room."""

from __future__ import annotations

from typing import Any

import pytest
from hands import live
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QLabel, QPushButton, QWidget

from napari_boundaryseg.ui.widgets.controls import column
from napari_boundaryseg.ui.widgets.question import Question
from napari_boundaryseg.ui.widgets.sections import Sections

LONG = "pelvis-mr-sgm has segmented this scan. Over your corrections it would add 0.0 mL and remove 1.0 mL: Bladder."


@pytest.mark.parametrize("height", [120, 200, 420])
def test_its_answers_never_cover_its_text(qtbot: Any, height: int) -> None:
    """Where two questions stand there may be too little room for both: then the text is scrolled."""
    panel, answers = QWidget(), (QPushButton("Apply"), QPushButton("Discard"))
    qtbot.addWidget(panel)
    question = Question("question", *answers)
    column(panel, question)
    panel.resize(260, height)
    panel.show()
    question.ask(f"{LONG} {LONG}")
    panel.resize(260, height)
    live(50)
    seen = question.text.visibleRegion().boundingRect().translated(question.text.mapTo(question, QPoint()))
    assert not any(seen.intersects(answer.geometry()) for answer in answers), "an answer lies over the text"
    assert seen.height() >= 3 * question.text.fontMetrics().lineSpacing() - 1
    assert (seen.height() >= question.text.heightForWidth(question.text.width())) == (height >= 200)


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
