"""Train a recipe: a plain loop on Lightning Fabric, resumable, guarded against NaN."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn

from napari_boundaryseg import losses
from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.card import Card, Score, TrainingData
from napari_boundaryseg.engine.checkpoint import LoadedModel, build_network, save
from napari_boundaryseg.engine.patches import batch_at
from napari_boundaryseg.engine.recipe import Recipe
from napari_boundaryseg.engine.schedules import rate
from napari_boundaryseg.engine.training_cases import Source, TrainingCase, prepare, source_of
from napari_boundaryseg.engine.training_state import load_state, save_state
from napari_boundaryseg.engine.validate import dice_scores
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models.blocks import CHANNELS_LAST
from napari_boundaryseg.progress import Progress, silent

Cases = Iterable[tuple[Volume, LabelMap]]


def fit(recipe: Recipe, cases: Cases, folder: Path, *, validation: Cases = (), steps: int | None = None,
        seed: int | None = None, resume: bool = False, start: LoadedModel | None = None, device: str = "auto",
        training: TrainingData | None = None, name: str | None = None, stop_after_s: float = math.inf,
        progress: Progress = silent) -> Path:
    """Train a recipe on labelled scans.

    Parameters
    ----------
    recipe : Recipe
    cases : iterable of (Volume, LabelMap)
        Prepared once and kept in memory; not used by recipes whose scans are synthetic.
    folder : Path
        Gets ``best.safetensors``, ``last.safetensors``, ``state.safetensors``, ``card.json`` and ``log.jsonl``.
    validation : iterable of (Volume, LabelMap)
        Scored after each epoch; the best mean Dice chooses ``best.safetensors``. Without it the last is the best.
    steps, seed : int, optional
        Instead of the recipe's.
    resume : bool
        Go on from the folder's state; with the same seed the result is that of one uninterrupted run.
    start : LoadedModel, optional
        Begin with these weights.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``.
    training : TrainingData, optional
        What the card says of the training scans.
    name : str, optional
        The model's name; the recipe's by default.
    stop_after_s : float
        Stop after the epoch that passes this many seconds; the state allows to resume.
    progress : Progress
        Called at every step; may raise `Cancelled`, after which the folder can be resumed.

    Returns
    -------
    Path
        The best checkpoint.

    Raises
    ------
    InputError
        For cases without labels, and for a training whose loss is not finite again and again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    seed = recipe.seed if seed is None else seed
    source = source_of(recipe, cases, seed, progress)
    held = [prepare(volume, labels, recipe) for volume, labels in validation]
    run = _Run.begin(recipe, folder, steps or recipe.steps, seed, device, start)
    run.card = run.card.model_copy(update={
        "name": name or recipe.name,
        "training": training or TrainingData(cases=len(source.at(0))),
        "parent": f"{start.card.name} {start.sha256[:16]}" if start else "",
    })
    if resume and (folder / "state.safetensors").exists():
        run.resume()
    else:
        (folder / "log.jsonl").unlink(missing_ok=True)
    _loop(run, source, held, stop_after_s, progress)
    return folder / "best.safetensors"


