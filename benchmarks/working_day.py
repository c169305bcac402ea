"""A working day in minutes: forty cases in one window, segmented, corrected by mouse and keys, accepted, read back.

Each case is opened, segmented by a shipped model, corrected with strokes of the brush, undone in part, its slice locked
and drawn on again, and accepted by the key that opens the next; every fourth is left unaccepted and taken up again at
the end. At the end every label map is read back from the project's files and compared with what was in the window, and
the memory with that after the tenth case. A step that is missing, or a lock that lets a stroke through, ends it.

    tools/with_screen.sh .venv/bin/python benchmarks/working_day.py --json day.json
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from heart import pause, wait_for, window
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_boundaryseg.data import formats
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.engine.checkpoints import model_library
from napari_boundaryseg.phantom.two_part import two_part_structure
from napari_boundaryseg.session.actions.project import open_project
from napari_boundaryseg.ui.compat.canvas import canvas_widget
from napari_boundaryseg.ui.compat.window import deliver_deletions
from napari_boundaryseg.ui.control.viewer_controller import ViewerController

LEFT, NO_BUTTON, NO_KEYS = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
HANDS: Any = QTest  # PyQt5's stubs take its functions for methods
MODEL = "hippocampus-hmedn"
SETTLED, LEFT_EVERY = 10, 4
"""After so many cases memory is taken to be that of a window at work; of so many cases one is left unaccepted."""
ALLOWED_MB = 100.0


class Day:
    """One window with a list of cases, and what was done to each."""

    def __init__(self, controller: ViewerController) -> None:
        self.controller = controller
        self.canvas = canvas_widget(controller.viewer)
        self.drawn: dict[str, np.ndarray] = {}

    @property
    def name(self) -> str:
        """The case that is open."""
        scan = self.controller.session.scan
        return scan.name if scan is not None else ""

    def settle(self) -> None:
        """Wait until nothing is read, segmented, stored or shown any more."""
        session = self.controller.session
        wait_for(lambda: session.job is None and not self.controller.segmentation.busy, 300)

    def position(self) -> int:
        """How many steps the labels in the window have."""
        history = self.controller.labels.history()
        return history.position if history is not None else 0

    def middle(self) -> int:
        """The organ in the middle of the view, where strokes begin."""
        data = self.controller.tools.layer.data
        return int(data[self.controller.view.slice(), data.shape[1] // 2, data.shape[2] // 2])

    def leave(self, name: str) -> None:
        """Wait until another case is open."""
        wait_for(lambda: self.name != name, 60)

    def key(self, key: Any, modifiers: Any = NO_KEYS) -> None:
        """Press a key over the view."""
        HANDS.keyClick(self.canvas, key, modifiers)
        pause(0.03)

    def stroke(self, dx: int, dy: int) -> None:
        """Draw with the brush from the middle of the view."""
        start = QPoint(self.canvas.width() // 2, self.canvas.height() // 2)
        self._move(start, NO_BUTTON)
        HANDS.mousePress(self.canvas, LEFT, NO_KEYS, start)
        for part in (0.5, 1.0):
            self._move(start + QPoint(round(part * dx), round(part * dy)), LEFT)
        HANDS.mouseRelease(self.canvas, LEFT, NO_KEYS, start + QPoint(dx, dy))
        pause(0.05)

    def _move(self, at: QPoint, buttons: Any) -> None:
        where = QPointF(at), QPointF(self.canvas.mapToGlobal(at))
        QApplication.sendEvent(self.canvas, QMouseEvent(QEvent.Type.MouseMove, *where, NO_BUTTON, buttons, NO_KEYS))

    def work(self) -> None:
        """Segment the open case and correct it: three strokes, two undone, one lock, one stroke that it keeps out."""
        controller, tools = self.controller, self.controller.tools
        controller.segmentation.run(whole=True)
        wait_for(lambda: controller.session.prediction is not None, 300)
        self.settle()
        first, name = self.position(), self.name
        self.key(Qt.Key.Key_B)
        one = 1 + int(self.middle() == 1)  # another organ than is there: each stroke changes something
        for organ, (dx, dy) in zip((one, 3 - one, one), ((160, 0), (0, 160), (-160, 20)), strict=True):
            self.key(getattr(Qt.Key, f"Key_{organ}"))
            self.stroke(dx, dy)
        if self.position() != first + 3:
            raise AssertionError(f"{name}: three strokes are not three steps")
        for _ in range(2):
            self.key(Qt.Key.Key_Z, CTRL)
        if self.position() != first + 1:
            raise AssertionError(f"{name}: undo did not take back two strokes")
        controller.labels.lock(Lock(slice=controller.view.slice()), True)
        before = np.array(tools.layer.data)
        self.stroke(-160, -160)
        if not np.array_equal(before, tools.layer.data):
            raise AssertionError(f"{name}: a locked slice was drawn on")
        self.drawn[name] = np.array(tools.layer.data)


def memory_mb() -> float:
    """Of this process, after a search for garbage."""
    gc.collect()
    return float(psutil.Process().memory_info().rss / 1e6)


def run(folder: Path, n: int) -> dict[str, Any]:
    """The day, and what came of it."""
    (folder / "scans").mkdir()
    for seed in range(n):
        formats.write(two_part_structure(100 + seed)[0], folder / "scans" / f"case_{seed:02}.nii.gz")
    viewer, controller = window()
    day, began = Day(controller), time.perf_counter()
    open_project(controller.session, folder / "project")
    project = controller.session.project
    if project is None:
        raise AssertionError("no project was opened")
    controller.cases.add_folder(folder / "scans")
    day.settle()
    controller.cases.open(controller.cases.rows()[0])
    day.settle()
    controller.models.choose(model_library.WEIGHTS / f"{MODEL}.safetensors")
    memory: list[float] = []
    for at in range(n):
        name = day.name
        day.work()
        last = at == n - 1
        if at % LEFT_EVERY == LEFT_EVERY - 1:
            if not last:
                day.key(Qt.Key.Key_Right, CTRL)
        else:
            day.key(Qt.Key.Key_Return, CTRL)
        if not last:
            day.leave(name)
        day.settle()
        memory.append(memory_mb())
    lost = _take_up(day)
    differ = _read_back(day, project)
    seconds = time.perf_counter() - began
    viewer.close()
    deliver_deletions()
    return {
        "cases": n,
        "minutes": round(seconds / 60, 1),
        "accepted": len(project.cases()),
        "differ": differ,
        "lost": lost,
        "memory_mb": [round(one) for one in memory],
        "growth_mb": round(memory[-1] - memory[min(SETTLED, n) - 1]),
    }


def _take_up(day: Day) -> list[str]:
    """Open what was left unaccepted, compare it with what was there, accept it; the names of what has changed."""
    lost = []
    for row in [row for row in day.controller.cases.rows() if row.status != "accepted"]:
        if day.name != row.name:
            day.controller.cases.open(row)
            day.leave(day.name)
            day.settle()
        layer = day.controller.tools.layer
        if layer is None or not np.array_equal(layer.data, day.drawn[row.name]):
            lost.append(row.name)
        day.controller.labels.accept()
        day.settle()
    return lost


def _read_back(day: Day, project: Any) -> list[str]:
    """The names of cases whose files do not hold what was in the window."""
    stored = {case.name: formats.read_labels(case.label) for case in project.cases()}
    return [
        name
        for name, drawn in day.drawn.items()
        if name not in stored or not np.array_equal(stored[name].geometry.display.to_display(stored[name].array), drawn)
    ]


def main() -> int:
    """Run, print, and say whether anything was lost or memory grew too much."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):  # not among what a person's own windows remember
            os.environ[name] = str(Path(folder) / name.lower())
        found = run(Path(folder), chosen.cases)
    print(json.dumps(found, indent=2))
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    good = found["accepted"] == found["cases"] and not found["differ"] and not found["lost"]
    return not good or found["growth_mb"] > ALLOWED_MB


if __name__ == "__main__":
    raise SystemExit(main())
