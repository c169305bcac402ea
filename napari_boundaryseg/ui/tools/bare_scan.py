"""The bare scan: everything that lies over it is clear while a key is held, and as it was afterwards."""

from __future__ import annotations

from typing import Any

from psygnal import Signal

from napari_boundaryseg.ui.layers import access


class BareScan:
    """Makes layers clear, which costs no slicing as hiding them would.

    Parameters
    ----------
    viewer : Viewer
        Copies of its layers in other views follow them.
    """

    changed = Signal()

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._opacities: dict[Any, float] | None = None

    @property
    def is_on(self) -> bool:
        """Whether only the scan is seen."""
        return self._opacities is not None

    def begin(self) -> None:
        """Show nothing but the scan; what comes meanwhile is clear, too."""
        if self._opacities is None:
            self._opacities = {}
            for layer in self._viewer.layers:
                self._clear(layer)
            self._viewer.layers.events.inserted.connect(self._on_inserted)
            self.changed.emit()

    def end(self) -> None:
        """Show everything as it was."""
        if self._opacities is None:
            return
        before, self._opacities = self._opacities, None
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        for layer, opacity in before.items():
            layer.opacity = opacity
        self.changed.emit()

    def _clear(self, layer: Any) -> None:
        if self._opacities is not None and layer.metadata.get(access.KIND) != "scan":
            self._opacities[layer], layer.opacity = layer.opacity, 0.0

    def _on_inserted(self, event: Any) -> None:
        self._clear(event.value)
