"""Answer of a network to a scan: its heads, blended on the network's grid, and how it was asked."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import torch
from torch import Tensor

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel
from napari_boundaryseg.engine.devices import Plan, first_that_fits, full_float32
from napari_boundaryseg.engine.inference.heads import Heads
from napari_boundaryseg.engine.inference.sliding_window import sliding_window
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models.blocks import CHANNELS_LAST
from napari_boundaryseg.progress import Progress

_AXES = {"z": 0, "y": 1, "x": 2}


class Answer(NamedTuple):
    """What a network says of a scan.

    Parameters
    ----------
    volume : Volume
        With its channels in the model's order.
    recipe : Recipe
        As it was used.
    grid : NetworkGrid
    in_a_box : bool
        Whether a part of the scan was chosen.
    heads : Heads
    stacked : (N, z, y, x) tensor
        Of all heads; ``heads.split`` takes it apart.
    plan : Plan
    notes : list of str
        Some may be empty.
    seconds : dict
        By stage, so far.
    began : float
        Of `time.perf_counter`.
    progress : Progress
    """

    volume: Volume
    recipe: Recipe
    grid: NetworkGrid
    in_a_box: bool
    heads: Heads
    stacked: Tensor
    plan: Plan
    notes: list[str]
    seconds: dict[str, float]
    began: float
    progress: Progress


def run(
    model: LoadedModel, device: str, image: Tensor, asked: Collection[str], progress: Progress
) -> tuple[Heads, Tensor, Plan]:
    """A network over the windows of an image, by the first plan for which memory is enough.

    Raises
    ------
    InputError
        When the answer is not finite, or memory runs out.
    """
    recipe = model.card.recipe
    flips = tuple(_AXES[axis] for axis in recipe.inference.flip_axes)

    def by(plan: Plan) -> tuple[Heads, Tensor]:
        network = model.network.to(plan.device).eval()
        network = network.to(memory_format=CHANNELS_LAST[recipe.dims])  # type: ignore[call-overload]
        heads = Heads(network, flips, asked)
        with torch.inference_mode(), full_float32():
            stacked = sliding_window(
                image,
                heads,
                recipe.window_vox,
                recipe.inference.overlap,
                batch=plan.batch,
                device=plan.device,
                store=plan.store,
                progress=progress,
            )
            _refuse_not_finite(stacked, model.card.name)
        return heads, stacked

    (heads, stacked), plan = first_that_fits(device, by)
    return heads, stacked, plan


def _refuse_not_finite(stacked: Tensor, name: str) -> None:
    """One map after the other: a copy of all of them may not fit."""
    if not all(bool(torch.isfinite(one).all()) for one in stacked):
        raise InputError(
            name,
            "the network's answer is not a number everywhere",
            "Choose another model; this one is damaged or does not suit this scan",
        )
