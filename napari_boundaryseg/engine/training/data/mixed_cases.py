"""Training cases of which some are labelled scans and the others synthetic: appearance of the ones, breadth of both."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.training.data.cases import Hold, Pair, RealCases, Source, TrainingCase, in_memory
from napari_boundaryseg.engine.training.data.synthetic_cases import SyntheticScans
from napari_boundaryseg.progress import Progress, silent

FEWEST = 20
"""Draws of labelled scans for a step at least, so that the share is kept to a hundredth or so."""


class MixedCases:
    """Labelled and synthetic scans in a fixed proportion, however many of either there are.

    Parameters
    ----------
    real, synthetic : Source
    share : float
        Of the synthetic ones.
    seed : int
        Which labelled scans a step may draw from depends on it and the step alone.
    """

    def __init__(self, real: Source, synthetic: Source, share: float, seed: int) -> None:
        self._real, self._synthetic, self._share, self._seed = real, synthetic, share, seed

    def at(self, step: int) -> Sequence[TrainingCase]:
        """The pool of synthetic scans, and as many draws of the labelled ones as the share leaves room for."""
        made, known = self._synthetic.at(step), self._real.at(step)
        often = math.ceil(FEWEST * self._share / (1 - self._share) / len(made))
        count = round(often * len(made) * (1 - self._share) / self._share)
        drawn = np.random.default_rng([self._seed, 17, step]).integers(len(known), size=count)
        return [*(list(made) * often), *(known[int(n)] for n in drawn)]


def source_of(
    recipe: Recipe, cases: Iterable[Pair], seed: int, progress: Progress = silent, hold: Hold = in_memory
) -> Source:
    """Where a training's patches come from: labelled scans, synthetic ones, or both, as its recipe says."""
    if not recipe.synthetic or not recipe.synthetic_share:
        return RealCases(cases, recipe, progress=progress, hold=hold)
    made = SyntheticScans(recipe, seed)
    if not recipe.learns_from_cases:
        return made
    return MixedCases(RealCases(cases, recipe, progress=progress, hold=hold), made, recipe.synthetic_share, seed)
