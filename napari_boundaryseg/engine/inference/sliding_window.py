"""Sliding-window inference with Gaussian blending, in one pass and cancellable; positions and weights are MONAI's."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent

SIGMA_SCALE = 0.125
MOST_WINDOWS = 200_000
FEW_WINDOWS = 2000
"""So many come to an end whatever they are."""
MOST_LOOKS = 64
"""How often each voxel of a large scan may be looked at: 8 times at an overlap of a half, 64 at three quarters."""
LEAST_VOX = 4096
"""What a window costs even where it holds fewer voxels."""
Zyx = tuple[int, int, int]


def starts(size: int, window: int, overlap: float) -> list[int]:
    """Where the windows begin along one axis of at least the window's length."""
    step = window if window == size else max(1, int(window * (1 - overlap)))
    count = -(-max(0, size - window) // step) + 1
    return [min(n * step, size - window) for n in range(count)]


def importance(window: Zyx) -> Tensor:
    """Gaussian weights of one window, (z, y, x) float32, highest in the middle, never 0."""
    weights = torch.ones(window)
    for axis, n in enumerate(window):
        sigma = n * SIGMA_SCALE
        x = torch.arange(-(n - 1) / 2.0, (n - 1) / 2.0 + 1)
        line = torch.exp(x**2 / (-2 * sigma**2))
        weights = weights * line.reshape([-1 if a == axis else 1 for a in range(3)])
    return weights.clamp_min(max(float(weights[weights > 0].min()), 1e-3))


def pad_to(image: Tensor, window: Zyx) -> tuple[Tensor, tuple[slice, ...]]:
    """Zeros round (C, z, y, x) up to the window's size, and where the image lies inside."""
    missing = [max(0, w - n) for w, n in zip(window, image.shape[1:], strict=True)]
    before = [m // 2 for m in missing]
    inside = tuple(slice(b, b + n) for b, n in zip(before, image.shape[1:], strict=True))
    if not any(missing):
        return image, inside
    padding = [side for m, b in zip(reversed(missing), reversed(before), strict=True) for side in (b, m - b)]
    return F.pad(image, padding), inside


def sliding_window(
    image: Tensor,
    network: Callable[[Tensor], Tensor],
    window: Zyx,
    overlap: float = 0.5,
    *,
    batch: int = 1,
    device: torch.device | str = "cpu",
    store: torch.device | str | None = None,
    progress: Progress = silent,
) -> Tensor:
    """Blend what a network says of overlapping windows.

    Parameters
    ----------
    image : (C, z, y, x) float tensor
    network : callable
        (B, C, *window) to (B, N, *window).
    window : tuple of int
        (z, y, x); smaller scans are padded with zeros and cropped back.
    overlap : float
        Share of a window that the next one covers again.
    batch : int
        Windows given to the network at once.
    device, store : torch.device
        Where the network runs, and where the sums are kept (the same by default).
    progress : Progress
        Called at every batch of windows; may raise `Cancelled`.

    Returns
    -------
    (N, z, y, x) float32 tensor on ``store``
    """
    store = store or device
    padded, inside = pad_to(image, window)
    size = padded.shape[1:]
    weights = importance(window).to(store)
    places = _places(size, window, overlap)
    total = torch.zeros(0)
    covered = torch.zeros(size, device=store)
    for n, group in enumerate(_batches(places, batch)):
        progress(n * batch / len(places), f"Window {n * batch + 1} of {len(places)}")
        boxes = [tuple(slice(a, a + w) for a, w in zip(place, window, strict=True)) for place in group]
        stacked = torch.stack([padded[(slice(None), *box)] for box in boxes]).to(device)
        answers = network(stacked).to(store, torch.float32)
        if not total.numel():
            total = torch.zeros((answers.shape[1], *size), device=store)
        for box, answer in zip(boxes, answers, strict=True):
            total[(slice(None), *box)].addcmul_(answer, weights)
            covered[box] += weights
    progress(1.0, "Blending")
    return total.div_(covered)[(slice(None), *inside)]


def _places(size: tuple[int, ...], window: Zyx, overlap: float) -> list[tuple[int, ...]]:
    """Where every window begins; refused where they are too many to ever come to an end."""
    along = [starts(n, w, overlap) for n, w in zip(size, window, strict=True)]
    count = math.prod(map(len, along))
    looks = count * max(math.prod(window), LEAST_VOX) / math.prod(size)
    if count > MOST_WINDOWS or (count > FEW_WINDOWS and looks > MOST_LOOKS):
        raise InputError(
            "model",
            f"it would look at this scan through {count} windows of {window} voxels",
            "Draw a box round the organs, or choose a model with larger windows or less overlap",
        )
    return list(itertools.product(*along))


def _batches(places: list[tuple[int, ...]], batch: int) -> Iterator[list[tuple[int, ...]]]:
    for start in range(0, len(places), batch):
        yield places[start : start + batch]
