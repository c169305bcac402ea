"""Every network on a GPU against float32 on the CPU: probabilities, gradients, labels; seconds, memory.

Needs torch and the package's own light dependencies. A network whose library is not installed is named and left out.

    python benchmarks/gpu_check.py                 on cuda; prints a Markdown table
    python benchmarks/gpu_check.py --device cpu    the same code without a GPU, to see that it runs: float32, or what
                                                   --precision names

The exit status is 1 where a difference is larger than `LIMITS` allow, and where a network was left out, unless
--allow-missing says that this is as it should be.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from napari_boundaryseg import losses, models
from napari_boundaryseg.engine.devices import full_float32
from napari_boundaryseg.engine.inference.heads import Heads
from napari_boundaryseg.engine.inference.sliding_window import sliding_window
from napari_boundaryseg.models.backbones import TAPPED
from napari_boundaryseg.models.slicewise import SliceWise

DTYPES = {"float32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
SCALE = {"float32": 1.0, "bf16": 1.0, "fp16": 2.0**12}
"""By which the loss is multiplied for the backward pass, as in training: the smallest gradients are 0 in fp16."""


@dataclass(frozen=True)
class Limits:
    """Largest differences from the CPU's float32.

    Parameters
    ----------
    probability : float
        Mean absolute difference of the probabilities.
    gradient : float
        Length of the difference of the gradients of all parameters, over the length of the CPU's.
    labels : float
        Share of a scan's voxels whose label differs. Fresh weights are undecided nearly everywhere, so it is the
        strictest that can be asked.
    """

    probability: float
    gradient: float
    labels: float


LIMITS = {"float32": Limits(1e-4, 1e-2, 1e-3), "bf16": Limits(1e-2, 0.2, 0.05), "fp16": Limits(2e-3, 0.1, 0.01)}
"""For bf16 and fp16 two to ten times the worst that either did to 2-D networks on a CPU."""

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
    gradient: float
    labels: float
    forward_ms: float
    step_ms: float
    predict_s: float
    peak_mib: float

    @property
    def good(self) -> bool:
        """Whether the precision may be used; what is not a number is not good."""
        limits = LIMITS[self.precision]
        return self.error <= limits.probability and self.gradient <= limits.gradient and self.labels <= limits.labels

    def __str__(self) -> str:
        return (
            f"| {self.network} | {self.dims} | {self.precision} | {self.error:.1e} | {self.gradient:.1e} | "
            f"{self.labels:.1e} | {self.forward_ms:.1f} | {self.step_ms:.1f} | {self.predict_s:.2f} | "
            f"{self.peak_mib:.0f} | {'' if self.good else 'WRONG'} |"
        )


def networks() -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Every registered network in the dimensions that it has; EG-CNN on each backbone."""
    for name in models.names():
        for dims in (2, 3):
            if dims == 3 and name in ONLY_2D:
                continue
            for backbone in TAPPED if name == "egcnn" else (None,):
                yield name, dims, {"backbone": backbone} if backbone else {}


def check(
    name: str, dims: int, arguments: dict[str, Any], device: torch.device, precisions: Sequence[str]
) -> Iterator[Row]:
    """Compare one network on the device, in each precision, with the CPU's float32."""
    torch.manual_seed(0)
    network = models.build(name, dims=dims, classes=CLASSES, clear=2, blurry=1, **{**BUILD, **arguments})
    network = without_chance(SliceWise(network) if dims == 2 else network)
    image, scan = torch.randn(2, 1, *SIZE[dims]), torch.randn(1, *SCAN[dims])
    labels = torch.randint(0, CLASSES, (2, *SIZE[dims]))
    with torch.inference_mode():
        truth = torch.softmax(network.eval()(image).logits, 1)
        whole = _labels(network, scan, SIZE[dims], torch.device("cpu"))
    moved = copy.deepcopy(network).to(device)
    _, slope = _backward(network, image, labels)
    for precision in precisions:
        dtype = DTYPES[precision]
        _reset_peak(device)
        half = torch.autocast(device.type, dtype) if dtype is not None else nullcontext()
        with half, full_float32():
            forward, found = _forward(moved, image.to(device))
            step, gradient = _backward(moved, image.to(device), labels.to(device), SCALE[precision])
            began = time.perf_counter()
            predicted = _labels(moved, scan, SIZE[dims], device)
            seconds = time.perf_counter() - began
        error = float((found.float().cpu() - truth).abs().mean())
        yield Row(
            " ".join([name, *arguments.values()]),
            dims,
            precision,
            error,
            float((gradient - slope).norm() / slope.norm()),
            float((predicted != whole).float().mean()),
            1000 * forward,
            1000 * step,
            seconds,
            _peak(device),
        )


def without_chance(network: nn.Module) -> nn.Module:
    """The network with its dropout off, which draws other numbers on another device."""
    for module in network.modules():
        if isinstance(module, (nn.Dropout, nn.Dropout2d, nn.Dropout3d)):
            module.p = 0.0
    return network


def _labels(network: nn.Module, scan: Tensor, window: tuple[int, int, int], device: torch.device) -> Tensor:
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


def _backward(network: nn.Module, image: Tensor, labels: Tensor, scale: float = 1.0) -> tuple[float, Tensor]:
    """Seconds of one step, and the gradients of all parameters in one line."""
    loss = losses.weighted(LOSSES)
    seconds = 0.0
    for _ in range(2):  # the first one chooses its kernels
        network.train().zero_grad(set_to_none=True)
        _wait(image.device)
        began = time.perf_counter()
        output = network(image)
        zeros = torch.zeros((), device=image.device)
        heads = {"hard": output.hard, "soft": output.soft}
        target = losses.Target(
            labels, {name: zeros.expand_as(head) for name, head in heads.items() if head is not None}
        )
        (scale * loss(output, target)[0]).backward()
        _wait(image.device)
        seconds = time.perf_counter() - began
    return seconds, torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]).cpu() / scale


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
    options.add_argument("--only", choices=models.names(), action="append", help="a network; again for more")
    options.add_argument("--dims", type=int, choices=(2, 3), action="append", help="again for both")
    options.add_argument("--precision", choices=list(DTYPES), action="append", help="again for more")
    options.add_argument("--allow-missing", action="store_true", help="networks without their library are no fault")
    chosen = options.parse_args()
    device, bad, missing = torch.device(chosen.device), 0, set()
    precisions = chosen.precision or (list(DTYPES) if device.type == "cuda" else ["float32"])
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"torch {torch.__version__}, {where}\n")
    print(
        "| network | dims | precision | mean error | gradient error | other labels | forward (ms) | step (ms) | "
        "prediction (s) | peak (MiB) | |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, dims, arguments in networks():
        if (chosen.only and name not in chosen.only) or (chosen.dims and dims not in chosen.dims):
            continue
        try:
            for row in check(name, dims, arguments, device, precisions):
                bad += not row.good
                print(row, flush=True)
        except ModuleNotFoundError as error:
            missing.add(name)
            print(f"| {name} | {dims} | left out: {error.name} is not installed | | | | | | | | |")
    print(f"\n{bad} wrong; left out: {', '.join(sorted(missing)) or 'none'}")
    raise SystemExit(1 if bad or (missing and not chosen.allow_missing) else 0)


if __name__ == "__main__":
    main()
