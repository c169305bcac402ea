"""Pace of a fine-tuning on this device: a few steps of it on a made-up scan, timed, and a look at that scan."""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel
from napari_boundaryseg.engine.devices import choose
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.tuning import Pace, Part
from napari_boundaryseg.engine.training.data.cases import prepare_all
from napari_boundaryseg.engine.training.fine_tune import tuning_recipe
from napari_boundaryseg.engine.training.loop.folder import LOG
from napari_boundaryseg.engine.training.loop.validate import dice_scores
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.engine.training.trained_part import only
from napari_boundaryseg.progress import Progress, silent

STEPS = 3
"""The first one is not counted: libraries are loaded in it."""
LEAST_VOX = 8


def pace(model: LoadedModel, part: Part = "all", device: str = "auto", *, progress: Progress = silent) -> Pace:
    """How long a step of a fine-tuning takes here, and a look at one scan of the size of a window.

    Parameters
    ----------
    model : LoadedModel
        It is left as it is.
    part : str
        Which weights are trained: see `trained_part.only`.
    device : str
    progress : Progress
    """
    recipe = tuning_recipe(model.card.recipe, STEPS)
    pair = made_up(recipe)
    begun = replace(model, network=only(part, model.network))
    with tempfile.TemporaryDirectory() as folder:
        fit(recipe, [pair], Path(folder), start=begun, device=device, progress=progress)
        lines = (Path(folder) / LOG).read_text("utf-8").splitlines()
    steps = [float(line["seconds"]) for line in map(json.loads, lines) if "seconds" in line]
    place = torch.device(choose(device))
    case = prepare_all([pair], recipe)
    began = time.perf_counter()
    dice_scores(model.network.to(place), case, recipe, place)
    look = time.perf_counter() - began
    model.network.cpu()
    return Pace(min(steps[1:]), look)


def made_up(recipe: Recipe) -> tuple[Volume, LabelMap]:
    """Noise of the size of a window at the recipe's spacing, with every organ in a stripe of its own."""
    size = np.maximum(np.maximum(recipe.patch_vox, recipe.window_vox), LEAST_VOX)[::-1]
    shape = (int(size[0]), int(size[1]), int(size[2]))
    spacing = recipe.preprocessing.spacing_mm or (1.0, 1.0, 1.0)
    noise = np.random.default_rng(0).normal(size=(len(recipe.channels), *shape)).astype(np.float32)
    volume = Volume(noise, Geometry(shape, np.diag([*spacing, 1.0])), recipe.channels, "made up")
    labels = np.zeros(shape, np.uint16)
    inside = labels[shape[0] // 4 : -(shape[0] // 4), shape[1] // 4 : -(shape[1] // 4)]
    stripes = np.linspace(0, len(recipe.scheme.ids) - 1e-6, inside.shape[0]).astype(int)
    inside[:] = np.array(recipe.scheme.ids)[stripes][:, None, None]
    return volume, volume.with_labels(labels, recipe.scheme)
