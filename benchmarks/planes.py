"""What the second and the third plane cost: the time to open them, and our own computing in each stroke.

A phantom of 256 × 256 × 120 voxels with labels and four maps, in a real window: the planes are opened, and the mouse
paints in the main view and in another. Opening ends when every view has been drawn with the scan and the labels; the
maps then follow one by one. Our own computing is what the planes add to a stroke: the changed box of the labels in
the two views that were not painted in, without the redrawing of the canvases. Each window is a fresh process; on a
machine that does other work too, the processor's seconds of the best window say most (software that draws in place of
a graphics card is among them).

    tools/with_screen.sh .venv/bin/python benchmarks/planes.py --json planes.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import napari
import numpy as np
import psutil
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest as _QTest
from qtpy.QtWidgets import QApplication, QWidget

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.ui.compat.canvas import canvas_widget, view_canvas
from napari_boundaryseg.ui.layers import access, styles
from napari_boundaryseg.ui.layers.labels import show_labels
from napari_boundaryseg.ui.layers.scan import show_scan
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.views.mirrored_layer import MirroredLayer
from napari_boundaryseg.ui.views.three_planes import ThreePlanes

QTest: Any = _QTest  # its types leave out what may be left out
SHAPE = (256, 256, 120)
MOVES, STROKES = 25, 2
ALLOWED = {"open, processor s": 2.0, "stroke in the main view ms": 10.0, "stroke in another view ms": 10.0}


def window(n_layers: int) -> Any:
    """A viewer with a scan, labels, and so many maps of floats that there are this many layers."""
    viewer = napari.Viewer(show=True)
    viewer.window.resize(1600, 1000)
    rng, scheme = np.random.default_rng(0), preset("pelvis-mr")
    scan = Volume(rng.normal(100, 20, (1, *SHAPE)).astype(np.float32), Geometry(SHAPE, np.diag([-1.0, -1.0, 2.0, 1.0])))
    show_scan(viewer, scan)
    array, grid = np.zeros(SHAPE, np.uint8), np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    for organ, middle in zip(scheme.organs, ((128, 90, 70), (128, 128, 50), (128, 170, 55))):
        array[sum((axis - at) ** 2 for axis, at in zip(grid, middle)) < 30**2] = organ.id
    soft = rng.random(SHAPE[::-1]).astype(np.float32)
    for n in range(n_layers - 2):
        viewer.add_image(soft, name=f"map {n}", **access.placement(scan.geometry), **styles.contour_style("#E69F00"))
    show_labels(viewer, scan, scan.with_labels(array, scheme))
    settle()
    return viewer


def settle() -> None:
    """Let everything be drawn that waits for it."""
    for _ in range(3):
        QApplication.sendPostedEvents()
        QApplication.processEvents()


def opening(planes: ThreePlanes, n_layers: int) -> dict[str, float]:
    """Seconds until the planes are drawn with scan and labels, and until they are with every layer."""
    wall, processor = time.perf_counter(), time.process_time()
    planes.open()
    planes._following.cancel()  # the maps wait until this much is measured
    settle()
    found = {"open s": time.perf_counter() - wall, "open, processor s": time.process_time() - processor}
    planes._following.throttle()
    while any(len(view.copies) < n_layers for view in planes.views):
        QApplication.processEvents()
    settle()
    found["every layer s"] = time.perf_counter() - wall
    found["every layer, processor s"] = time.process_time() - processor
    return found


def timed_strokes() -> list[float]:
    """A list that gets the milliseconds (of this thread's processor time) of every call that follows a stroke."""
    spent: list[float] = []
    for name in ("_on_drawn", "draw"):
        setattr(MirroredLayer, name, _timed(getattr(MirroredLayer, name), spent))
    return spent


def _timed(inner: Callable[..., None], spent: list[float]) -> Callable[..., None]:
    @wraps(inner)
    def timed(*arguments: Any) -> None:
        start = time.thread_time()
        inner(*arguments)
        spent.append(1000 * (time.thread_time() - start))

    return timed


def stroke(canvas: QWidget) -> None:
    """Paint around the middle of a view."""
    middle = QPoint(canvas.width() // 2, canvas.height() // 2)
    path = [middle + QPoint(round(40 * np.cos(n / 6)), round(40 * np.sin(n / 6))) for n in range(MOVES)]
    QTest.mouseMove(canvas, path[0])
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=path[0])
    for point in path:
        QTest.mouseMove(canvas, point)
        QTest.qWait(12)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=path[-1])
    QTest.qWait(50)


def stroke_ms(canvas: QWidget, spent: list[float]) -> float:
    """Milliseconds of our own computing in a stroke (median)."""
    totals = []
    for _ in range(STROKES):
        spent.clear()
        stroke(canvas)
        totals.append(sum(spent))
    return float(np.median(totals))


def measure(n_layers: int) -> dict[str, float]:
    """Open the planes in a window and paint."""
    start = time.perf_counter()
    viewer = window(n_layers)
    found = {"the window itself s": time.perf_counter() - start}
    grid = ScanGrid(viewer)
    grid.show(access.only(viewer, "scan").metadata[access.KEY].geometry.display)
    planes = ThreePlanes(grid)
    spent = timed_strokes()
    memory = psutil.Process().memory_info().rss
    found |= opening(planes, n_layers)
    found["every layer, memory MB"] = (psutil.Process().memory_info().rss - memory) / 2**20
    labels = access.only(viewer, "labels")
    labels.mode, labels.selected_label = "paint", 2
    found["stroke in the main view ms"] = stroke_ms(canvas_widget(viewer), spent)
    found["stroke in another view ms"] = stroke_ms(view_canvas(planes.views[0].widget), spent)
    start = time.thread_time()
    labels.refresh()
    found["refresh in all views ms"] = 1000 * (time.thread_time() - start)
    start = time.perf_counter()
    planes.close()
    settle()
    found["close s"] = time.perf_counter() - start
    found["open again, processor s"] = opening(planes, n_layers)["open, processor s"]
    viewer.close()
    return found


def main() -> int:
    """Measure in fresh processes, print the least, and say whether the limits hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=3)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--once", action="store_true", help="measure in this process and print JSON")
    given = parser.parse_args()
    if given.once:
        print(json.dumps(measure(given.layers)))
        return 0
    command = [sys.executable, __file__, "--once", "--layers", str(given.layers)]
    runs = [json.loads(subprocess.check_output(command, text=True).splitlines()[-1]) for _ in range(given.windows)]
    least = {name: round(min(run[name] for run in runs), 2) for name in runs[0]}
    for name, value in least.items():
        limit = f"  (at most {ALLOWED[name]:g})" if name in ALLOWED else ""
        print(f"{name:38} {value:8.2f}{limit}   {'  '.join(f'{run[name]:.2f}' for run in runs)}")
    if given.json:
        given.json.write_text(json.dumps({"least": least, "runs": runs}, indent=1))
    return int(any(least[name] > most for name, most in ALLOWED.items()))


if __name__ == "__main__":
    sys.exit(main())
