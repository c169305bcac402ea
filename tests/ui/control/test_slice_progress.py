"""The strip over the slider: each slice in the colour of what became of the chosen organ; accepted by a key."""

from __future__ import annotations

from typing import Any

import numpy as np
from hands import LEFT, live
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_boundaryseg.editing.history.edit import CARRIED
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.ui.compat.canvas import canvas_widget

RECTUM = 3


def words(controller: Any) -> list[str]:
    live(30)
    return [said for _, said in controller.progress.strip.cells]


def press(controller: Any, name: Any) -> None:
    canvas = canvas_widget(controller.viewer)
    canvas.setFocus()
    QTest.keyClick(canvas, name)
    live(30)


def dot(controller: Any, at: int, kind: str = "paint") -> None:
    history = controller.tools.editable.history
    where = np.argwhere(history.array[at] == 0)[0]
    box = (slice(at, at + 1), *(slice(n, n + 1) for n in where))
    history.apply("Paint", box, np.full((1, 1, 1), RECTUM, np.uint8), kind)


def test_each_slice_says_what_became_of_the_organ(rectum: Any) -> None:
    labels, at = rectum.tools.layer.data, rectum.grid.slice()
    there = (labels == RECTUM).any((1, 2))
    assert words(rectum) == ["untouched" if so else "not there" for so in there]
    assert rectum.progress.strip.isVisible()
    assert rectum.progress.strip.here == at
    dot(rectum, at)
    dot(rectum, at + 1, CARRIED)
    rectum.labels.lock(Lock(RECTUM, at + 2), True)
    assert words(rectum)[at : at + 3] == ["corrected", "carried, not looked at", "accepted"]
    dot(rectum, at + 1)
    assert words(rectum)[at + 1] == "corrected"
    rectum.tools.undo()
    assert words(rectum)[at + 1] == "carried, not looked at"


def test_it_is_about_the_chosen_organ_and_the_plane(rectum: Any) -> None:
    at = rectum.grid.slice()
    dot(rectum, at)
    assert words(rectum)[at] == "corrected"
    rectum.tools.choose(1)
    assert words(rectum)[at] != "corrected"
    rectum.tools.choose(RECTUM)
    rectum.view.set_plane("Coronal")
    live(50)
    assert len(words(rectum)) == rectum.tools.layer.data.shape[1]
    rectum.viewer.dims.ndisplay = 3
    live(50)
    assert not rectum.progress.strip.isVisible()


def test_a_click_on_it_shows_that_slice(rectum: Any) -> None:
    strip = rectum.progress.strip
    count = len(words(rectum))
    QTest.mouseClick(strip, LEFT, pos=QPoint(round((2.5 / count) * strip.width()), 4))
    live(30)
    assert rectum.grid.slice() == strip.here == 2


def test_a_key_accepts_the_slice_and_goes_on_and_again_takes_it_back(rectum: Any) -> None:
    at, history = rectum.grid.slice(), rectum.tools.editable.history
    press(rectum, Qt.Key.Key_A)
    assert Lock(RECTUM, at) in history.locks
    assert words(rectum)[at] == "accepted"
    assert rectum.grid.slice() == at + 1
    rectum.grid.show_slice(at)
    press(rectum, Qt.Key.Key_A)
    assert Lock(RECTUM, at) not in history.locks
    assert rectum.grid.slice() == at
    rectum.view.set_plane("Coronal")
    live(50)
    position = history.position
    press(rectum, Qt.Key.Key_A)
    assert history.position == position


def test_without_labels_there_is_none(rectum: Any) -> None:
    rectum.viewer.layers.remove(rectum.tools.layer)
    live(50)
    assert not rectum.progress.strip.isVisible()
