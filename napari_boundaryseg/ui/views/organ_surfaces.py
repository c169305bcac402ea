"""Surfaces of the organs in the 3-D view, in place of their voxels; they follow the labels."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from napari.layers import Surface
from qtpy.QtCore import QObject
from superqt.utils import QSignalThrottler

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.shapes.mesh import surface
from napari_boundaryseg.ui.compat.gui_thread import GuiThread
from napari_boundaryseg.ui.compat.layer_rows import insert_quietly
from napari_boundaryseg.ui.layers import styles
from napari_boundaryseg.ui.layers.access import KEY, KIND, of_kind, only
from napari_boundaryseg.ui.layers.labels import scheme_of
from napari_boundaryseg.ui.layers.leaving import let_go

SURFACE = "surface"
"""The kind of these layers."""
SOON_MS = 200
Mesh = tuple[np.ndarray, np.ndarray]


class OrganSurfaces(QObject):
    """Shows a surface for each organ that is shown, while the viewer shows three dimensions.

    They are made in a thread from a copy of the labels; the last that were asked for count.
    """

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._on_window = GuiThread(self)
        self._asked = 0
        self._hidden: Any = None
        self._later = QSignalThrottler(QSignalThrottler.EmissionPolicy.Trailing, self)
        self._later.setTimeout(SOON_MS)
        self._later.triggered.connect(self._make)
        viewer.dims.events.ndisplay.connect(self._on_ndisplay)

    def follow(self) -> None:
        """Show the labels as they are now, soon."""
        if self._viewer.dims.ndisplay == 3:
            self._later.throttle()

    def _on_ndisplay(self, event: object = None) -> None:
        if self._viewer.dims.ndisplay == 3:
            self._make()
            return
        self._asked += 1
        self._later.cancel()
        let_go(self._viewer, of_kind(self._viewer, SURFACE))
        self._show_voxels()

    def _show_voxels(self) -> None:
        hidden, self._hidden = self._hidden, None
        if hidden is not None and hidden in self._viewer.layers:
            hidden.visible = True

    def _make(self) -> None:
        """Begin to make the surfaces of what is drawn now."""
        self._asked += 1
        layer = only(self._viewer, "labels")
        if self._hidden is not layer:
            self._show_voxels()
        if self._viewer.dims.ndisplay != 3 or layer is None or not (layer.visible or self._hidden is layer):
            let_go(self._viewer, of_kind(self._viewer, SURFACE))
            return
        shown = [organ.id for organ in scheme_of(layer).organs if layer.get_color(organ.id)[3] > 0]
        work = (self._asked, layer, np.array(layer.data), shown, tuple(layer.scale))
        threading.Thread(target=self._compute, args=work, name="surfaces", daemon=True).start()

    def _compute(self, asked: int, layer: Any, array: np.ndarray, shown: list[int], scale: tuple[float, ...]) -> None:
        meshes = {organ: mesh_of(array == organ, scale) for organ in shown}
        found = {organ: mesh for organ, mesh in meshes.items() if mesh is not None}
        self._on_window(lambda: self._put(asked, layer, found))

    def _put(self, asked: int, layer: Any, found: dict[int, Mesh]) -> None:
        if asked != self._asked or layer not in self._viewer.layers:
            return
        scheme, there = scheme_of(layer), {one.name: one for one in of_kind(self._viewer, SURFACE)}
        wanted = {f"surface: {scheme.organ(organ).name}": (organ, mesh) for organ, mesh in found.items()}
        let_go(self._viewer, [one for name, one in there.items() if name not in wanted])
        for name, (organ, (vertices, faces)) in wanted.items():
            if name in there:
                there[name].data = (vertices, faces)
            else:
                self._add(layer, name, vertices, faces, scheme.organ(organ).colour)
        if layer.visible:
            self._hidden = layer
            layer.visible = False  # its voxels would hide the surfaces

    def _add(self, layer: Any, name: str, vertices: np.ndarray, faces: np.ndarray, colour: str) -> None:
        made = Surface(
            (vertices, faces),
            name=name,
            units=layer.units,
            axis_labels=layer.axis_labels,
            metadata={KEY: layer.metadata[KEY], KIND: SURFACE},
            **styles.surface_style(colour),
        )
        insert_quietly(self._viewer, len(self._viewer.layers), made)


def mesh_of(mask: np.ndarray, scale: tuple[float, ...]) -> Mesh | None:
    """Vertices in mm along z, y, x and triangles; None for an empty mask.

    Parameters
    ----------
    mask : (Z, Y, X) bool array
    scale : tuple of float
        Mm along z, y, x.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((6, 6, 6), bool)
    >>> mask[2:4, 2:4, 2:4] = True
    >>> vertices, faces = mesh_of(mask, (3.0, 1.0, 1.0))
    >>> vertices.min(axis=0).tolist(), vertices.max(axis=0).tolist()
    ([4.5, 1.5, 1.5], [10.5, 3.5, 3.5])
    """
    where = boxes.around(mask, scale)
    if where is None:
        return None
    vertices, faces = surface(mask[where], np.diag([*scale, 1.0]))
    return vertices + np.array([part.start * mm for part, mm in zip(where, scale, strict=True)]), faces
