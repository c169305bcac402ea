"""Teach a model what a person corrected, and say honestly whether it got better."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from torch import nn

from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.saving import atomic_json, atomic_text
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.card import TrainingData
from napari_boundaryseg.engine.checkpoint import LoadedModel, load_model
from napari_boundaryseg.engine.comparison import as_markdown, compare
from napari_boundaryseg.engine.predictor import Predictor
from napari_boundaryseg.engine.recipe import TUNING_STEPS, Recipe
from napari_boundaryseg.engine.train import fit
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, part, silent

LEARNING_RATE = 1e-3


def fine_tune(model: LoadedModel, cases: Iterable[tuple[Volume, LabelMap]], folder: Path, *,
              held_out: Sequence[tuple[Volume, LabelMap]] = (), steps: int = TUNING_STEPS, seed: int = 0,
              device: str = "auto", name: str | None = None, progress: Progress = silent) -> Path:
    """Train a model further on corrected cases, then compare before and after on cases it did not see.

    Parameters
    ----------
    model : LoadedModel
        It is left as it is; the result is a new checkpoint.
    cases : iterable of (Volume, LabelMap)
        Accepted scans with their corrected labels.
    folder : Path
        Gets the checkpoint, the log, and with held-out cases ``comparison.json`` and ``comparison.md``.
    held_out : sequence of (Volume, LabelMap)
        Accepted scans kept apart. They choose nothing: the last step is always the result.
    steps, seed : int
    device : str
    name : str, optional
        Of the new model; the old one's by default.
    progress : Progress

    Returns
    -------
    Path
        The fine-tuned checkpoint.
    """
    cases = list(cases)
    if not cases:
        raise InputError("fine-tuning", "there is no training case", "Accept at least one corrected case first")
    repeated = {volume.name for volume, _ in cases} & {volume.name for volume, _ in held_out}
    if repeated:
        raise InputError(", ".join(sorted(repeated)), "it is both a training case and held out",
                         "Give each case one role")
    recipe = tuning_recipe(model.card.recipe, steps)
    _freeze_statistics(model.network)
    path = fit(recipe, cases, folder, steps=steps, seed=seed, start=model, device=device,
               name=name or model.card.name, training=_training(model, len(cases)),
               progress=part(progress, 0.0, 0.9 if held_out else 1.0))
    if held_out:
        _compare(model, path, held_out, folder, device, part(progress, 0.9, 1.0))
    return path


def tuning_recipe(recipe: Recipe, steps: int) -> Recipe:
    """A model's own recipe with a gentle rate and short epochs, on the given scans."""
    return recipe.model_copy(update={
        "optimiser": recipe.optimiser.model_copy(update={"lr": LEARNING_RATE, "gradient_clip": 5.0}),
        "schedule": recipe.schedule.model_copy(update={"name": "one-cycle"}),
        "steps": steps,
        "steps_per_epoch": max(1, min(50, steps)),
        "synthetic": "",
    })


def _freeze_statistics(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.frozen_statistics = True  # type: ignore[assignment]


def _training(model: LoadedModel, n: int) -> TrainingData:
    before = model.card.training
    return before.model_copy(update={
        "description": f"{before.description} Fine-tuned on {n} cases accepted by the user.".strip(),
        "cases": n,
    })


def _compare(model: LoadedModel, path: Path, held_out: Sequence[tuple[Volume, LabelMap]], folder: Path, device: str,
             progress: Progress) -> None:
    scheme = model.card.recipe.scheme
    scores: dict[str, dict[str, dict[str, dict[str, float]]]] = {}
    total = 2 * len(held_out)
    for turn, (label, candidate) in enumerate((("before", model), ("after", load_model(path)))):
        predictor = Predictor(candidate, device=device)
        for n, (volume, labels) in enumerate(held_out):
            progress((turn * len(held_out) + n) / total, f"Comparing on {volume.name}, {label}")
            found = predictor.predict(volume, box=None, whole=True).labels
            scores.setdefault(volume.name, {})[label] = evaluate(found, labels.with_scheme(scheme))
    comparison = compare(scores)
    atomic_json(folder / "comparison.json", comparison)
    atomic_text(folder / "comparison.md", as_markdown(comparison))
    progress(1.0, comparison["verdict"])
