"""Steps of a training beside MONAI's CacheDataset and DataLoader: one network, loss, patch and batch, in turn.

    python benchmarks/peers/training.py --threads 1
    python benchmarks/peers/training.py --threads 2 --data ../shared/data

The recipe is that of hippocampus-sgm, on eight hippocampi, from the shipped weights. Ours is `fit` as everybody calls
it, timed from one step's progress to the next. MONAI changes its patches in the same kinds of way (crop, mirror, turn,
size, shift, bend, blur, bias field, contrast, noise) and is given every target map ready made; it draws them in the
process itself, or in one worker. The first steps of a round warm up and do not count. *Computing* is the share of a
step that network and optimiser take, by the training's own log. Times are medians over the rounds of a round's mean
step, with the least and the most; processor time is the process's and its workers'. Ratios are MONAI's faster way
divided by the row, so that more is better.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil
import torch
from monai import transforms
from monai.data import CacheDataset, DataLoader
from torch import Tensor, nn
from torch.utils.data import RandomSampler

from napari_boundaryseg import losses
from napari_boundaryseg.data.datasets import load_case, read_dataset
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.training.data.cases import TrainingCase, prepare_all
from napari_boundaryseg.engine.training.loop.folder import LOG
from napari_boundaryseg.engine.training.loop.optimiser import optimiser_of
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.progress import Cancelled

NAME, CASES, WARM_UP = "hippocampus-sgm", 8, 2
Pairs = list[tuple[Volume, LabelMap]]


class Round(NamedTuple):
    """Mean step of a round, in s, and the share of it that network and optimiser took."""

    cpu: float
    wall: float
    computing: float


class Clock:
    """Processor time and time on the wall at the end of every step."""

    def __init__(self) -> None:
        self._ticks: list[tuple[float, float]] = []

    def tick(self) -> int:
        """Note that a step has ended; how many have."""
        processes = [psutil.Process(), *psutil.Process().children()]
        times = [process.cpu_times() for process in processes]
        self._ticks.append((sum(one.user + one.system for one in times), time.perf_counter()))
        return len(self._ticks)

    def of_a_step(self) -> tuple[float, float]:
        """Both, of a step after those that warm up."""
        first, last = self._ticks[WARM_UP - 1], self._ticks[-1]
        count = len(self._ticks) - WARM_UP
        return (last[0] - first[0]) / count, (last[1] - first[1]) / count


def ours(recipe: Recipe, cases: Pairs, steps: int) -> Round:
    """A training of so many steps, stopped as a person stops it."""
    clock = Clock()

    def told(fraction: float, text: str = "") -> None:
        if text.startswith("Training") and clock.tick() == WARM_UP + steps:
            raise Cancelled

    with tempfile.TemporaryDirectory() as folder:
        with suppress(Cancelled):
            fit(recipe, cases, Path(folder), start=load_model(NAME), device="cpu", precision="float32", progress=told)
        lines = [json.loads(line) for line in (Path(folder) / LOG).read_text().splitlines()][WARM_UP:]
    share = sum(line["computing"] for line in lines) / sum(line["seconds"] for line in lines)
    return Round(*clock.of_a_step(), share)


class Peer:
    """The same network and losses, with patches of MONAI's."""

    def __init__(self, recipe: Recipe, cases: list[TrainingCase], workers: int) -> None:
        self._recipe, self._maps = recipe, sorted(cases[0].maps)
        self._network = deepcopy(load_model(NAME).network).train()
        self._optimiser = optimiser_of(recipe.optimiser, self._network)
        self._loss = losses.weighted(recipe.losses, recipe.loss_arguments)
        held = [{"image": case.image, "label": case.labels[None].float(), **_floats(case.maps)} for case in cases]
        self._dataset = CacheDataset(held, changes(recipe, self._maps), progress=False, num_workers=0)
        self._workers = workers

    def __call__(self, steps: int) -> Round:
        """So many steps; the worker is a new one, as in every epoch."""
        size = self._recipe.batch
        drawing = RandomSampler(self._dataset, replacement=True, num_samples=size * (WARM_UP + steps))
        loader = DataLoader(self._dataset, self._workers, batch_size=size, sampler=drawing)
        clock, computing, began = Clock(), 0.0, time.perf_counter()
        for number, batch in enumerate(loader):
            drawn = time.perf_counter()
            self._step({name: value.as_tensor() for name, value in batch.items()})
            ended = time.perf_counter()
            computing += ended - drawn if number >= WARM_UP else 0.0
            began = ended if number < WARM_UP else began
            clock.tick()
        return Round(*clock.of_a_step(), computing / (ended - began))

    def _step(self, batch: dict[str, Tensor]) -> None:
        target = losses.Target(batch["label"][:, 0].long(), {name: batch[name] for name in self._maps})
        total, _ = self._loss(self._network(batch["image"]), target)
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self._network.parameters(), self._recipe.optimiser.gradient_clip)
        self._optimiser.step()
        float(total.detach())


