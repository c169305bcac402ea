"""Validation: quick Dice on prepared cases, on the network's grid, for choosing the best step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from napari_boundaryseg.engine.inference.sliding_window import sliding_window
from napari_boundaryseg.engine.preprocessing.box_distances import with_sides
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.training.data.cases import TrainingCase


def dice_scores(
    network: nn.Module, cases: Sequence[TrainingCase], recipe: Recipe, device: torch.device
) -> dict[str, list[float]]:
    """Dice per organ and case; a case without the organ is left out.

    Returns
    -------
    dict
        Organ name to one value per case that holds the organ.
    """
    network.eval()
    scores: dict[str, list[float]] = {name: [] for name in recipe.scheme.names}
    for case in cases:
        labels = _labels(network, case, recipe, device)
        for index, name in enumerate(recipe.scheme.names, start=1):
            truth = case.labels.numpy() == index
            if truth.any():
                found = labels == index
                scores[name].append(float(2 * (found & truth).sum() / (found.sum() + truth.sum())))
    return {name: values for name, values in scores.items() if values}


def mean_of(scores: dict[str, list[float]]) -> float:
    """The mean over organs of the mean over cases; not a number where nothing was scored."""
    return float(np.nanmean([np.mean(values) for values in scores.values()])) if scores else math.nan


def _labels(network: nn.Module, case: TrainingCase, recipe: Recipe, device: torch.device) -> np.ndarray:
    softmax: Callable[[Tensor], Tensor] = lambda x: torch.softmax(network(x).logits, 1)  # noqa: E731
    with torch.inference_mode():
        image = with_sides(case.image, case.spacing_mm, recipe.sides_mm)
        blended = sliding_window(image, softmax, recipe.window_vox, recipe.inference.overlap, batch=2, device=device)
    return np.asarray(torch.as_tensor(blended).argmax(0).cpu())
