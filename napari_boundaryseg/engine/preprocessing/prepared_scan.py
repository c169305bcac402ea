"""A scan as a network is given it: its channels in order, a box of it, the network's grid, the image on that grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.preprocessing.channels import in_order
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.models.slicewise import with_neighbours


@dataclass(frozen=True, eq=False)
class PreparedScan:
    """What training, prediction and the check of the field of view share; made by `PreparedScan.of`.

    Parameters
    ----------
    volume : Volume
        With its channels in the recipe's order.
    recipe : Recipe
    box : three slices, optional
        The part of the scan's own (I, J, K) array that the network is given; all of it by default.
    """

    volume: Volume
    recipe: Recipe
    box: Box | None = None

    @classmethod
    def of(cls, volume: Volume, recipe: Recipe, who: str = "") -> PreparedScan:
        """All of a scan.

        Parameters
        ----------
        volume : Volume
        recipe : Recipe
        who : str
            The model or recipe, for the message; the recipe's name by default.

        Raises
        ------
        InputError
            When its channels are not those that the recipe needs.
        """
        return cls(in_order(volume, recipe.channels, who or recipe.name), recipe)

    def within(self, box: Box | None) -> PreparedScan:
        """The same scan, of which the network is given a box; unchanged for None."""
        return self if box is None else replace(self, box=box)

    @cached_property
    def grid(self) -> NetworkGrid:
        """The network's grid over the box, made when it is first asked for."""
        return NetworkGrid(self.volume, self.recipe.preprocessing, self.box)

    @property
    def field_mm(self) -> tuple[float, float, float]:
        """What the network's grid covers along x, y, z of the patient."""
        z, y, x = (n * step for n, step in zip(self.grid.shape, self.grid.spacing_zyx, strict=True))
        return x, y, z

    def image(self) -> Tensor:
        """(C, z, y, x) float32: normalised, with neighbouring slices as channels where the recipe asks for them.

        Raises
        ------
        InputError
            When the network's grid would be absurdly large.
        """
        return with_neighbours(torch.from_numpy(self.grid.image()), self.recipe.slices, self.recipe.plane)
