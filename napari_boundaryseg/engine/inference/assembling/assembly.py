"""A network's answer, slab by slab, put together to the labels and maps of a prediction. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.checkpoints.card import Calibration
from napari_boundaryseg.engine.inference.assembling.arrays import Arrays
from napari_boundaryseg.engine.inference.assembling.border_probability import BorderProbability
from napari_boundaryseg.engine.inference.assembling.calibration import rescaled, tempered
from napari_boundaryseg.engine.inference.assembling.decision import Winners
from napari_boundaryseg.engine.inference.assembling.postprocess import contour_maps, labelled
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.recipes.recipe import Recipe

Zyx = tuple[slice, slice, slice]


class Assembly:
    """Gathers what a network says of a scan; of each map only the part that just came is in memory beside the result.

    Parameters
    ----------
    volume : Volume
    grid : NetworkGrid
    recipe : Recipe
    arrays : Arrays
        Where the maps are made.
    calibration : Calibration, optional
    """

    def __init__(
        self, volume: Volume, grid: NetworkGrid, recipe: Recipe, arrays: Arrays, calibration: Calibration | None = None
    ) -> None:
        self._volume, self._grid, self._recipe, self._arrays = volume, grid, recipe, arrays
        self._scalings = calibration or Calibration()
        self._winners = Winners(grid.own_shape, 1 + len(recipe.scheme.ids), recipe.nested)
        self._edges: BorderProbability | None = None
        self._whole: dict[str, np.ndarray] = {}
        self._inside: dict[str, np.ndarray] = {}
        self._sources: dict[str, str] = {}
        self._levels: list[str] = []
        self._attention_kind = ""

    def add(self, where: Zyx, axis: int, maps: Mapping[str, np.ndarray], attention_kind: str = "") -> None:
        """The next planes.

        Parameters
        ----------
        where : three slices
            Of the scan's own (z, y, x), inside the box.
        axis : int
            Along which slabs follow one another.
        maps : mapping
            Name of a head to its (n, z, y, x) values: see `Heads.split`.
        attention_kind : str
            See `models.Attention`.
        """
        classes, recipe = maps["classes"], self._recipe
        self._winners.add(where, classes)
        # Maps are derived from the network's own probabilities: the edges' calibration was fitted on them.
        # A scale keeps the likeliest class, but not which region is likelier than not: those are left as they are.
        scaled = classes if recipe.nested else tempered(classes, self._scalings.probabilities)
        self._put("probabilities", where, scaled, outside=[1.0] + [0.0] * (len(classes) - 1))
        contours, self._sources = contour_maps(maps, classes, recipe)
        for n, name in enumerate(recipe.scheme.names):
            self._put(f"contour{n}", where, contours[name])
        self._take_edges(where, axis, maps, classes)
        self._levels = [name for name in maps if name.startswith("level")]
        self._attention_kind = attention_kind
        for n, name in enumerate(self._levels):
            self._put(f"attention{n}", where, maps[name][0], outside=1.0 if attention_kind == "gain" else 0.0)

    def _take_edges(self, where: Zyx, axis: int, maps: Mapping[str, np.ndarray], classes: np.ndarray) -> None:
        if "edges" in maps:
            self._sources["edges"] = "hard head"
            self._put("edges", where, rescaled(maps["edges"][0], self._scalings.edges))
            return
        # Of all organs in one way, so that the map is on one scale: heads that learned boundaries, and bands, have two.
        self._sources["edges"] = "derived"
        if self._edges is None:
            self._edges = BorderProbability(axis, self._grid.own_shape[axis])
        planes, edges = self._edges.add(where[axis], classes[1:])
        parts = [*where]
        parts[axis] = planes
        self._put("edges", (parts[0], parts[1], parts[2]), rescaled(edges, self._scalings.edges))

    def _put(self, name: str, where: Zyx, values: np.ndarray, outside: float | Sequence[float] = 0.0) -> None:
        if name not in self._whole:
            array = self._arrays.new(name, (*values.shape[:-3], *self._volume.geometry.shape))
            self._fill(array, outside)
            self._whole[name] = array
            self._inside[name] = self._grid.turned(array[(..., *self._grid.box)])
        inside = self._inside[name]
        for one, part in zip([inside] if values.ndim == 3 else inside, [values] if values.ndim == 3 else values):
            one[where] = part
            self._arrays.settle(name)

    def _fill(self, array: np.ndarray, outside: float | Sequence[float]) -> None:
        """Values beside the box, where there is something beside it."""
        if array[(..., *self._grid.box)].size == array.size:
            return
        each = [array] if isinstance(outside, float) else array
        for one, value in zip(each, np.atleast_1d(outside), strict=True):
            if value:
                one[...] = value

    def parts(self) -> tuple[dict[str, Any], list[str], dict[str, dict[str, Any]]]:
        """What a `Prediction` is made of, but for channel weights and details; notes; what was left out."""
        grid, names = self._grid, self._recipe.scheme.names
        own = grid.turned_back(self._winners.own)
        found = grid.turned_back(self._winners.found)
        labels, notes, left_out = labelled(self._volume, grid.box, found, lambda n: own, self._recipe)
        return (
            {
                "labels": labels,
                "probabilities": self._whole["probabilities"],
                "edges": self._whole["edges"],
                "contours": {name: self._whole[f"contour{n}"] for n, name in enumerate(names)},
                "contour_sources": self._sources,
                "attention": {name: self._whole[f"attention{n}"] for n, name in enumerate(self._levels)},
                "attention_kind": self._attention_kind,
            },
            notes,
            left_out,
        )
