"""Nothing of the brush stays in the scan when the mouse has left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hands import live, move
from qtpy.QtCore import QEvent, QPoint
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_boundaryseg.ui.compat.canvas import canvas_widget, view_canvas


@pytest.mark.parametrize("plane", [0, 1, 2])
def test_leaving_a_view_leaves_no_dot(drawing: Any, wait: Callable[..., None], plane: int) -> None:
    drawing.viewer.window.resize(1366, 768)
    drawing.view.show_three_planes(True)
    live(200)
    canvases = [canvas_widget(drawing.viewer), *(view_canvas(view.widget) for view in drawing.view.planes.views)]
    canvas = canvases[plane]
    drawing.tools.set_brush(20)
    middle = QPoint(canvas.width() // 2, canvas.height() // 2)
    place = canvas.rect().center() - QPoint(60, 25)

    def around() -> Any:
        live(300)
        return canvas.grabFramebuffer().copy(place.x() - 15, place.y() - 15, 30, 30)

    before = around()
    QTest.keyClick(canvas, "b")
    for at in (middle, place):
        move(canvas, at)
        live(50)
    for theme in ("light", "dark"):  # one of the changes with which napari puts the box behind its circle
        drawing.viewer.theme = theme
        live(100)
    move(canvas, place)
    live(50)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert around() == before
