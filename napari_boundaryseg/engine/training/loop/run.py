"""What one training keeps between steps: network, optimiser, card, and its state on the disk."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from napari_boundaryseg import losses
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import save
from napari_boundaryseg.engine.devices import choose, precision_on
from napari_boundaryseg.engine.evaluation.card_scores import card_scores
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.training.data.ahead import Ahead
from napari_boundaryseg.engine.training.data.cases import TrainingCase
from napari_boundaryseg.engine.training.loop import folder as files
from napari_boundaryseg.engine.training.loop.gradient_shares import gradient_shares
from napari_boundaryseg.engine.training.loop.guard import Guard
from napari_boundaryseg.engine.training.loop.optimiser import Anchor, averaged_over, optimiser_of
from napari_boundaryseg.engine.training.loop.plateau import Plateau
from napari_boundaryseg.engine.training.loop.schedules import rate
from napari_boundaryseg.engine.training.loop.state import Good, Memory, moments_of, put_moments, save_state
from napari_boundaryseg.engine.training.loop.validate import Scores, dice_scores, mean_of
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models import ModelOutput
from napari_boundaryseg.models.blocks import CHANNELS_LAST

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Batches = Ahead[tuple[torch.Tensor, losses.Target]]


@dataclass
class TrainingRun:
    """One training between its steps."""

    recipe: Recipe
    folder: Path
    fabric: Fabric
    network: nn.Module
    optimiser: torch.optim.Optimizer
    loss: Any
    card: Card
    averaged: AveragedModel | None = None
    step: int = 0
    best: float = -1.0
    saved: int = -1
    guard: Guard = field(default_factory=Guard)
    plateau: Plateau = field(default_factory=Plateau)
    good: Good = field(default_factory=Good)
    begun: str = ""
    anchor: Anchor = field(default_factory=lambda: Anchor(0.0, nn.Identity()))

    @classmethod
    def begin(
        cls,
        recipe: Recipe,
        network: nn.Module,
        card: Card,
        folder: Path,
        *,
        device: str,
        precision: str,
    ) -> TrainingRun:
        """Put a network and its optimiser on a device; the recipe has the steps and the seed that are used."""
        from lightning_fabric import Fabric  # with torch's compiler: seconds, which a worker that only predicts has not

        device = choose(device)
        kind, _, index = device.partition(":")
        card = card.model_copy(
            update={"precision": precision_on(device, precision), "threads": (torch.get_num_threads(),)}
        )
        fabric = Fabric(
            accelerator=kind,
            devices=1 if kind == "cpu" else [int(index or 0)],
            precision="bf16-mixed" if card.precision == "bf16" else "32-true",
        )
        network = network.to(memory_format=CHANNELS_LAST[recipe.dims])  # type: ignore[call-overload]
        averaged = averaged_over(recipe.optimiser, network)
        network, optimiser = fabric.setup(network, optimiser_of(recipe.optimiser, network))
        run = cls(
            recipe,
            folder,
            fabric,
            network,
            optimiser,
            losses.weighted(recipe.losses, recipe.loss_arguments),
            card,
            None if averaged is None else averaged.to(fabric.device),
            anchor=Anchor(recipe.optimiser.anchor, network),
        )
        run.remember_good()
        return run

    @property
    def steps(self) -> int:
        """How many steps it takes in all."""
        return self.recipe.steps

    @property
    def seed(self) -> int:
        """Of patches, augmentation, and whatever else is drawn."""
        return self.recipe.seed

    @property
    def plain(self) -> nn.Module:
        """The network without Fabric's wrapper."""
        return cast(nn.Module, self.network.module)

    @property
    def result(self) -> nn.Module:
        """The network that is judged and saved: with averaged weights where the recipe asks for them."""
        return self.plain if self.averaged is None else self.averaged.module

    @property
    def ended(self) -> bool:
        """Whether the schedule ends the training before its last step."""
        return self.plateau.ended(self.recipe.schedule)

    @property
    def plain_optimiser(self) -> torch.optim.Optimizer:
        """The optimiser without Fabric's wrapper."""
        return getattr(self.optimiser, "optimizer", self.optimiser)

    def save_state(self) -> None:
        """Make it possible to resume from this step."""
        if self.saved == self.step:
            return
        numbers = {
            "step": self.step,
            "best": self.best,
            **self.guard.numbers(),
            "bf16": float(self.card.precision == "bf16"),
            **self.plateau.numbers(),
        }
        averaged = {} if self.averaged is None else self.averaged.state_dict()
        memory = Memory(numbers, self.good, averaged)
        save_state(self.folder / files.STATE, self.plain, self.plain_optimiser, memory, self.begun)
        self.saved = self.step

    def remember_good(self) -> None:
        """Remember where the training stands: there it goes back to when losses are not finite."""
        averaged = {} if self.averaged is None else self.averaged.state_dict()
        parts = (self.plain.state_dict(), averaged, moments_of(self.plain_optimiser))
        self.good = Good(*({name: value.detach().to("cpu", copy=True) for name, value in one.items()} for one in parts))

    def _restore(self) -> None:
        self.plain.load_state_dict(self.good.network)
        put_moments(self.plain_optimiser, self.good.moments)
        if self.averaged is not None and self.good.averaged:
            self.averaged.load_state_dict(self.good.averaged)

    def log(self, **values: object) -> None:
        """One more line of the log."""
        files.add_to_log(self.folder, values)

    def one_step(self, batches: Batches) -> dict[str, Any]:
        """Take a batch, move the weights; a loss or gradient that is not finite is skipped.

        ``seconds`` is everything, also waiting for the batch; ``computing`` what the network and optimiser took. In
        the first step of an epoch ``gradient_shares`` is how much each loss pulls at the weights that all share.
        """
        began = time.perf_counter()
        image, target = batches.at(self.step)
        image, target = image.to(self.fabric.device), target.to(self.fabric.device)
        image = image.contiguous(memory_format=CHANNELS_LAST[image.ndim - 2])
        lr = rate(self.recipe, self.step, self.steps) * self.guard.damping * self.plateau.factor
        for group in self.optimiser.param_groups:
            group["lr"] = lr
        buffers = {name: value.clone() for name, value in self.plain.named_buffers()}
        drawn = time.perf_counter()
        torch.manual_seed(step_seed(self.seed, self.step))  # for dropout and for losses that draw samples
        output = self.network(image)
        total, parts = self.loss(output, target)
        begins = self.step % self.recipe.steps_per_epoch == 0 and len(self.recipe.losses) > 1
        shares = self._gradient_shares(output, target) if begins else {}
        self.optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(total)
        limit = self.recipe.optimiser.gradient_clip or math.inf
        norm = float(nn.utils.clip_grad_norm_(self.plain.parameters(), limit))
        if math.isfinite(float(total.detach())) and math.isfinite(norm):
            self.optimiser.step()
            self.anchor.pull(lr)
            if self.averaged is not None:
                self.averaged.update_parameters(self.plain)
            self.guard = self.guard.after_good()
        else:
            self._skip(buffers)
        self.step += 1
        self.plateau = self.plateau.after_step(float(total.detach()))
        ended = time.perf_counter()
        return {
            "step": self.step,
            "loss": float(total.detach()),
            **parts,
            "lr": lr,
            "gradient": norm,
            **({"gradient_shares": shares} if shares else {}),
            "seconds": round(ended - began, 4),
            "computing": round(ended - drawn, 4),
        }

    def _gradient_shares(self, output: ModelOutput, target: losses.Target) -> dict[str, float]:
        values = losses.separate(self.recipe.losses, self.recipe.loss_arguments)(output, target)
        weighted = {name: self.recipe.losses[name] * value for name, value in values.items()}
        return gradient_shares(weighted, list(self.plain.parameters()), self.fabric.backward)

    def _skip(self, buffers: dict[str, torch.Tensor]) -> None:
        """Leave the weights as they are; take back what the forward pass did to running statistics."""
        for name, value in self.plain.named_buffers():
            value.copy_(buffers[name])
        before, self.guard = self.guard, self.guard.after_bad()
        if self.guard.given_up:
            raise self._spoilt("the loss is not a finite number again and again")
        if self.guard.restores > before.restores:
            self._restore()
            self.log(step=self.step, restored=True, lr_factor=self.guard.damping)

    def refuse_spoilt(self) -> None:
        """Refuse to end as if all were well when losses were not finite up to the end, or in most of the steps.

        Raises
        ------
        InputError
        """
        if self.guard.spoilt(self.step):
            raise self._spoilt(f"the loss was not a finite number in {self.guard.skipped} of {self.step} steps")

    def _spoilt(self, reason: str) -> InputError:
        return InputError(self.recipe.name, reason, "Lower the learning rate, or look for NaN in the training scans")

    def end_epoch(self, held: list[TrainingCase]) -> None:
        """Validate, keep the best, make the run resumable."""
        scores, told = dice_scores(self.result, held, self.recipe, self.fabric.device) if held else Scores({}, {})
        mean = mean_of(scores)
        if scores:
            self.log(step=self.step, validation={k: float(np.mean(v)) for k, v in scores.items()}, mean_dsc=mean)
        self.card = self.card.model_copy(
            update={
                "step": self.step,
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
                "scores": card_scores({(organ, "dsc"): values for organ, values in told.items()}),
                "scored_on": "the validation scans that chose the best step" if told else "",
            }
        )
        if not scores or mean >= self.best:
            self.best = mean if scores else self.best
            save(self.folder / files.BEST, self.card, self.result.state_dict())
            files.keep_card(self.folder, self.card)
        save(self.folder / files.LAST, self.card, self.result.state_dict())
        self.remember_good()
        self._look_for_a_plateau(mean)
        self.save_state()

    def _look_for_a_plateau(self, score: float) -> None:
        if self.recipe.schedule.name != "plateau":
            return
        before, self.plateau = self.plateau, self.plateau.after_epoch(score, self.recipe.schedule)
        if self.plateau.factor < before.factor:
            self.log(step=self.step, plateau=self.plateau.waited, schedule_factor=self.plateau.factor)
        if self.ended:
            self.log(step=self.step, ended=f"no improvement in {self.plateau.waited} epochs")


def step_seed(seed: int, step: int) -> int:
    """The seed of one step: it is the same after an interruption."""
    return int(np.random.SeedSequence([seed, step, 1]).generate_state(1, np.uint64)[0])
