"""From pixels of a flat view to points in mm, and back."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QPointF
from qtpy.QtWidgets import QWidget

from napari_boundaryseg.ui.compat.canvas import camera_of


def mm_per_pixel(viewer: Any) -> tuple[float, float]:
    """How far the scan goes with one pixel downwards, and with one to the right."""
    camera = camera_of(viewer)
    down, right = (-1 if str(way) in ("up", "left") else 1 for way in camera.orientation2d)
    return down / camera.zoom, right / camera.zoom


def to_pixel(viewer: Any, canvas: QWidget, point: tuple[float, ...]) -> QPointF:
    """The pixel at which a view shows a point."""
    centre, (down, right) = camera_of(viewer).center[-2:], mm_per_pixel(viewer)
    y, x = (point[axis] for axis in viewer.dims.order[-2:])
    return QPointF(canvas.width() / 2 + (x - centre[1]) / right, canvas.height() / 2 + (y - centre[0]) / down)


def to_point(viewer: Any, canvas: QWidget, pixel: QPointF) -> tuple[float, ...]:
    """The point in mm, on the slice in view, under a pixel."""
    centre, (down, right) = camera_of(viewer).center[-2:], mm_per_pixel(viewer)
    point = list(viewer.dims.point)
    point[viewer.dims.order[-2]] = centre[0] + (pixel.y() - canvas.height() / 2) * down
    point[viewer.dims.order[-1]] = centre[1] + (pixel.x() - canvas.width() / 2) * right
    return tuple(point)
