"""Training scans made on the fly: synthetic pelves at two difficulties, synthetic brains with a tumour."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.training.data.cases import TrainingCase, prepare
from napari_boundaryseg.phantom import Difficulty, Tissues, anatomy, brain, render

EVERY = {"pelvis": 3, "brain": 8}
"""Steps between two new scans: making scans is to take a tenth of a training at most."""
RENDERS = 4
"""How often one pelvis is rendered with new intensities before it is replaced by a new one."""
JUDGES_FROM = 900_000_000
"""The first seed of scans that judge: trainings begin at a million and a hundred thousand for each of their seeds."""


class SyntheticScans:
    """A pool of scans made on the fly, in which one is replaced every few steps.

    What the pool holds at a step depends on the seed and the step alone, so a resumed training sees the same
    scans, as long as the code that makes them is the same.

    Parameters
    ----------
    recipe : Recipe
        Its ``synthetic`` says which scans, its ``synthetic_hard`` how many of the pelves are hard.
    seed : int
    pool : int
        Scans held at once.
    """

    def __init__(self, recipe: Recipe, seed: int, *, pool: int = 12) -> None:
        self._make = {"pelvis": pelves, "brain": brains}[recipe.synthetic](recipe, 1_000_000 + 100_003 * seed)
        self._pool, self._every = pool, EVERY[recipe.synthetic]
        self._scans: dict[int, TrainingCase] = {}

    def at(self, step: int) -> Sequence[TrainingCase]:
        """The pool at one step."""
        newest = self._pool + step // self._every
        self._scans = {n: self._scans.get(n) or self._make(n) for n in range(newest - self._pool, newest)}
        return list(self._scans.values())


def judging_scans(recipe: Recipe, n: int) -> list[TrainingCase]:
    """So many scans of a recipe's kind that no training sees, always the same."""
    make = {"pelvis": pelves, "brain": brains}[recipe.synthetic](recipe, JUDGES_FROM)
    return [make(RENDERS * number) for number in range(n)]


def pelves(recipe: Recipe, first_seed: int) -> Callable[[int], TrainingCase]:
    """What makes the pelvis with a number; several numbers in a row share an anatomy."""
    kept: dict[int, tuple[Tissues, Difficulty]] = {}

    def make(number: int) -> TrainingCase:
        body = number // RENDERS
        if body not in kept:
            kept.clear()
            kept[body] = _random_pelvis(first_seed + body, recipe.synthetic_hard)
        tissues, difficulty = kept[body]
        volume = render(tissues, first_seed + number + 1, contrast="random", difficulty=difficulty)
        return prepare(volume, volume.with_labels(tissues.labels, recipe.scheme), recipe)

    return make


def _random_pelvis(seed: int, hard: float) -> tuple[Tissues, Difficulty]:
    """An anatomy with a field of view and voxel size as they vary between scanners."""
    rng = np.random.default_rng([seed, 11])
    difficulty: Difficulty = "hard" if np.random.default_rng([seed, 12]).random() < hard else "standard"
    if difficulty == "hard":
        spacing = (float(rng.choice((0.9, 1.0, 1.1, 1.25))),) * 2 + (float(rng.choice((2.5, 3.0, 3.6, 4.2))),)
        field = (rng.uniform(140, 240), rng.uniform(140, 240), rng.uniform(54, 110))
    else:
        spacing = (float(rng.choice((0.8, 1.0, 1.1))),) * 2 + (float(rng.choice((2.5, 3.0, 3.6))),)
        field = (rng.uniform(170, 230), rng.uniform(170, 230), rng.uniform(50, 105))
    i, j, k = (max(16, round(f / s)) for f, s in zip(field, spacing, strict=True))
    return anatomy(seed, shape=(i, j, k), spacing_mm=spacing, difficulty=difficulty), difficulty


def brains(recipe: Recipe, first_seed: int) -> Callable[[int], TrainingCase]:
    """What makes the brain with a number, on the network's grid."""
    step = max(recipe.preprocessing.spacing_mm or (2.0,))

    def make(number: int) -> TrainingCase:
        i, j, k = (round(size / step) for size in (148, 172, 140))
        return prepare(*brain(first_seed + number, (i, j, k), step, varied=True), recipe)

    return make
