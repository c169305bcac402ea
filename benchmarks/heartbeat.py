"""The longest time that the window's thread stands still, with an idle and with a working worker.

A person scrolls through a scan for some seconds: first while the worker has nothing to do, then while it predicts,
until the result is shown, and while it fine-tunes. A timer beats every few milliseconds; the longest gap between two
beats is what a person would feel. Opening the window is timed too, each time in a fresh process.

    tools/with_screen.sh .venv/bin/python benchmarks/heartbeat.py --json heartbeat.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
import numpy as np
from qtpy.QtCore import QEventLoop, Qt, QTimer

from napari_boundaryseg.engine.recipes.tuning import FineTuneSettings
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.ui import hooks, samples
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.workbench import Workbench

BEAT_MS, SCROLL_MS = 4, 60
ALLOWED_GROWTH_MS = 50.0


class Heart:
    """Beats on the window's thread and remembers when."""

    def __init__(self) -> None:
        self.beats: list[float] = []
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(lambda: self.beats.append(time.perf_counter()))

    def gaps_ms(self, viewer: Any, live: Callable[[], None]) -> np.ndarray:
        """Scroll through the slices while ``live`` lets the window live; return the gaps between beats."""
        self.beats = []
        scroll, steps = QTimer(), iter(range(10**9))
        scroll.timeout.connect(lambda: _next_slice(viewer, next(steps)))
        self._timer.start(BEAT_MS)
        scroll.start(SCROLL_MS)
        live()
        scroll.stop()
        self._timer.stop()
        return 1000 * np.diff(self.beats)


def _next_slice(viewer: Any, step: int) -> None:
    n = int(viewer.dims.nsteps[0])
    there = step % (2 * n - 2)
    viewer.dims.set_current_step(0, there if there < n else 2 * n - 2 - there)


def pause(seconds: float) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def wait_for(condition: Any, seconds: float) -> None:
    """Let the window live until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"nothing came in {seconds:.0f} s")
        pause(0.05)


def measure(seconds: float) -> dict[str, Any]:
    """Open the pelvic sample and measure the situations."""
    viewer, controller = window()
    controller.open(*samples.SAMPLES[0].paths())
    wait_for(lambda: controller.session.scan is not None and controller.session.job is None, 60)
    pause(15)  # the worker has loaded its libraries by then
    heart = Heart()
    heart.gaps_ms(viewer, lambda: pause(5))  # whatever is made at first use
    idle = heart.gaps_ms(viewer, lambda: pause(seconds))
    controller.segmentation.run(whole=True)
    predicting = heart.gaps_ms(viewer, lambda: pause(seconds))
    still = controller.session.job is not None
    arriving = heart.gaps_ms(
        viewer,
        lambda: wait_for(lambda: controller.session.prediction is not None and not controller.segmentation.busy, 600),
    )
    shown = heart.gaps_ms(viewer, lambda: pause(seconds))
    training, cancelled = _while_training(controller, viewer, heart, seconds)
    viewer.close()
    return {
        "window_opens_s": opening_seconds(),
        "seconds": seconds,
        "prediction_outlasted_it": still,
        "idle": figures(idle),
        "predicting": figures(predicting),
        "until_the_result_is_shown": figures(arriving),
        "idle_with_results": figures(shown),
        "training_with_results": figures(training),
        "growth_predicting_ms": round(float(predicting.max() - idle.max()), 1),
        "growth_training_ms": round(float(training.max() - shown.max()), 1),
        "cancel_s": round(cancelled, 2),
    }


def window() -> tuple[Any, ViewerController]:
    """Napari with the workbench, as `napari -w napari-boundaryseg` opens it."""
    viewer = napari.Viewer()
    controller = hooks.controller_of(viewer)
    viewer.window.add_dock_widget(Workbench(controller), area="right")
    viewer.window.resize(1600, 1000)
    pause(0.1)
    return viewer, controller


def opening_seconds() -> list[float]:
    """From the start of a fresh process, imports and all, until its window answers; three times."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        child = subprocess.Popen([sys.executable, __file__, "--open-only"], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        child.stdout.readline()
        seconds.append(round(time.perf_counter() - began, 2))
        child.wait()
    return seconds


def _while_training(
    controller: ViewerController, viewer: Any, heart: Heart, seconds: float
) -> tuple[np.ndarray, float]:
    with tempfile.TemporaryDirectory() as folder:
        controller.session.project = Project(Path(folder) / "project")
        controller.labels.accept()
        wait_for(lambda: controller.session.project.cases() and controller.session.job is None, 60)
        controller.projects.fine_tune(
            [case.name for case in controller.session.project.cases()], [], FineTuneSettings(steps=500)
        )
        pause(8)
        gaps = heart.gaps_ms(viewer, lambda: pause(seconds))
        assert controller.session.job is not None, "the training ended before the measurement did"
        asked = time.perf_counter()
        controller.session.job.cancel()
        wait_for(lambda: controller.session.job is None, 10)
        cancelled = time.perf_counter() - asked
        controller.session.project = None
    return gaps, cancelled


def figures(gaps_ms: np.ndarray) -> dict[str, float]:
    """Longest gap, 99th percentile and number of beats."""
    return {
        "longest_ms": round(float(gaps_ms.max()), 1),
        "p99_ms": round(float(np.percentile(gaps_ms, 99)), 1),
        "beats": len(gaps_ms) + 1,
    }


def main() -> int:
    """Measure, print, and say whether the growth is allowed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--open-only", action="store_true", help="open the window, say so, close it")
    chosen = parser.parse_args()
    if chosen.open_only:
        viewer, _ = window()
        print("open", flush=True)
        viewer.close()
        return 0
    found = measure(chosen.seconds)
    text = json.dumps(found, indent=2)
    print(text)
    if chosen.json:
        chosen.json.write_text(text + "\n", encoding="utf-8")
    return max(found["growth_predicting_ms"], found["growth_training_ms"]) > ALLOWED_GROWTH_MS


if __name__ == "__main__":
    raise SystemExit(main())
