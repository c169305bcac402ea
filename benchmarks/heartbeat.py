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

import numpy as np
from heart import Heart, pause, wait_for, window
from qtpy.QtCore import QTimer

from napari_boundaryseg.engine.recipes.tuning import FineTuneSettings
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.ui import samples
from napari_boundaryseg.ui.control.viewer_controller import ViewerController

SCROLL_MS = 60
ALLOWED_GROWTH_MS = 50.0


def scrolled(heart: Heart, viewer: Any, live: Callable[[], None]) -> np.ndarray:
    """Scroll through the slices while ``live`` lets the window live; the gaps between two beats, in ms."""
    scroll, steps = QTimer(), iter(range(10**9))
    scroll.timeout.connect(lambda: _next_slice(viewer, next(steps)))
    scroll.start(SCROLL_MS)
    blocks = heart.during(live)
    scroll.stop()
    return np.array([block.wall for block in blocks])


def _next_slice(viewer: Any, step: int) -> None:
    n = int(viewer.dims.nsteps[0])
    there = step % (2 * n - 2)
    viewer.dims.set_current_step(0, there if there < n else 2 * n - 2 - there)


def measure(seconds: float) -> dict[str, Any]:
    """Open the pelvic sample and measure the situations."""
    viewer, controller = window()
    controller.open(*samples.SAMPLES[0].paths())
    wait_for(lambda: controller.session.scan is not None and controller.session.job is None, 60)
    pause(15)  # the worker has loaded its libraries by then
    heart = Heart()
    scrolled(heart, viewer, lambda: pause(5))  # whatever is made at first use
    idle = scrolled(heart, viewer, lambda: pause(seconds))
    controller.segmentation.run(whole=True)
    predicting = scrolled(heart, viewer, lambda: pause(seconds))
    still = controller.session.job is not None
    arriving = scrolled(
        heart,
        viewer,
        lambda: wait_for(lambda: controller.session.prediction is not None and not controller.segmentation.busy, 600),
    )
    shown = scrolled(heart, viewer, lambda: pause(seconds))
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
        project = controller.session.project = Project(Path(folder) / "project")
        controller.labels.accept()
        wait_for(lambda: project.cases() and controller.session.job is None, 60)
        controller.projects.fine_tune([case.name for case in project.cases()], [], FineTuneSettings(steps=500))
        pause(8)
        gaps = scrolled(heart, viewer, lambda: pause(seconds))
        assert controller.session.training is not None, "the training ended before the measurement did"
        asked = time.perf_counter()
        controller.session.training.cancel()
        wait_for(lambda: controller.session.training is None, 10)
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
