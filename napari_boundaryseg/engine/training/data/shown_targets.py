"""Target maps on a label map's own grid, to be looked at: what a recipe would teach from these labels."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.training.data.targets import made


def shown_targets(labels: LabelMap, recipe: Recipe) -> dict[str, np.ndarray]:
    """Every target map that a recipe's losses need.

    They are made as in a training, but on the labels' grid instead of the network's, so that they lie on the scan.

    Parameters
    ----------
    labels : LabelMap
    recipe : Recipe

    Returns
    -------
    dict of str to (N, I, J, K) float32 array
        Such as ``"difficulty"``: how much a voxel weighs, from 1 on; ``"hard"`` and ``"soft"``: one for each organ.

    Raises
    ------
    InputError
        Where the labels hold what the recipe's scheme does not name.

    Examples
    --------
    >>> from napari_boundaryseg.engine.recipes.shipped import recipe
    >>> from napari_boundaryseg.phantom.two_part import two_part_structure
    >>> found = shown_targets(two_part_structure(1)[1], recipe("hippocampus-hmedn"))
    >>> sorted(found), float(found["difficulty"].min())
    (['difficulty', 'soft'], 1.0)
    """
    labels = labels.with_scheme(recipe.scheme)
    axes = AxisMap(labels.geometry.affine, labels.geometry.shape, "RAS")
    classes = np.zeros(max(recipe.scheme.ids) + 1, np.int16)
    classes[list(recipe.scheme.ids)] = np.arange(1, len(recipe.scheme.ids) + 1)
    drawn = np.ascontiguousarray(axes.to_axes(classes[labels.array]).transpose(2, 1, 0))
    x, y, z = axes.new_spacing_mm
    return {
        name: np.ascontiguousarray(axes.from_axes(one.numpy().astype(np.float32).transpose(0, 3, 2, 1)))
        for name, one in made(drawn, recipe, (z, y, x)).items()
    }
