"""Recipe of a JSON file, and what is wrong with it in one sentence. No torch."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from napari_boundaryseg.engine.recipes.recipe import Recipe, read_recipe
from napari_boundaryseg.errors import InputError


def recipe_of_file(path: Path) -> Recipe:
    """The recipe of a JSON file.

    Raises
    ------
    InputError
        Naming the file and the setting that is wrong.
    """
    try:
        return read_recipe(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = f"{first['msg']:.200}".rstrip(".")
        raise InputError(
            path,
            f"its setting {place!r:.80} is wrong: {reason}" if place else f"it is no recipe: {reason}",
            "Correct it, or begin with what boundaryseg train RECIPE --show prints",
        ) from error
    except OSError as error:
        raise InputError(path, f"it could not be read: {error.strerror or error}", "Check the name") from error
