"""Libraries that napari loads only with a first layer of labels or another plane, loaded before, in a thread."""

from __future__ import annotations

import gc
import importlib
import threading
from contextlib import suppress

from napari import Viewer

from napari_boundaryseg.ui.compat.window import when_closed

LATE = ("pandas", "skimage.color", "scipy.spatial.transform")
"""What the window would stand still for (0.9.2): tables of features, colours of labels, turned axes."""


def preload(viewer: Viewer) -> None:
    """Begin to load them; whoever needs one meanwhile waits for it.

    What is there by then stays as long as the window: Python does not go through it in each search for garbage, for
    which the window would stand still a third of a second.
    """
    when_closed(viewer, gc.unfreeze)
    threading.Thread(target=_load, name="preload", daemon=True).start()


def _load() -> None:
    for name in LATE:
        with suppress(ImportError):  # whoever needs it will say so
            importlib.import_module(name)
    gc.freeze()
