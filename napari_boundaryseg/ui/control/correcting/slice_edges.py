"""Edges of a slice for the polygon that follows them: those of the scan in view, and those that a model found."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_boundaryseg.editing.tools.livewire import edge_strength, scaled
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.tools.outline import OutlineSettings
from napari_boundaryseg.ui.tools.paint_tools import PaintTools

FOLLOWED = {"Hippocampus_A": 0.5, "Hippocampus_P": 0.5}
"""How much the polygon follows learned edges of an organ until it is set by hand: where that takes at most 90 % of a
polygon's clicks (docs/benchmarks.md, Livewire)."""


class SliceEdges:
    """Of the slice that was asked for last, made once.

    Parameters
    ----------
    viewer : napari.Viewer
    session : Session
    tools : PaintTools
    """

    def __init__(self, viewer: Any, session: Session, tools: PaintTools) -> None:
        self._viewer, self._session, self._tools = viewer, session, tools
        self._of: tuple[Any, Prediction | None] = (None, None)
        """The voxels and the prediction that the edges are of; a layer is the next scan's, too."""
        self._asked: tuple[int, int, float, float] | None = None
        self._edges: np.ndarray | None = None
        session.scan_changed.connect(self._forget)

    def _forget(self, scan: object = None) -> None:
        self._of, self._asked, self._edges = (None, None), None, None

    def __call__(self, axis: int, at: int, learned: float) -> np.ndarray | None:
        """(R, C) edges, 0 to 1: those of the scan, of the model, or of both by the share of learned ones."""
        layer, prediction = self._layer(), self._session.prediction
        silent: Any = prediction.details.get("silent", ()) if prediction is not None else ()
        if "edges" in silent:  # they say nothing of where a border is
            prediction = None
        if layer is None:
            return None
        spacing = [float(mm) for n, mm in enumerate(layer.scale) if n != axis]
        asked = (axis, at, learned if prediction is not None else 0.0, self._sigma_mm(min(spacing)))
        if asked != self._asked or layer.data is not self._of[0] or prediction is not self._of[1]:
            self._of, self._asked = (layer.data, prediction), asked
            self._edges = self._made(layer, prediction, *asked, spacing)
        return self._edges

    def suits(self) -> OutlineSettings:
        """How the polygon is set for the chosen organ until a person sets it."""
        editable, organ = self._tools.editable, self._tools.state()[2]
        if editable is None or self._session.prediction is None or organ not in editable.scheme.ids:
            return OutlineSettings()
        follow = FOLLOWED.get(editable.scheme.organ(organ).name, 0.0)
        return OutlineSettings(follow=follow, learned=1.0) if follow else OutlineSettings()

    def _made(
        self,
        layer: Any,
        prediction: Prediction | None,
        axis: int,
        at: int,
        learned: float,
        sigma_mm: float,
        spacing: list[float],
    ) -> np.ndarray:
        found = np.zeros(np.delete(layer.data.shape, axis), np.float32)
        if learned < 1:
            image = np.take(np.asarray(layer.data), at, axis)
            found += (1 - learned) * edge_strength(image, (spacing[0], spacing[1]), sigma_mm)
        if prediction is not None and learned > 0 and self._session.scan is not None:
            edges = self._session.scan.geometry.display.to_display(np.asarray(prediction.edges))
            found += learned * scaled(np.take(edges, at, axis).astype(np.float32))
        return found

    def _sigma_mm(self, pixel_mm: float) -> float:
        """Half of the chosen organ's tolerance, and at least half a pixel."""
        editable, organ = self._tools.editable, self._tools.state()[2]
        known = editable is not None and organ in editable.scheme.ids
        return max(editable.scheme.organ(organ).tolerance_mm if editable is not None and known else 0.0, pixel_mm) / 2

    def _layer(self) -> Any:
        """The scan that is seen on top."""
        return next((one for one in reversed(access.of_kind(self._viewer, "scan")) if one.visible), None)
