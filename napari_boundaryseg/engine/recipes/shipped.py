"""The recipes that ship, by name."""

from __future__ import annotations

from napari_boundaryseg.engine.recipes.papers import bacnn, baselines, egcnn, hmedn, sgm
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.errors import InputError

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe for module in (sgm, hmedn, egcnn, bacnn, baselines) for recipe in module.RECIPES
}
"""By name."""


def recipe(name: str) -> Recipe:
    """The shipped recipe with this name."""
    if name not in RECIPES:
        raise InputError(name, "there is no such recipe", f"Known: {', '.join(RECIPES)}")
    return RECIPES[name]
