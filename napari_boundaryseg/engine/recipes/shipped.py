"""The recipes that ship, by name: whatever the modules of `papers` list."""

from __future__ import annotations

import importlib
import pkgutil

from napari_boundaryseg.engine.recipes import papers
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.errors import InputError


def _listed() -> dict[str, Recipe]:
    found: dict[str, Recipe] = {}
    for info in pkgutil.iter_modules(papers.__path__):
        module = importlib.import_module(f"{papers.__name__}.{info.name}")
        for one in getattr(module, "RECIPES", ()):
            if one.name in found:
                raise ValueError(f"The recipe {one.name!r} is listed twice.")
            found[one.name] = one
    return found


RECIPES: dict[str, Recipe] = _listed()
"""By name."""


def recipe(name: str) -> Recipe:
    """The shipped recipe with this name.

    Raises
    ------
    InputError
        When there is none, with the names that there are.

    Examples
    --------
    >>> recipe("hippocampus-sgm").scheme.names
    ('Hippocampus_A', 'Hippocampus_P')
    """
    if name not in RECIPES:
        raise InputError(name, "there is no such recipe", f"Known: {', '.join(RECIPES)}")
    return RECIPES[name]
