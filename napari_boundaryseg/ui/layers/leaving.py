"""Layers that nobody needs any more leave one by one: to remove many at once, the window would stand still."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from napari.layers import Layer

from napari_boundaryseg.ui.compat.call_queue import CallQueue
from napari_boundaryseg.ui.compat.window import is_open
from napari_boundaryseg.ui.layers.access import KIND, of_kind

LEAVING = "leaving"
"""The kind of a layer that is hidden, shows nothing of ours any more, and goes with one of the next turns."""
PAUSE_MS = 20
"""Between two of them, so that what a person does comes first."""

_QUEUES: WeakKeyDictionary[Any, CallQueue] = WeakKeyDictionary()


def let_go(viewer: Any, layers: Iterable[Layer]) -> None:
    """Hide layers now and remove them soon; at once where there is no window to stand still."""
    for layer in layers:
        layer.visible = False
        layer.metadata = {KIND: LEAVING}
        layer.name = LEAVING  # its own may be that of a layer which comes meanwhile
    leaving = of_kind(viewer, LEAVING)
    if not is_open(viewer):
        for layer in leaving:
            viewer.layers.remove(layer)
        return
    queue = _QUEUES.setdefault(viewer, CallQueue(pause_ms=PAUSE_MS))
    queue.replace([partial(_remove, viewer, layer) for layer in leaving])


def _remove(viewer: Any, layer: Layer) -> None:
    if is_open(viewer) and layer in viewer.layers:
        viewer.layers.remove(layer)
