"""Steps of a training, one after the other: each saved, logged and told, and epochs ended."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import nn

from napari_boundaryseg.engine.training.data.ahead import Ahead
from napari_boundaryseg.engine.training.data.batches import batch_at
from napari_boundaryseg.engine.training.data.cases import Source, TrainingCase
from napari_boundaryseg.engine.training.loop.run import Batches, TrainingRun
from napari_boundaryseg.losses import Target
from napari_boundaryseg.progress import Cancelled, Progress

SAVE_EVERY_S = 20.0
"""At most so much of a training is lost when the machine stops, or a cancelled process has to be ended."""


def all_steps(
    run: TrainingRun,
    source: Source,
    held: list[TrainingCase],
    look: Callable[[], None],
    stop_after_s: float,
    progress: Progress,
) -> None:
    """Take the steps that are left.

    Parameters
    ----------
    run : TrainingRun
    source : Source
    held : list of TrainingCase
        Who chooses the best step.
    look : callable
        Called after each step.
    stop_after_s : float
        Stop after the epoch that passes this many seconds.
    progress : Progress
        Called after each step; may raise `Cancelled`, after which the folder can be resumed.
    """

    def draw(step: int) -> tuple[torch.Tensor, Target]:
        return batch_at(source.at(step), run.recipe, run.seed, step)

    with Ahead(draw, run.steps) as batches:
        _steps(run, batches, held, look, stop_after_s, progress)


def _steps(
    run: TrainingRun,
    batches: Batches,
    held: list[TrainingCase],
    look: Callable[[], None],
    stop_after_s: float,
    progress: Progress,
) -> None:
    began = saved = time.perf_counter()
    if run.saved < 0 and min(run.recipe.steps_per_epoch, run.steps) == 1:
        run.save_state()  # before the first model: one without a state is another training's, see `files.claim`
    while run.step < run.steps and not run.ended:
        set_training(run.network)  # whoever was scored meanwhile
        values = run.one_step(batches)
        run.log(**values)
        ended = run.step % run.recipe.steps_per_epoch == 0 or run.step == run.steps
        if run.step == run.steps:
            run.refuse_spoilt()
        if ended:
            run.end_epoch(held)
        elif run.saved < 0 or time.perf_counter() - saved >= SAVE_EVERY_S:
            run.save_state()
        if run.saved == run.step:
            saved = time.perf_counter()
        try:
            progress(run.step / run.steps, f"Training, step {run.step} of {run.steps}, loss {values['loss']:.3f}")
            look()
        except Cancelled:
            run.save_state()
            raise
        if ended and time.perf_counter() - began > stop_after_s:
            return
    run.refuse_spoilt()
    if run.ended:
        progress(1.0, f"Ended at step {run.step}: no improvement in {run.plateau.waited} epochs")


def set_training(network: nn.Module) -> None:
    """Training mode, but batch statistics stay as they are in fine-tuned networks that freeze them."""
    network.train()
    for module in network.modules():
        if getattr(module, "frozen_statistics", False):
            module.eval()
