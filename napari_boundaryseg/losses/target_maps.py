"""Target maps: what a loss compares a network with beside the labels, made from the labels of a whole scan.

A map registers itself in the module of a loss that needs it, and the loss names it among its ``needs``::

    @target_maps.register("signed-distance", interpolation="bilinear")
    def signed_distance_map(truth: GridLabels) -> np.ndarray: ...

    @register("signed-distance", needs=("signed-distance",))
    def signed_distance(output: ModelOutput, target: Target) -> Tensor: ...

Only the maps that a recipe's losses need are made: once for each scan, for a patch does not show how far away an organ
is that lies beyond it. Of a patch that was turned, scaled or bent a map that says how far it looks is made anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np

from napari_boundaryseg.data.contour_targets import Scale, TargetSettings
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.registry import Registry

Interpolation = Literal["nearest", "bilinear"]
Channels = Literal["clear", "blurry", "all", ""]
"""Which organs the channels of a map are: those with a clear border, with a blurry one, all; or of none alone."""


class MapSettings(TargetSettings, Protocol):
    """A recipe's ``targets``, as far as maps ask for them."""

    @property
    def difficulty_sigma_mm(self) -> float:
        """Reach of the difficulty map."""

    @property
    def difficulty_gain(self) -> float:
        """Weight added where the border is hardest to find."""

    @property
    def difficulty_gains(self) -> tuple[float, ...]:
        """The same, one for each organ; none where all have the one gain."""

    @property
    def difficulty_scale(self) -> Scale:
        """What the difficulty map is divided by, see `difficulty_map`."""


@dataclass(frozen=True, eq=False)
class GridLabels:
    """A scan's labels on the network's grid, with what the recipe says of target maps.

    Parameters
    ----------
    classes : (z, y, x) uint8 or int16 array
        Class indices: 0 for the background, n for the organ n of the scheme.
    spacing_mm : tuple of float
        Along z, y, x.
    scheme : LabelScheme
    settings : MapSettings
        The recipe's ``targets``.
    clear, blurry : tuples of int
        Class indices of the organs whose hard contour is taught, and whose soft one.
    across : int, optional
        The axis across which slices lie, for 2-D networks: maps are then made slice by slice.
    """

    classes: np.ndarray
    spacing_mm: tuple[float, float, float]
    scheme: LabelScheme
    settings: MapSettings
    clear: tuple[int, ...] = ()
    blurry: tuple[int, ...] = ()
    across: int | None = None

    def masks(self) -> list[np.ndarray]:
        """(z, y, x) bool, one for each organ of the scheme, in its order; empty where the organ is absent."""
        return [self.classes == n for n in range(1, len(self.scheme.ids) + 1)]


Reach = Callable[[MapSettings], float | None]
"""How far a map looks, in mm; None where it looks over the whole scan."""


def _everywhere(settings: MapSettings) -> None:
    """Such as a distance."""


Maker = Callable[[GridLabels], np.ndarray]
"""Labels to a map, (N, z, y, x), in the type in which it is kept in memory; N depends on the recipe alone, or is 0."""


@dataclass(frozen=True)
class TargetMap:
    """How a map is made, and how it is read where a patch is turned or bent.

    Parameters
    ----------
    make : callable
        See `Maker`.
    interpolation : str
        ``"nearest"`` or ``"bilinear"`` (linear in 3-D).
    least : float
        Of a patch's values. Beyond the scan a map is 0, or this where it is more.
    reach : callable
        A recipe's ``targets`` to how far from a voxel the labels decide its value, in mm. Such a map is made anew from
        the labels of a patch that was turned, scaled or bent: its border is whole there, and its width in mm the one
        that was asked for. None for a map that looks over the whole scan.
    channels : str
        See `Channels`. Where an organ is not known, its channel does not count.
    """

    make: Maker
    interpolation: Interpolation
    least: float = -math.inf
    reach: Reach = _everywhere
    channels: Channels = ""


_registry: Registry[TargetMap] = Registry("target map", __name__.rpartition(".")[0])
names = _registry.names


def register(
    name: str,
    *,
    interpolation: Interpolation,
    least: float = -math.inf,
    reach: Reach = _everywhere,
    channels: Channels = "",
) -> Callable[[Maker], Maker]:
    """Decorate what makes a map; see `TargetMap` for the arguments."""
    if interpolation not in get_args(Interpolation):
        raise ValueError(f"interpolation is {interpolation!r}, and none of {', '.join(get_args(Interpolation))}")

    def add(make: Maker) -> Maker:
        _registry.register(name)(TargetMap(make, interpolation, least, reach, channels))
        return make

    return add


def named(name: str) -> TargetMap:
    """The map with this name.

    Raises
    ------
    InputError
        When there is none.
    """
    return _registry[name]
