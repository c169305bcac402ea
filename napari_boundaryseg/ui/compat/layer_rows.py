"""Rows of napari's layer list: some layers have none, and a new one is not made the active one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from qtpy.QtCore import QObject, Qt


class LayerRows(QObject):
    """Keeps layers out of the list, wherever they move; they stay layers of the viewer.

    (0.9.2: no groups of layers. The list is a public kind of Qt view under a private name; its rows give the layer as
    user data. Other layers may come, go and move before its rows do: it is asked itself when they have.)
    """

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._left_out: list[Any] = []
        window = getattr(viewer, "window", None)
        self._list: Any = None if window is None else window._qt_viewer.layers
        if self._list is not None:
            rows = self._list.model()
            for moved in (rows.rowsInserted, rows.rowsRemoved, rows.rowsMoved, rows.layoutChanged, rows.modelReset):
                moved.connect(self._write)

    def leave_out(self, layers: Collection[Any]) -> None:
        """Show a row for every other layer, and for no one of these."""
        self._left_out = list(layers)
        self._write()

    def _rows(self) -> list[tuple[int, Any]]:
        if self._list is None:
            return []
        model = self._list.model()
        return [(row, model.index(row, 0).data(Qt.ItemDataRole.UserRole)) for row in range(model.rowCount())]

    def _write(self, *_: object) -> None:
        try:
            for row, layer in self._rows():
                self._list.setRowHidden(row, any(layer is one for one in self._left_out))
        except RuntimeError:  # the window has gone meanwhile
            self._list = None


def insert_quietly(viewer: Any, at: int, layer: Any) -> None:
    """Insert a layer and leave the active one active (0.9.2: each new one would be, and all controls change twice)."""
    layers = viewer.layers
    before, layers._activate_on_insert = layers._activate_on_insert, False
    try:
        layers.insert(at, layer)
    finally:
        layers._activate_on_insert = before
