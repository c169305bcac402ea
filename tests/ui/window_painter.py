"""A person who paints in a real window; also a program of its own, to be killed.

``python window_painter.py SCAN SEED`` prints a number and a digest of the labels after each stroke that is on the disk.
Journals go where ``XDG_DATA_HOME`` says.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from hands import drag, live
from qtpy.QtCore import QPoint

from napari_boundaryseg.ui.compat.canvas import canvas_widget
from napari_boundaryseg.ui.layers.labels import editable_of

NAME = "killed"


def digest(array: np.ndarray) -> str:
    """The labels in a few letters."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def main(scan: Path, seed: int) -> None:
    """Paint until killed."""
    import napari

    from napari_boundaryseg.data import formats
    from napari_boundaryseg.data.labels import preset
    from napari_boundaryseg.ui import hooks
    from napari_boundaryseg.ui.docks import WorkbenchDock

    viewer = napari.Viewer(show=True)
    controller = hooks.controller_of(viewer, last_project=False)
    viewer.window.add_dock_widget(WorkbenchDock(viewer), name="Boundary segmentation", area="right")
    controller.session.scan = formats.read(scan)
    controller.labels.new(preset("pelvis-mr"))
    layer: Any = controller.tools.layer
    editable = editable_of(layer)
    assert editable.journal is not None
    canvas, rng = canvas_widget(viewer), Random(seed)
    layer.mode, layer.brush_size = "paint", 6
    live(500)
    while True:
        viewer.dims.set_current_step(0, rng.randrange(int(viewer.dims.nsteps[0])))
        layer.selected_label = rng.randrange(1, 4)
        middle = QPoint(canvas.width() // 2, canvas.height() // 2)
        points = [middle + QPoint(rng.randint(-120, 120), rng.randint(-120, 120)) for _ in range(3)]
        before = editable.history.position
        drag(canvas, *points)
        if editable.history.position > before:
            editable.journal.flush()
            print(editable.history.position, digest(layer.data), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
