"""Answer of a network to a scan: all its maps on the network's grid, or only which class each voxel is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel
from napari_boundaryseg.engine.devices import Plan, first_that_fits, full_float32
from napari_boundaryseg.engine.inference.backends.choice import BackendFailed, Wanted, backend_for, forget
from napari_boundaryseg.engine.inference.decision import decided
from napari_boundaryseg.engine.inference.heads import Heads
from napari_boundaryseg.engine.inference.sliding_window import slabs, sliding_window
from napari_boundaryseg.engine.inference.windows import how_many
from napari_boundaryseg.engine.memory import kept
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models.blocks import CHANNELS_LAST
from napari_boundaryseg.progress import Progress

T = TypeVar("T")
_AXES = {"z": 0, "y": 1, "x": 2}


class Look(NamedTuple):
    """A scan as a network is about to see it.

    Parameters
    ----------
    volume : Volume
        With its channels in the model's order.
    recipe : Recipe
        As it is used.
    grid : NetworkGrid
    image : (C, z, y, x) tensor
    in_a_box : bool
        Whether a part of the scan was chosen.
    notes : list of str
        Some may be empty.
    seconds : dict
        By stage, so far.
    began : float
        Of `time.perf_counter`.
    """

    volume: Volume
    recipe: Recipe
    grid: NetworkGrid
    image: Tensor
    in_a_box: bool
    notes: list[str]
    seconds: dict[str, float]
    began: float


class Winners(NamedTuple):
    """Which class each voxel of the network's grid is.

    Parameters
    ----------
    found : (z, y, x) array of integers
        As `decided` says.
    own : (z, y, x) float32 array
        The probability of the class that was found.
    """

    found: np.ndarray
    own: np.ndarray


class How(NamedTuple):
    """How a network was asked."""

    plan: Plan
    backend: str


def run(
    model: LoadedModel, device: str, image: Tensor, asked: Collection[str], backend: Wanted, progress: Progress
) -> tuple[Heads, Tensor, How]:
    """A network over the windows of an image, by the first plan for which memory is enough: all maps that are asked.

    Raises
    ------
    InputError
        When the answer is not finite, memory runs out, or the backend that is wanted cannot be had.
    """

    def by(plan: Plan, backend: Wanted) -> tuple[Heads, Tensor]:
        with _asked_of(model, plan, image, asked, backend, progress) as heads:
            stacked = sliding_window(image, heads, **_windows(model, plan), progress=progress)
            _refuse_not_finite(stacked, model.card.name)
        return heads, stacked

    (heads, stacked), plan = first_that_fits(device, lambda plan: _or_torch(by, model, plan, backend))
    return heads, stacked, How(plan, heads.backend)


def decide(model: LoadedModel, device: str, image: Tensor, backend: Wanted, progress: Progress) -> tuple[Winners, How]:
    """Which class each voxel is, decided while windows still come: no map of the whole scan is held.

    Raises
    ------
    InputError
        As of `run`.
    """
    nested = model.card.recipe.nested

    def by(plan: Plan, backend: Wanted) -> tuple[Winners, str]:
        kind = np.min_scalar_type(len(model.card.recipe.scheme.ids))
        found, own = np.empty(image.shape[1:], kind), np.empty(image.shape[1:], np.float32)
        with _asked_of(model, plan, image, (), backend, progress) as heads:
            for slab in slabs(image, heads, **_windows(model, plan), progress=progress):
                _refuse_not_finite(slab.maps, model.card.name)
                classes = slab.maps.cpu().numpy()
                found[slab.where] = decided(classes, nested)
                own[slab.where] = np.take_along_axis(classes, found[slab.where][None], 0)[0]
        return Winners(found, own), heads.backend

    (winners, used), plan = first_that_fits(device, lambda plan: _or_torch(by, model, plan, backend))
    return winners, How(plan, used)


def _or_torch(by: Callable[[Plan, Wanted], T], model: LoadedModel, plan: Plan, backend: Wanted) -> T:
    """By the backend that is wanted; by PyTorch where another one was only taken because it pays, and fails."""
    try:
        return by(plan, backend)
    except BackendFailed as error:
        forget(model)
        if backend != "auto":
            raise InputError(model.title, str(error), "Choose torch, or draw a smaller box") from error
    return by(plan, "torch")


@contextmanager
def _asked_of(
    model: LoadedModel, plan: Plan, image: Tensor, asked: Collection[str], backend: Wanted, progress: Progress
) -> Iterator[Heads]:
    """The model's heads on the plan's device."""
    recipe = model.card.recipe
    flips = tuple(_AXES[axis] for axis in recipe.inference.flip_axes)
    network = model.network.to(plan.device).eval()
    network = network.to(memory_format=CHANNELS_LAST[recipe.dims])  # type: ignore[call-overload]
    other = None
    if plan.device == "cpu":
        count = how_many(image.shape[1:], recipe.window_vox, recipe.inference.overlap) * (1 + len(flips))
        other = backend_for(model, asked, count, backend, lambda text: progress(0.0, text))
    with torch.inference_mode(), full_float32(), kept():
        yield Heads(network, flips, asked, other)


def _windows(model: LoadedModel, plan: Plan) -> dict[str, Any]:
    recipe = model.card.recipe
    return {
        "window": recipe.window_vox,
        "overlap": recipe.inference.overlap,
        "batch": plan.batch,
        "device": plan.device,
        "store": plan.store,
    }


def _refuse_not_finite(stacked: Tensor, name: str) -> None:
    """One map after the other: a copy of all of them may not fit."""
    if not all(bool(torch.isfinite(one).all()) for one in stacked):
        raise InputError(
            name,
            "the network's answer is not a number everywhere",
            "Choose another model; this one is damaged or does not suit this scan",
        )
