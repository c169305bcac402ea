"""napari's entry points for files, and the one controller of each viewer."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from napari import current_viewer
from qtpy.QtCore import QTimer

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.compat.gui_thread import runner
from napari_boundaryseg.ui.compat.window import when_closed
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.input.window_input import WindowInput
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.free_labels import OVER, free_labels, scan_beneath
from napari_boundaryseg.ui.layers.reviewing.observer_layers import MEDIAN
from napari_boundaryseg.ui.layers.scan import scan_data

PRESTART_MS = 2000
"""The worker starts once the window stands."""

SAVE_LABELS = "Choose the layer of labels"

_CONTROLLERS: weakref.WeakKeyDictionary[Any, ViewerController] = weakref.WeakKeyDictionary()


def controller_of(viewer: Any, *, last_project: bool = True) -> ViewerController:
    """The viewer's controller: made when first asked for, with the project used last, and closed with the viewer."""
    viewer = getattr(viewer, "__wrapped__", viewer)
    if viewer not in _CONTROLLERS:
        controller = ViewerController(viewer, Session(runner(), None))
        _CONTROLLERS[viewer] = controller
        WindowInput(controller)
        when_closed(viewer, controller.close)
        QTimer.singleShot(PRESTART_MS, controller.jobs.warm_up)
        if last_project:
            QTimer.singleShot(0, controller.projects.open_last)
    return _CONTROLLERS[viewer]


def readable() -> tuple[str, ...]:
    """The file endings that napari may hand to `get_reader`; folders it may hand over too."""
    return (*formats.suffixes(), ".dcm")


def get_reader(path: str | list[str]) -> Callable[[Any], list[Any]] | None:
    """A function that reads this path as napari layers, or None when it is not a scan's."""
    paths = [path] if isinstance(path, str) else list(path)
    return read_layers if paths and all(formats.can_read(p) for p in paths) else None


def read_layers(path: str | list[str]) -> list[Any]:
    """One scan as napari layer data: grey images on the display grid, the `Volume` in their metadata."""
    paths = [path] if isinstance(path, str) else list(path)
    return scan_data(formats.read(*paths))


def write_labels(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Save a labels layer as NIfTI: in the scan's own geometry when it was drawn on one.

    A layer that napari or another plugin made is saved where napari shows it over the scan that was open when it came;
    without one, its z, y and x grow to head, back and left, in mm.
    """
    known = meta.get("metadata", {})
    scan = known.get(access.KEY)
    if known.get(access.KIND) == MEDIAN:
        raise InputError(Path(path), "the median of several observers is nobody's labels", SAVE_LABELS)
    array = np.asarray(data)
    if scan is not None:
        labels = LabelMap(
            np.ascontiguousarray(scan.geometry.display.from_display(array)),
            scan.geometry,
            known.get("scheme"),
            scan.name,
        )
    else:
        labels = free_labels(array, meta, known.get(OVER) or _scan_without_controller(data))
    if not str(path).lower().endswith((".nii", ".nii.gz")):
        raise InputError(Path(path), "this kind of label file is not written", "Choose a name that ends in .nii.gz")
    formats.write(labels, Path(path))
    return [str(path)]


def _scan_without_controller(data: Any) -> Volume | None:
    """The scan under a layer of napari's current viewer, where none of our panels is open to remember it."""
    viewer = current_viewer()
    return None if viewer in _CONTROLLERS else scan_beneath(viewer, data)
