"""The change of a viewer to three dimensions, and what the graphics card can do there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari import Viewer
from napari._vispy.utils.gl import get_max_texture_sizes, gl

BY_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "software", "swiftshader", "gdi generic", "basic render")
"""What renderers that have no graphics card call themselves, in part and in small letters."""


def draws_by_software(viewer: Viewer) -> bool:
    """Whether the processor draws in place of a graphics card (napari 0.9.2: its canvas has no public name)."""
    viewer.window._qt_viewer.canvas._scene_canvas.set_current()
    name = gl.glGetParameter(gl.GL_RENDERER)
    return any(part in str(name or "").lower() for part in BY_SOFTWARE)


def longest_texture() -> int:
    """The most voxels along one axis that the graphics card draws in 3-D (napari 0.9.2: no public name for it)."""
    return get_max_texture_sizes()[1] or 0


def before_three_d(viewer: Viewer, may: Callable[[], bool]) -> None:
    """Ask ``may`` whenever the viewer turns to three dimensions, before a layer follows; if not, it stays flat.

    (0.9.2: no public event before the change. This listener is called before napari's own, which then see no change.)
    """
    dims: Any = viewer.dims

    def ask(event: object = None) -> None:
        if dims.ndisplay == 3 and not may():
            dims.ndisplay = 2

    dims.events.ndisplay.connect(ask, position="first")
