"""Every network on a GPU against the same network on the CPU: forward, backward, prediction; errors, seconds, memory.

Needs torch and the package's own light dependencies. A network whose library is not installed is named and left out.

    python benchmarks/gpu_check.py                 on cuda; prints a Markdown table, exit status 1 if something is wrong
    python benchmarks/gpu_check.py --device cpu    the same code without a GPU, float32 only, to see that it runs
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from napari_boundaryseg import losses, models
from napari_boundaryseg.engine.devices import full_float32
from napari_boundaryseg.engine.heads import Heads
from napari_boundaryseg.engine.sliding_window import sliding_window
from napari_boundaryseg.models.slicewise import SliceWise

DTYPES = {"float32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
ALLOWED = {"float32": 1e-3, "bf16": 5e-2, "fp16": 2e-2}
"""Largest mean difference of probabilities from the CPU's float32."""

SIZE = {2: (1, 96, 96), 3: (32, 48, 48)}
SCAN = {2: (8, 160, 144), 3: (48, 72, 64)}
CLASSES = 4
BUILD: dict[str, Any] = {"in_channels": 1, "norm": "group"}
ONLY_2D = ("bacnn",)
LOSSES = {"wce-dice": 1.0, "hard-contour": 1.0, "soft-contour": 1.0, "edge-bce": 0.5, "edge-dice": 1.0}


@dataclass
class Row:
    """One network in one precision."""

    network: str
    dims: int
    precision: str
    error: float
    gradients: bool
    same_labels: float
    forward_ms: float
    step_ms: float
    predict_s: float
    peak_mib: float

    @property
    def good(self) -> bool:
        """Whether the precision may be used."""
        return self.error <= ALLOWED[self.precision] and self.gradients


def networks() -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Every registered network in the dimensions that it has; EG-CNN on each backbone."""
    for name in models.names():
        for dims in (2, 3):
            if dims == 3 and name in ONLY_2D:
                continue
            backbones = ("segresnet", "unet", "basic-unet", "vnet") if name == "egcnn" else (None,)
            for backbone in backbones:
                yield name, dims, {"backbone": backbone} if backbone else {}


def check(name: str, dims: int, arguments: dict[str, Any], device: torch.device) -> list[Row]:
    """Compare one network on the device, in each precision, with the CPU's float32."""
    torch.manual_seed(0)
    network = models.build(name, dims=dims, classes=CLASSES, clear=2, blurry=1, **{**BUILD, **arguments})
    network = SliceWise(network) if dims == 2 else network
    image, scan = torch.randn(2, 1, *SIZE[dims]), torch.randn(1, *SCAN[dims])
    labels = torch.randint(0, CLASSES, (2, *SIZE[dims]))
    with torch.inference_mode():
        truth = torch.softmax(network.eval()(image).logits, 1)
        whole = _labels(network, scan, SIZE[dims], torch.device("cpu"))
    moved, rows = copy.deepcopy(network).to(device), []
    for precision, dtype in DTYPES.items() if device.type == "cuda" else [("float32", None)]:
        _reset_peak(device)
        half = torch.autocast(device.type, dtype) if dtype is not None else nullcontext()
        with half, full_float32():
            forward, found = _forward(moved, image.to(device))
            step, finite = _backward(moved, image.to(device), labels.to(device))
            began = time.perf_counter()
            predicted = _labels(moved, scan, SIZE[dims], device)
            seconds = time.perf_counter() - began
        error = float((found.float().cpu() - truth).abs().mean())
        same = float((predicted == whole).float().mean())
        rows.append(Row(f"{name}{' ' + arguments['backbone'] if arguments else ''}", dims, precision, error, finite,
                        same, 1000 * forward, 1000 * step, seconds, _peak(device)))
    return rows


def _labels(network: nn.Module, scan: Tensor, window: tuple[int, ...], device: torch.device) -> Tensor:
    with torch.inference_mode():
        heads = sliding_window(scan, Heads(network.eval()), window, 0.25, device=device)
    return torch.as_tensor(heads)[:CLASSES].argmax(0).cpu()


def _forward(network: nn.Module, image: Tensor) -> tuple[float, Tensor]:
    with torch.inference_mode():
        network.eval()(image)
        _wait(image.device)
        began = time.perf_counter()
        logits = network(image).logits
        _wait(image.device)
    return time.perf_counter() - began, torch.softmax(logits.float(), 1)


def _backward(network: nn.Module, image: Tensor, labels: Tensor) -> tuple[float, bool]:
    loss = losses.weighted(LOSSES)
    seconds = 0.0
    for _ in range(2):  # the first one chooses its kernels
        network.train().zero_grad(set_to_none=True)
        _wait(image.device)
        began = time.perf_counter()
        output = network(image)
        zeros = torch.zeros((), device=image.device)
        target = losses.Target(labels, *(None if head is None else zeros.expand_as(head)
                                         for head in (output.hard, output.soft)))
        loss(output, target)[0].backward()
        _wait(image.device)
        seconds = time.perf_counter() - began
    used = [p.grad for p in network.parameters() if p.grad is not None]
    return seconds, bool(used) and all(bool(torch.isfinite(grad).all()) for grad in used)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _reset_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def _peak(device: torch.device) -> float:
    return torch.cuda.max_memory_allocated(device) / 2**20 if device.type == "cuda" else float("nan")


def main() -> None:
    """Check all, print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--device", default="cuda")
    options.add_argument("--only", help="one network's name")
    chosen = options.parse_args()
    device, bad = torch.device(chosen.device), 0
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"torch {torch.__version__}, {where}\n")
    print("| network | dims | precision | mean error | gradients finite | same labels | forward (ms) | step (ms) | "
          "prediction (s) | peak (MiB) | |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, dims, arguments in networks():
        if chosen.only not in (None, name):
            continue
        try:
            rows = check(name, dims, arguments, device)
        except ModuleNotFoundError as missing:
            print(f"| {name} | {dims} | left out: {missing.name} is not installed | | | | | | | | |")
            continue
        for row in rows:
            bad += not row.good
            finite = "yes" if row.gradients else "NO"
            print(f"| {row.network} | {row.dims} | {row.precision} | {row.error:.1e} | {finite} |"
                  f" {row.same_labels:.4f} | {row.forward_ms:.1f} | {row.step_ms:.1f} | {row.predict_s:.2f} | "
                  f"{row.peak_mib:.0f} | {'' if row.good else 'WRONG'} |", flush=True)
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
