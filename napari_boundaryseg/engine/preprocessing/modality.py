"""Modality: a model is not run on scans of another one unless somebody means it."""

from __future__ import annotations

from napari_boundaryseg.data.hounsfield import modality_of
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.errors import OtherModality

WORDS = {"MR": "MR", "CT": "CT", "PT": "PET"}


def refuse_other_modality(scan: Volume, recipe: Recipe, model: str) -> None:
    """Refuse a scan that is of another modality than a model's training scans, as its file or its values say.

    Raises
    ------
    OtherModality
        Naming both, with what else tells the scan from those that the model knows.
    """
    modality, guessed = modality_of(scan)
    if not modality or not recipe.modality or modality == recipe.modality:
        return
    own = " x ".join(f"{mm:.3g}" for mm in scan.spacing_mm)
    wanted = " x ".join(f"{mm:.3g}" for mm in recipe.preprocessing.spacing_mm or ())
    spacing = f" of {own} mm; it learnt at {wanted} mm" if wanted else f" of {own} mm"
    known = WORDS.get(modality, modality) + (", by its values," if guessed else "")
    raise OtherModality(
        scan.name,
        f"it is {known}{spacing}, and {model} was made for {WORDS[recipe.modality]} ({', '.join(recipe.channels)})",
        "Choose another model, or use it all the same (--any-modality)",
    )
