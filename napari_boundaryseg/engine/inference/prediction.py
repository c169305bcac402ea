"""Prediction of one scan, or its labels alone: probabilities, edges, soft contours, attention. Read-only, no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from napari_boundaryseg.data.volume import LabelMap


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What a model finds on a scan without any map: what costs least to compute.

    Parameters
    ----------
    labels : LabelMap
        On the scan's own grid.
    details : mapping
        Plain values for the report: model, its SHA-256, device, dtype, seconds per stage, box.
    """

    labels: LabelMap
    details: Mapping[str, object] = field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "details", MappingProxyType(dict(self.details)))


@dataclass(frozen=True, eq=False)
class Prediction(Segmentation):
    """Labels and maps on the scan's own grid, (I, J, K) in file order; arrays are read-only.

    Edges, contours and attention are float16 where they lie on disk: see `arrays.InFolder`.

    Parameters
    ----------
    labels : LabelMap
    probabilities : (classes, I, J, K) float32 array
        Background first, then the organs in label order.
    edges : (I, J, K) float32 array
        How likely a border of any organ passes through the voxel, 0..1: of an edge stream as it says, of other networks
        how much an organ's probability changes between the voxel and its neighbours.
    contours : mapping
        Organ name to its contour map, (I, J, K) float32, 0..1; every organ of the scheme has one. Of a hard head the
        probability that the organ's border passes, of a soft head the heat it was taught, which is 1 on the border,
        derived 4 p (1 - p).
    contour_sources : mapping
        Organ name, and ``"edges"``, to ``"soft head"``, ``"hard head"`` or ``"derived"``.
    attention : mapping
        ``"level 0"`` and so on to (I, J, K) float32; empty when the network has no attention.
    attention_kind : str
        ``"gain"``: what the gate multiplies the features by, 0..2, the mean over their channels; 1 leaves them as they
        are, and is what lies outside the box. ``"edge"``: how much likelier an edge becomes by the gate, 0..1.
        Empty of results of older versions, 0..1.
    channel_weights : mapping
        ``"level 0"`` and so on to the mean weight of each feature channel, 0..1.
    details : mapping
        As of a `Segmentation`.
    """

    probabilities: np.ndarray
    edges: np.ndarray
    contours: Mapping[str, np.ndarray]
    contour_sources: Mapping[str, str]
    attention: Mapping[str, np.ndarray] = field(default_factory=dict)
    attention_kind: str = ""
    channel_weights: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        for array in (self.probabilities, self.edges, *self.contours.values(), *self.attention.values()):
            array.flags.writeable = False
        for name in ("contours", "contour_sources", "attention", "channel_weights"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
