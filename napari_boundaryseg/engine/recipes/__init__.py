"""The recipes that ship: one for each paper and data set, and small ones for what is at hand. One file per paper."""

from __future__ import annotations

from napari_boundaryseg.engine.recipe import Recipe
from napari_boundaryseg.engine.recipes import bacnn, baselines, egcnn, hmedn, sgm

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for module in (sgm, hmedn, egcnn, bacnn, baselines)
    for recipe in module.RECIPES
}
"""By name."""
