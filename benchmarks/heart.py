"""A heart for a napari window: what each of its blocks took, on the clock and of its own thread's processor time.

A block is what lies between two beats: while it runs, nothing that a person does is answered. What a card would draw is
counted apart: without one it is computed on the window's thread, and says nothing of the program.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import napari
from qtpy.QtCore import QEventLoop, Qt, QTimer

from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.workbench import Workbench

BEAT_MS = 4


@dataclass(frozen=True)
class Block:
    """One block, in ms: on the clock, and of the thread's processor time without drawing and drawing alone."""

    wall: float
    own: float
    drawing: float


class Heart:
    """Beats on the window's thread, and keeps the blocks between its beats."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.drawing = 0.0
        self.pictures = 0
        self._last = (0.0, 0.0, 0.0)
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._count_drawing()

    def _count_drawing(self) -> None:
        """Time what Qt calls to draw one of vispy's canvases; it asks the class each time."""
        kind = sys.modules["vispy.app.backends._qt"].CanvasBackendDesktop  # napari has chosen it by then
        paint = kind.paintGL

        def timed(canvas: Any) -> None:
            began = time.thread_time()
            try:
                paint(canvas)
            finally:
                self.drawing += time.thread_time() - began
                self.pictures += 1

        kind.paintGL = timed

    def _now(self) -> tuple[float, float, float]:
        return time.perf_counter(), time.thread_time(), self.drawing

    def _beat(self) -> None:
        now = self._now()
        wall, cpu, drawing = (1000 * (new - old) for new, old in zip(now, self._last, strict=True))
        self.blocks.append(Block(wall, cpu - drawing, drawing))
        self._last = now

    def during(self, live: Callable[[], object]) -> list[Block]:
        """The blocks while ``live`` lets the window live, and after it until everything is shown."""
        self.blocks, self._last = [], self._now()
        self._timer.start(BEAT_MS)
        live()
        pause(0.5)
        self._timer.stop()
        return self.blocks


def pause(seconds: float) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def wait_for(condition: Callable[[], object], seconds: float) -> None:
    """Let the window live until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"nothing came in {seconds:.0f} s")
        pause(0.02)


def window() -> tuple[Any, ViewerController]:
    """Napari with the workbench, as `napari -w napari-boundaryseg` opens it."""
    viewer = napari.Viewer()
    controller = hooks.controller_of(viewer)
    viewer.window.add_dock_widget(Workbench(controller), area="right")
    viewer.window.resize(1600, 1000)
    pause(0.1)
    return viewer, controller
