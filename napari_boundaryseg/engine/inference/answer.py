"""Answer of a network to a scan, slab by slab on the scan's own grid, by the first way for which memory is enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel
from napari_boundaryseg.engine.devices import Plan, first_that_fits, full_float32
from napari_boundaryseg.engine.inference.backends.choice import BackendFailed, Wanted, backend_for, forget
from napari_boundaryseg.engine.inference.backends.half import Choice, Half, NotPrecise, Precision, chosen, refuse
from napari_boundaryseg.engine.inference.backends.stacked import Backend, Stacked
from napari_boundaryseg.engine.inference.heads import Heads
from napari_boundaryseg.engine.inference.on_scan_grid import on_scan_grid
from napari_boundaryseg.engine.inference.sliding_window import Slab, slabs
from napari_boundaryseg.engine.inference.windows import how_many
from napari_boundaryseg.engine.memory import kept
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models.blocks import CHANNELS_LAST
from napari_boundaryseg.progress import Progress

T = TypeVar("T", bound="Taker")
R = TypeVar("R")
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


class Means(NamedTuple):
    """What a network is to be computed by, and in which precision."""

    backend: Wanted = "auto"
    precision: Precision = "float32"


class How(NamedTuple):
    """How a network was asked."""

    plan: Plan
    backend: str
    precision: Precision
    note: str = ""


class Taker(Protocol):
    """What takes a network's answer, slab by slab, on the scan's own grid."""

    def take(self, slab: Slab) -> None:
        """Values of a slab are valid until this returns."""


def ask(
    model: LoadedModel,
    device: str,
    seen: Look,
    asked: Collection[str],
    means: Means,
    begin: Callable[[Heads], T],
    progress: Progress,
) -> tuple[T, How]:
    """Run a network over the windows of a scan, by the first plan for which memory is enough.

    No more of its answer is held than a row of windows and what the taker keeps.

    Parameters
    ----------
    model : LoadedModel
    device : str
        That is there: see `devices.choose`.
    seen : Look
    asked : collection of str
        Of `models.EVERY_MAP`, beside the classes.
    means : Means
        Half precision is left where its labels are seen to differ from those of float32, and that is noted.
    begin : callable
        Makes a new taker for every plan that is tried; it is what is returned.
    progress : Progress

    Raises
    ------
    InputError
        When the answer is not finite, memory runs out, or the backend that is wanted cannot be had.
    """
    grid = seen.grid

    def by(plan: Plan, backend: Wanted, half: Choice) -> tuple[T, How]:
        start, used = time.perf_counter(), plan

        def shorter(batch: int) -> None:
            nonlocal used
            used = plan.with_fewer(batch)

        with _asked_of(model, plan, seen.image, asked, backend, half, progress) as (heads, other):
            taker = begin(heads)
            answer = _Timed(slabs(seen.image, heads, **_windows(model, plan), shorter=shorter, progress=progress))
            for slab in _finite(on_scan_grid(answer, grid.shape, grid.own_shape), model.card.name):
                taker.take(slab)
            if isinstance(other, Half):
                other.check()
        back = time.perf_counter() - start - answer.seconds
        seen.seconds.update({"network": time.perf_counter() - began - back, "scan grid": back})
        if isinstance(other, Half) and not other.answered:
            half = Choice(
                "float32", note=f"Computed in float32: too few windows to tell whether {half.precision} holds"
            )
        return taker, How(used, heads.backend, half.precision, half.note)

    began = time.perf_counter()
    return first_that_fits(device, lambda plan: _or_plainly(by, model, plan, means))[0]


class _Timed:
    """Slabs as they come, and how long they took to come."""

    def __init__(self, slabs: Iterator[Slab]) -> None:
        self._slabs, self.seconds = slabs, 0.0

    def __iter__(self) -> Iterator[Slab]:
        return self

    def __next__(self) -> Slab:
        began = time.perf_counter()
        try:
            return next(self._slabs)
        finally:
            self.seconds += time.perf_counter() - began


def _or_plainly(by: Callable[[Plan, Wanted, Choice], R], model: LoadedModel, plan: Plan, means: Means) -> R:
    """As it is wanted; by PyTorch in float32 where that fails and was not insisted on."""
    backend = means.backend
    half = chosen(model, means.precision, plan.device)
    if half.precision != "float32":
        try:
            return _in_half(by, model, plan, backend, half)
        except NotPrecise as error:
            refuse(model, half.precision, plan.device, str(error))
            half = Choice("float32", note=str(error))
    try:
        return by(plan, backend, half)
    except BackendFailed as error:
        forget(model)
        if backend != "auto":
            raise InputError(model.title, str(error), "Choose torch, or draw a smaller box") from error
    return by(plan, "torch", half)


def _in_half(
    by: Callable[[Plan, Wanted, Choice], R], model: LoadedModel, plan: Plan, backend: Wanted, half: Choice
) -> R:
    """By PyTorch where OpenVINO fails: it is wanted for its speed alone."""
    try:
        return by(plan, backend, half)
    except BackendFailed:
        forget(model)
        return by(plan, "torch", half)


@contextmanager
def _asked_of(
    model: LoadedModel,
    plan: Plan,
    image: Tensor,
    asked: Collection[str],
    backend: Wanted,
    half: Choice,
    progress: Progress,
) -> Iterator[tuple[Heads, Backend | None]]:
    """The model's heads on the plan's device, and what computes them where that is not PyTorch as it is."""
    recipe = model.card.recipe
    flips = tuple(_AXES[axis] for axis in recipe.inference.flip_axes)
    network = model.network.to(plan.device).eval()
    in_half, on_cpu = half.precision != "float32", plan.device == "cpu"
    order = torch.contiguous_format if in_half and on_cpu else CHANNELS_LAST[recipe.dims]
    network = network.to(memory_format=order)  # type: ignore[call-overload]
    other: Backend | None = None
    if on_cpu and half.precision != "f16":
        count = how_many(image.shape[1:], recipe.window_vox, recipe.inference.overlap) * (1 + len(flips))
        other = backend_for(model, asked, count, backend, lambda text: progress(0.0, text), half.precision)
    if in_half:
        other = Half(Stacked(network, asked), half.precision, plan.device, recipe, half.watched, other)
    with torch.inference_mode(), full_float32(), kept():
        yield Heads(network, flips, asked, other), other


def _windows(model: LoadedModel, plan: Plan) -> dict[str, Any]:
    recipe = model.card.recipe
    return {
        "window": recipe.window_vox,
        "overlap": recipe.inference.overlap,
        "batch": plan.batch,
        "device": plan.device,
        "store": plan.store,
    }


def _finite(answer: Iterator[Slab], name: str) -> Iterator[Slab]:
    """One map after the other: a copy of all of them may not fit."""
    for slab in answer:
        if not all(bool(torch.isfinite(one).all()) for one in slab.maps):
            raise InputError(
                name,
                "the network's answer is not a number everywhere",
                "Choose another model; this one is damaged or does not suit this scan",
            )
        yield slab