@dataclass
class _Run:
    """What one training keeps between steps."""

    recipe: Recipe
    folder: Path
    steps: int
    seed: int
    fabric: Fabric
    network: nn.Module
    optimiser: torch.optim.Optimizer
    loss: Any
    card: Card
    step: int = 0
    best: float = -1.0
    damping: float = 1.0
    bad: int = 0
    restores: int = 0
    good: dict[str, torch.Tensor] = field(default_factory=dict)

    @classmethod
    def begin(cls, recipe: Recipe, folder: Path, steps: int, seed: int, device: str,
              start: LoadedModel | None) -> _Run:
        torch.manual_seed(seed)
        network = copy.deepcopy(start.network) if start else build_network(recipe)
        network = network.to(memory_format=CHANNELS_LAST[len(recipe.patch_vox)])  # type: ignore[call-overload]
        fabric = Fabric(accelerator={"auto": "auto", "cpu": "cpu"}.get(device, "cuda"), devices=1)
        card = Card(name=recipe.name, recipe=recipe, parameters=sum(p.numel() for p in network.parameters()))
        network, optimiser = fabric.setup(network, optimiser_of(recipe, network))
        return cls(recipe, folder, steps, seed, fabric, network, optimiser,
                   losses.weighted(recipe.losses, recipe.loss_arguments), card)

    @property
    def plain(self) -> nn.Module:
        """The network without Fabric's wrapper."""
        return cast(nn.Module, self.network.module)

    def resume(self) -> None:
        optimiser = getattr(self.optimiser, "optimizer", self.optimiser)
        memory = load_state(self.folder / "state.safetensors", self.plain, optimiser)
        self.step, self.best, self.damping = int(memory["step"]), memory["best"], memory["damping"]

    def log(self, **values: object) -> None:
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")

    def one_step(self, cases: list[TrainingCase]) -> dict[str, float]:
        """Draw a batch, move the weights; a loss or gradient that is not finite is skipped."""
        began = time.perf_counter()
        image, target = batch_at(cases, self.recipe, self.seed, self.step)
        image, target = _to(self.fabric.device, image, target)
        image = image.contiguous(memory_format=CHANNELS_LAST[image.ndim - 2])
        lr = rate(self.recipe, self.step, self.steps) * self.damping
        for group in self.optimiser.param_groups:
            group["lr"] = lr
        drawn = time.perf_counter()
        total, parts = self.loss(self.network(image), target)
        self.optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(total)
        limit = self.recipe.optimiser.gradient_clip or math.inf
        norm = float(nn.utils.clip_grad_norm_(self.plain.parameters(), limit))
        if math.isfinite(float(total.detach())) and math.isfinite(norm):
            self.optimiser.step()
            self.bad = 0
        else:
            self._skip()
        self.step += 1
        ended = time.perf_counter()
        return {"step": self.step, "loss": float(total.detach()), **parts, "lr": lr, "gradient": norm,
                "seconds": round(ended - began, 4), "computing": round(ended - drawn, 4)}

    def _skip(self) -> None:
        self.bad += 1
        if self.bad < 3:
            return
        self.restores += 1
        self.bad, self.damping = 0, self.damping / 2
        if self.restores > 3:
            raise InputError(self.recipe.name, "the loss is not a finite number again and again",
                             "Lower the learning rate, or look for NaN in the training scans")
        if self.good:
            self.plain.load_state_dict(self.good)
        self.log(step=self.step, restored=True, lr_factor=self.damping)

    def end_epoch(self, held: list[TrainingCase]) -> None:
        """Validate, keep the best, make the run resumable."""
        scores = dice_scores(self.plain, held, self.recipe, self.fabric.device) if held else {}
        mean = float(np.nanmean([np.mean(v) for v in scores.values()])) if scores else math.nan
        if scores:
            self.log(step=self.step, validation={k: float(np.mean(v)) for k, v in scores.items()}, mean_dsc=mean)
        self.card = self.card.model_copy(update={
            "step": self.step,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "scores": tuple(Score(organ=organ, metric="dsc", mean=float(np.mean(v)), sd=float(np.std(v)), n=len(v))
                            for organ, v in scores.items()),
            "scored_on": "the validation scans that chose the best step" if scores else "",
        })
        if not scores or mean >= self.best:
            self.best = mean if scores else self.best
            self._write("best.safetensors")
            atomic_text(self.folder / "card.json", self.card.model_dump_json(indent=2))
        self._write("last.safetensors")
        optimiser = getattr(self.optimiser, "optimizer", self.optimiser)
        save_state(self.folder / "state.safetensors", self.plain, optimiser,
                   {"step": self.step, "best": self.best, "damping": self.damping})
        self.good = {name: value.detach().clone() for name, value in self.plain.state_dict().items()}

    def _write(self, name: str) -> None:
        save(self.folder / name, self.card, self.plain.state_dict())


def _loop(run: _Run, source: Source, held: list[TrainingCase], stop_after_s: float, progress: Progress) -> None:
    began = time.perf_counter()
    set_training(run.network)
    while run.step < run.steps:
        values = run.one_step(list(source.at(run.step)))
        run.log(**values)
        progress(run.step / run.steps, f"Training, step {run.step} of {run.steps}, loss {values['loss']:.3f}")
        if run.step % run.recipe.steps_per_epoch == 0 or run.step == run.steps:
            run.end_epoch(held)
            set_training(run.network)
            if time.perf_counter() - began > stop_after_s:
                return


def optimiser_of(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    """The recipe's optimiser over all weights."""
    settings = recipe.optimiser
    parameters = network.parameters()
    if settings.name == "sgd":
        return torch.optim.SGD(parameters, settings.lr, momentum=0.9, weight_decay=settings.weight_decay)
    kind = torch.optim.AdamW if settings.name == "adamw" else torch.optim.Adam
    return kind(parameters, settings.lr, weight_decay=settings.weight_decay)


def set_training(network: nn.Module) -> None:
    """Training mode, but batch statistics stay as they are in fine-tuned networks that freeze them."""
    network.train()
    for module in network.modules():
        if getattr(module, "frozen_statistics", False):
            module.eval()


def _to(device: torch.device, image: torch.Tensor, target: losses.Target) -> tuple[torch.Tensor, losses.Target]:
    moved = {name: None if value is None else value.to(device) for name, value in vars(target).items()}
    return image.to(device), losses.Target(**moved)  # type: ignore[arg-type]


__all__ = ["fit", "optimiser_of", "set_training"]
