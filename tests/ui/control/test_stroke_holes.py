"""A stroke that leaves a hole says so, with what fills it; one that leaves none says nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from conftest import organ_centre
from hands import drag, live
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_boundaryseg.ui.compat.canvas import canvas_widget


def said(find: Callable[[str], Any]) -> str:
    live(100)
    return str(find("job_bar.message").text())


def test_a_stroke_round_an_area_leaves_a_hole_that_is_named(rectum: Any, find: Callable[[str], Any]) -> None:
    history, at = rectum.tools.editable.history, rectum.grid.slice()
    box = (slice(at, at + 1), slice(None), slice(None))
    empty = history.array[box].copy()
    empty[:] = 0
    history.apply("Erase", box, empty)
    assert "hole" not in said(find)
    canvas = canvas_widget(rectum.viewer)
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_B)
    rectum.tools.layer.brush_size = 3
    middle = QPoint(canvas.width() // 2, canvas.height() // 2)
    turns = np.linspace(0, 2 * np.pi, 60)
    drag(canvas, *(middle + QPoint(int(70 * np.cos(t)), int(70 * np.sin(t))) for t in turns))
    live(200)
    inside = history.array[at] == 3
    assert inside.any()
    message = said(find)
    assert message.startswith("Rectum has a hole of ")
    assert message.endswith(" mm² where you drew. Clean up (Shift+C) fills holes.")
    told = float(message.split("hole of ")[1].split(" mm")[0])
    from scipy.ndimage import binary_fill_holes

    voxels = np.count_nonzero(binary_fill_holes(inside) & ~inside)
    assert told == round(voxels * rectum.grid.scale_mm[1] * rectum.grid.scale_mm[2])


def test_undo_and_a_step_that_leaves_none_say_nothing_of_holes(rectum: Any, find: Callable[[str], Any]) -> None:
    history = rectum.tools.editable.history
    centre = organ_centre(rectum.tools.layer, 3)
    box = (slice(centre[0], centre[0] + 1), *(slice(n - 1, n + 2) for n in centre[1:]))
    ring = np.full((1, 3, 3), 3, np.uint8)
    ring[0, 1, 1] = 0
    history.apply("Paint", box, ring, "paint")
    assert "hole" in said(find)
    rectum.session.say("info", "")
    history.undo()
    assert "hole" not in said(find)
    history.redo()
    assert "hole" not in said(find)


def test_what_the_stroke_itself_has_to_say_stays(rectum: Any, find: Callable[[str], Any]) -> None:
    history, at = rectum.tools.editable.history, rectum.grid.slice()
    inside = np.argwhere(history.array[at] == 3)
    y, x = inside[len(inside) // 2]
    box = (slice(at, at + 1), slice(y - 1, y + 2), slice(x - 1, x + 2))
    ring = np.full((1, 3, 3), 3, np.uint8)
    ring[0, 1, 1] = 0
    history.apply("Paint", box, ring, "paint")
    rectum.session.say("info", "Bladder was spared.")
    assert said(find).startswith("Bladder was spared. Rectum has a hole of ")
