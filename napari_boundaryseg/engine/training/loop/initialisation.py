"""Weight initialisation of a fresh network, as a recipe asks for it."""

from __future__ import annotations

from torch import nn

from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.models.blocks import initialise


def initialised(network: nn.Module, recipe: Recipe) -> nn.Module:
    """The same network with the recipe's fresh weights; as it came where the recipe leaves them to the network."""
    if recipe.initialisation != "default":
        initialise(network)
    if recipe.initialisation == "he":
        for module in network.modules():
            if isinstance(module, (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return network
