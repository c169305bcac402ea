"""Files that a person drops on napari's view, or opens from its menu or command line, before napari reads them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from napari import Viewer

from napari_boundaryseg.ui.compat.canvas import main_view


def before_opened(viewer: Viewer, ours: Callable[[list[Path]], bool]) -> None:
    """Ask whether files are taken; napari reads what is not, and what a person names a reader for or wants stacked.

    (0.9.2: no public event. Drops, menu and command line call ``_qt_open`` of the view.)
    """
    try:
        view: Any = main_view(viewer)
    except AttributeError:  # a viewer without a window
        return
    known = weakref.ref(view)

    def opened(
        filenames: Sequence[str], stack: Any = False, choose_plugin: bool = False, plugin: Any = None, **named: Any
    ) -> None:
        view = known()
        plain = not stack and not choose_plugin and plugin is None and not any(named.values())
        if view is not None and not (plain and ours([Path(name) for name in filenames])):
            type(view)._qt_open(view, filenames, stack, choose_plugin, plugin, **named)

    view._qt_open = opened
