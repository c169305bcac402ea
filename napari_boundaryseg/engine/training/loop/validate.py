"""Validation: quick Dice on prepared cases, on the network's grid, for choosing the best step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from napari_boundaryseg.engine.inference.assembling.decision import decided
from napari_boundaryseg.engine.inference.sliding_window import slabs
from napari_boundaryseg.engine.preprocessing.box_distances import with_sides
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.training.data.cases import TrainingCase


class Scores(NamedTuple):
    """Dice per organ, one value per case."""

    choosing: dict[str, list[float]]
    """Of every case in which the organ was looked for: where there is none, 1 if none is found, 0 if something is."""
    in_reference: dict[str, list[float]]
    """Of the cases that hold the organ, as a card tells it."""


def dice_scores(network: nn.Module, cases: Sequence[TrainingCase], recipe: Recipe, device: torch.device) -> Scores:
    """Dice per organ and case.

    A false finding counts like a missed organ, and every checkpoint is chosen by the same number of values. Only what
    is known counts: an organ is left out where the scheme of a case's labels lacks it, or nobody has looked at it.
    """
    network.eval()
    choosing: dict[str, list[float]] = {name: [] for name in recipe.scheme.names}
    held: dict[str, list[float]] = {name: [] for name in recipe.scheme.names}
    for case in cases:
        labels = _labels(network, case, recipe, device)
        for index, name in enumerate(recipe.scheme.names, start=1):
            truth, found = case.labels.numpy() == index, labels == index
            if case.valid is not None:
                known = case.valid[min(index, len(case.valid)) - 1].numpy()
                if not known.any():
                    continue
                truth, found = truth & known, found & known
            both = int(found.sum() + truth.sum())
            dice = float(2 * (found & truth).sum() / both) if both else 1.0
            choosing[name].append(dice)
            if truth.any():
                held[name].append(dice)
    return Scores(*({name: values for name, values in one.items() if values} for one in (choosing, held)))


def mean_of(scores: dict[str, list[float]]) -> float:
    """The mean over organs of the mean over cases; not a number where nothing was scored."""
    return float(np.nanmean([np.mean(values) for values in scores.values()])) if scores else math.nan


def _labels(network: nn.Module, case: TrainingCase, recipe: Recipe, device: torch.device) -> np.ndarray:
    softmax: Callable[[Tensor], Tensor] = lambda x: torch.softmax(network(x).logits, 1)  # noqa: E731
    image = with_sides(case.image, case.spacing_mm, recipe.sides_mm)
    found = np.empty(image.shape[1:], np.min_scalar_type(len(recipe.scheme.ids)))
    with torch.inference_mode():
        for slab in slabs(image, softmax, recipe.window_vox, recipe.inference.overlap, batch=2, device=device):
            found[slab.where] = decided(slab.maps.cpu().numpy(), recipe.nested)
    return found