def _floats(maps: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: one.float() for name, one in maps.items()}


def changes(recipe: Recipe, maps: list[str]) -> Callable[[Any], Any]:
    """MONAI's random changes of the same kinds and sizes as the recipe's."""
    settings = recipe.augmentation
    keys = ["image", "label", *maps]
    how = {"mode": ("bilinear", "nearest", *["bilinear"] * len(maps)), "padding_mode": "zeros"}
    blur = (0.0, settings.blur_mm)
    return transforms.Compose(
        [
            transforms.SpatialPadd(keys, recipe.patch_vox),
            transforms.RandSpatialCropd(keys, recipe.patch_vox, random_size=False),
            transforms.RandFlipd(keys, prob=0.5, spatial_axis=2),
            transforms.Rand3DElasticd(  # turns, sizes and shifts as well, and reads the patch once
                keys,
                sigma_range=(5, 7),
                magnitude_range=(20, 60),
                prob=1.0,
                rotate_range=(np.radians(settings.rotate_deg),) * 3,
                scale_range=(settings.scale,) * 3,
                translate_range=(settings.shift_mm,) * 3,
                **how,
            ),
            transforms.RandGaussianSmoothd(["image"], blur, blur, blur, prob=0.5),
            transforms.RandBiasFieldd(["image"], coeff_range=(0, settings.bias_field / 2), prob=1.0),
            transforms.RandScaleIntensityd(["image"], settings.contrast, prob=1.0),
            transforms.RandShiftIntensityd(["image"], settings.contrast, prob=1.0),
            transforms.RandAdjustContrastd(["image"], prob=1.0, gamma=(0.8, 1.25)),
            transforms.RandGaussianNoised(["image"], prob=1.0, std=settings.noise),
        ]
    )


def main() -> None:
    """Measure, and print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--steps", type=int, default=8, help="of a round that count")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    recipe = load_model(NAME).card.recipe
    folder = chosen.data / "hippocampus"
    listed = [case for case in read_dataset(folder, folder / "splits.csv") if case.split == "train"][:CASES]
    loaded = [load_case(case, recipe.scheme) for case in listed]
    cases = [(volume, labels) for volume, labels in loaded if labels is not None]
    prepared = prepare_all(cases, recipe)
    ways: dict[str, Callable[[int], Round]] = {
        "MONAI": Peer(recipe, prepared, 0),
        "MONAI, one worker": Peer(recipe, prepared, 1),
        "ours": lambda steps: ours(recipe, cases, steps),
    }
    rounds = [{name: way(chosen.steps) for name, way in ways.items()} for _ in range(chosen.rounds)]
    sizes = f"patch {recipe.patch_vox}, batch {recipe.batch}, n = {chosen.rounds} rounds of {chosen.steps} steps"
    print(f"{chosen.threads} thread(s), {sizes}")
    print(
        "| way | processor (s) | wall (s) | computing | × MONAI, processor | × MONAI, wall |\n|---|---|---|---|---|---|"
    )
    for line in table(rounds):
        print(line)


def table(rounds: list[dict[str, Round]]) -> Iterator[str]:
    """A line for each way."""
    found = {name: [[getattr(row[name], part) for row in rounds] for part in Round._fields] for name in rounds[0]}
    middle = {name: [statistics.median(values) for values in parts] for name, parts in found.items()}
    best = [min(parts[n] for name, parts in middle.items() if name.startswith("MONAI")) for n in (0, 1)]
    for name, parts in found.items():
        told = (f"{statistics.median(values):.3f} ({min(values):.3f}-{max(values):.3f})" for values in parts)
        ratios = (f"{best[n] / middle[name][n]:.2f}" for n in (0, 1))
        yield f"| {' | '.join([name, *told, *ratios])} |"


if __name__ == "__main__":
    main()
