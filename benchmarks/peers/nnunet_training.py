"""For `nnunet.py`: phantoms of a pelvis, and a short training of nnU-Net's network on them, which can be resumed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from plain_conv_unet import PlainConvUNet
from torch import Tensor, nn

from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.memory import kept
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.recipes.settings import Preprocessing
from napari_boundaryseg.phantom import pelvis

Shape = tuple[int, int, int]
Spacing = tuple[float, float, float]
WORK = Path(__file__).resolve().parents[2] / ".work" / "nnunet"
WIDTHS, CLASSES = (16, 32, 64, 128, 256), 4
PATCH: Shape = (32, 80, 80)
SPACING: Spacing = (2.0, 1.6, 1.6)
PREPROCESSING = Preprocessing(spacing_mm=SPACING[::-1], clip_percentiles=(0.0, 100.0))
"""As in nnU-Net's plans."""
TRAINED_ON, TRAINED_SHAPE = range(1, 13), (64, 160, 160)
CYCLES, STEPS, BATCH, RATE, EVERY = 3, 160, 2, 3e-3, 10
"""Cycles of so many steps, in each of which the rate rises and falls; it is saved every so many steps."""


class Scan(NamedTuple):
    """A phantom: (1, z, y, x) float32, (z, y, x) labels."""

    array: np.ndarray
    truth: np.ndarray
    spacing: Spacing

    @classmethod
    def of(cls, seed: int, shape: Shape, spacing: Spacing) -> Scan:
        """A pelvis, its axes from left to right, back to front, feet to head, as an image reader gives it."""
        scan, labels = pelvis(seed, (shape[2], shape[1], shape[0]), (spacing[2], spacing[1], spacing[0]))
        array, truth = scan.array[0, ::-1, ::-1].T, labels.array[::-1, ::-1].T
        return cls(np.ascontiguousarray(array)[None], np.ascontiguousarray(truth), spacing)

    @property
    def volume(self) -> Volume:
        """As the product holds a scan."""
        array = self.array.transpose(0, 3, 2, 1)
        return Volume(array, Geometry(array.shape[1:], np.diag([*self.spacing[::-1], 1.0])), ("T2",), "phantom", "MR")

    def seen(self) -> Scan:
        """As the network sees it."""
        return self._replace(array=NetworkGrid(self.volume, PREPROCESSING).image())


def drawn(images: np.ndarray, labels: np.ndarray, patch: Shape, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A patch round a voxel that is mostly an organ's, a little brighter or darker, mirrored half the time."""
    n = rng.integers(len(images))
    inside = np.argwhere(labels[n] == rng.integers(1, labels.max() + 1)) if rng.random() < 0.75 else np.empty((0, 3))
    centre = inside[rng.integers(len(inside))] if len(inside) else rng.integers(labels.shape[1:])
    moved = centre - np.array(patch) // 2 + rng.integers(-12, 13, 3)
    start = np.clip(moved, 0, np.array(labels.shape[1:]) - patch)
    box = tuple(slice(a, a + w) for a, w in zip(start, patch))
    image = torch.from_numpy(images[n][box]) * rng.uniform(0.85, 1.15) + rng.uniform(-0.15, 0.15)
    image = image + rng.uniform(0, 0.15) * torch.from_numpy(rng.standard_normal(patch, np.float32))
    target = torch.from_numpy(labels[n][box].astype(np.int64))
    return (image.flip(-1), target.flip(-1)) if rng.random() < 0.5 else (image, target)


def loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross entropy and Dice, as nnU-Net's."""
    truth = F.one_hot(target, logits.shape[1]).movedim(-1, 1).float()
    found = logits.softmax(1)
    shared, both = (found * truth).sum((0, 2, 3, 4)), (found + truth).sum((0, 2, 3, 4))
    return F.cross_entropy(logits, target) + 1 - ((2 * shared[1:] + 1) / (both[1:] + 1)).mean()


def train(network: PlainConvUNet, images: np.ndarray, labels: np.ndarray, patch: Shape, folder: Path) -> None:
    """Teach a network, going on where an earlier run has ended.

    Parameters
    ----------
    network : PlainConvUNet
    images : (N, z, y, x) float32 array
        Of mean 0 and SD 1.
    labels : (N, z, y, x) array of integers
    patch : tuple of int
    folder : Path
        For ``training.pt``.
    """
    network = network.to(memory_format=torch.channels_last_3d).train()  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-3)
    parts: dict[str, Any] = {"network": network, "optimiser": optimiser, "schedule": _schedule(optimiser)}
    saved, first = folder / "training.pt", 0
    if saved.exists():
        state = torch.load(saved, weights_only=True)
        first = state["step"]
        for name, part in parts.items():
            part.load_state_dict(state[name])
    for step in range(first, CYCLES * STEPS):
        if step and step % STEPS == 0:
            parts["schedule"] = _schedule(optimiser)
        rng = np.random.default_rng([7, step])
        batch = [drawn(images, labels, patch, rng) for _ in range(BATCH)]
        image, target = (torch.stack(side) for side in zip(*batch))
        with kept():
            value = loss(network(image[:, None].contiguous(memory_format=torch.channels_last_3d)).logits, target)
            optimiser.zero_grad()
            value.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 12)
        optimiser.step()
        parts["schedule"].step()
        if (step + 1) % EVERY == 0:
            print(f"step {step + 1} of {CYCLES * STEPS}, loss {value:.3f}, {time.process_time():.0f} s", flush=True)
            new = saved.with_suffix(".new")
            torch.save({"step": step + 1, **{name: part.state_dict() for name, part in parts.items()}}, new)
            new.replace(saved)


def _schedule(optimiser: torch.optim.Optimizer) -> torch.optim.lr_scheduler.OneCycleLR:
    for group in optimiser.param_groups:
        for name in [name for name in group if name in ("initial_lr", "max_lr", "min_lr")]:
            del group[name]
    return torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=STEPS, pct_start=0.15)


def trained() -> dict[str, Tensor]:
    """Weights, which are trained where there are none."""
    file = WORK / "weights.pt"
    if not file.exists():
        print("Drawing phantoms, then training", flush=True)
        scans = [Scan.of(seed, TRAINED_SHAPE, SPACING).seen() for seed in TRAINED_ON]
        torch.manual_seed(0)
        network = PlainConvUNet(WIDTHS, CLASSES)
        images, labels = np.concatenate([scan.array for scan in scans]), np.stack([scan.truth for scan in scans])
        train(network, images, labels, PATCH, WORK)
        torch.save(network.state_dict(), file)
    weights: dict[str, Tensor] = torch.load(file, weights_only=True)
    return weights
