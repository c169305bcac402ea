"""The main job in one go: open, segment, show; without a person also save it and end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
import numpy as np
from qtpy.QtCore import QEventLoop, QTimer

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session import actions
from napari_boundaryseg.ui import compat, hooks, layers, samples
from napari_boundaryseg.ui.desk import Desk
from napari_boundaryseg.ui.workbench import Workbench

SIZE = (1600, 1000)
OPEN_S, SEGMENT_S, SETTLE_S = 120.0, 900.0, 1.5
WHAT = {"labels", "edges", "contours", "report"}


def run_demo(scan: Path | None = None, headless: Path | None = None) -> None:
    """Open a scan, or the pelvic sample, segment it with the model that fits, and show the result.

    Parameters
    ----------
    scan : Path, optional
        A file, or a folder with one DICOM series.
    headless : Path, optional
        A folder that gets ``window.png``, the label map, edges, soft contours and ``report.json``; then it ends.

    Raises
    ------
    InputError
        When the scan cannot be opened or segmented, in headless mode.
    """
    viewer = napari.Viewer(title="Boundary segmentation")
    desk = hooks.desk_of(viewer)
    bench = Workbench(desk)
    viewer.window.add_dock_widget(bench, name="Boundary segmentation", area="right")
    viewer.window.resize(*SIZE)
    try:
        _main_job(viewer, desk, bench, [scan] if scan else samples.SAMPLES[0].paths())
        if headless is None:
            napari.run()
        else:
            _save(viewer, desk, headless)
    finally:
        if headless is not None:
            viewer.close()


def _main_job(viewer: Any, desk: Desk, bench: Workbench, paths: list[Path]) -> None:
    said: list[tuple[str, str]] = []
    desk.session.message.connect(lambda level, text: said.append((level, text)))
    desk.open(*paths)
    wait_for(lambda: desk.session.scan is not None and desk.session.job is None, OPEN_S, said)
    bench.sections.open("Segment")
    desk.segment(whole=True)
    wait_for(lambda: desk.session.prediction is not None and not desk.ticks.busy, SEGMENT_S, said)
    show_largest_slice(viewer)
    pause(SETTLE_S)


def wait_for(condition: Callable[[], bool], seconds: float, said: list[tuple[str, str]]) -> None:
    """Let the window live until the condition holds.

    Raises
    ------
    InputError
        When an error is said before, or the time is over.
    """
    step = 0.05
    for _ in range(int(seconds / step)):
        if condition():
            return
        errors = [text for level, text in said if level == "error"]
        if errors:
            raise InputError("demo", errors[-1].rstrip("."), "Try another scan, or choose a model by hand")
        pause(step)
    raise InputError("demo", f"it took longer than {seconds:.0f} s", "Try again on an idle machine")


def pause(seconds: float) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec_() if hasattr(loop, "exec_") else loop.exec()


def show_largest_slice(viewer: Any) -> None:
    """Go to the slice in which most organs, and most of them, can be seen."""
    layer = layers.only(viewer, "labels")
    if layer is None:
        return
    data = np.asarray(layer.data)
    shares = [(data == i).sum(axis=(1, 2)) / max(1, (data == i).sum()) for i in layers.scheme_of(layer).ids]
    best = int(np.argmax(np.sum(np.sqrt(shares), axis=0) + np.sum(np.array(shares) > 0, axis=0)))
    viewer.dims.set_current_step(0, best)


def _save(viewer: Any, desk: Desk, folder: Path) -> None:
    """Write the picture of the window and the files, which are read back; the report is ``report.json``."""
    labels = layers.read_labels(viewer, desk.session.scan)
    if labels is None:
        raise InputError("demo", "there are no labels", "Try another scan")
    folder.mkdir(parents=True, exist_ok=True)
    written = actions.export(desk.session, labels, WHAT, folder)
    written[-1].replace(folder / "report.json")
    compat.main_window(viewer).grab().save(str(folder / "window.png"))
