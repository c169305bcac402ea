"""Learning-rate schedules: plain functions of the step."""

from __future__ import annotations

import math

from napari_boundaryseg.engine.recipes.recipe import Recipe


def sgm_rate(epoch: int, start: float = 2e-3) -> float:
    """A tenth every two epochs, never below 1e-7 (SGM paper)."""
    return max(start * 10.0 ** -(epoch // 2), 1e-7)


def poly_rate(done: int, total: int, start: float, power: float = 0.9) -> float:
    """``start · (1 - done / total) ^ power``: the polynomial decay of EG-CNN and the 2-D boundary-aware network."""
    return start * (1 - done / total) ** power


def one_cycle_rate(step: int, steps: int, top: float, warm_up: float = 0.1) -> float:
    """Up to ``top`` in a straight line during the warm-up, then down to a thousandth of it along a cosine."""
    rising = max(1, round(warm_up * steps))
    if step < rising:
        return top * (step + 1) / rising
    falling = (step - rising) / max(1, steps - rising)
    return top * (1e-3 + (1 - 1e-3) * 0.5 * (1 + math.cos(math.pi * min(1.0, falling))))


def rate(recipe: Recipe, step: int, steps: int) -> float:
    """The learning rate that a recipe asks for at one step of ``steps``."""
    top = recipe.optimiser.lr
    epoch = step // recipe.steps_per_epoch
    match recipe.schedule.name:
        case "one-cycle":
            return one_cycle_rate(step, steps, top, recipe.schedule.warm_up)
        case "sgm":
            return sgm_rate(epoch, top)
        case "poly":
            return poly_rate(epoch, max(1, math.ceil(steps / recipe.steps_per_epoch)), top)
        case _:
            return top
