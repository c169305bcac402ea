"""Devices: CPU or CUDA, precision, and what is tried when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, TypeVar

import torch
from torch import nn

from napari_boundaryseg.errors import DeviceLost, InputError

T = TypeVar("T")

DRAW_A_BOX = "Draw a box round the organs and try again"


@dataclass(frozen=True)
class Plan:
    """One way to run: device, where sums are kept, windows at once."""

    device: str
    store: str
    batch: int
    note: str = ""

    def with_fewer(self, batch: int) -> Plan:
        """The same with fewer windows at once, since memory ran out on the way."""
        at_once = "one window" if batch == 1 else f"{batch} windows"
        part = "Memory" if self.device == "cpu" else "GPU memory"
        return replace(self, batch=batch, note=f"{part} ran short: {at_once} at a time")


def choose(device: str) -> str:
    """``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:1"`` to a device that is there."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        return device
    kind, _, index = device.partition(":")
    if kind != "cuda" or (index and not index.isdigit()):
        raise InputError(device, "there is no such device", "Choose auto, cpu, cuda or cuda:N")
    if not torch.cuda.is_available() or int(index or 0) >= torch.cuda.device_count():
        raise InputError(device, "this machine has no such GPU", "Choose auto or cpu")
    return device


PRECISIONS = ("auto", "float32", "bf16")


def computes_bf16(device: str) -> bool:
    """Whether a device multiplies in bfloat16 by itself, where it is faster, and gets it right."""
    if device != "cpu":
        with torch.cuda.device(device):
            return torch.cuda.is_bf16_supported(including_emulation=False) and bf16_gradients_hold(device)
    found: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(found.get("amx_bf16") or found.get("avx512_bf16")) and bf16_gradients_hold()


@cache
def bf16_gradients_hold(device: str = "cpu") -> bool:
    """Whether bfloat16 gradients of this device's convolutions are those of float32.

    With torch 2.13 on AVX-512 the gradients of a 3-D convolution's weights over two planes, channels last, are wrong
    by two thirds, infinite, or no numbers. So that is tried.
    """
    convolution = nn.Conv3d(8, 8, 3, padding=1, bias=False, device=device)
    convolution = convolution.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    planes = torch.linspace(-1, 1, 256, device=device).sin().reshape(1, 8, 2, 4, 4)
    planes = planes.contiguous(memory_format=torch.channels_last_3d)
    with torch.no_grad():
        convolution.weight.copy_(torch.linspace(0, 50, 1728).cos().reshape(8, 8, 3, 3, 3) / 8)
    found = []
    for half in (False, True, True):
        with torch.enable_grad(), torch.autocast(device.partition(":")[0], torch.bfloat16, enabled=half):
            loss = convolution(planes).float().square().sum()
        found.append(torch.autograd.grad(loss, convolution.weight)[0])
    right, *halves = found
    return all(bool((other - right).norm() < 0.05 * right.norm()) for other in halves)


def precision_on(device: str, wanted: str) -> Literal["float32", "bf16"]:
    """``"auto"``, ``"float32"`` or ``"bf16"`` to what a training computes in; weights and losses are always float32.

    Raises
    ------
    InputError
        For an unknown precision, and for bf16 on a device whose gradients are wrong in it.
    """
    if wanted not in PRECISIONS:
        raise InputError(wanted, "there is no such precision", f"Choose {', '.join(PRECISIONS)}")
    if wanted == "bf16" and not (bf16_gradients_hold() if device == "cpu" else bf16_gradients_hold(device)):
        part = "processor" if device == "cpu" else "GPU"
        raise InputError(
            wanted,
            f"with torch {torch.__version__} this {part} gets gradients in bf16 wrong",
            "Train in float32; a training that was begun in bf16 resumes where they are right",
        )
    return "bf16" if wanted == "bf16" or (wanted == "auto" and computes_bf16(device)) else "float32"


def plans(device: str) -> Iterator[Plan]:
    """From the fastest way to run to the most frugal; within each, fewer windows are tried before it is left."""
    if device == "cpu":
        yield Plan("cpu", "cpu", 2)  # two windows together take less time than one: a single one has no fast kernel
        yield Plan("cpu", "cpu", 1, "Memory ran short: one window at a time")
        return
    yield Plan(device, device, 4)
    yield Plan(device, "cpu", 1, "GPU memory ran short: sums kept in main memory")
    yield Plan("cpu", "cpu", 1, "GPU memory ran short: computed on the CPU")


def first_that_fits(device: str, run: Callable[[Plan], T]) -> tuple[T, Plan]:
    """The result of the first plan that does not run out of memory; any other error goes through.

    Raises
    ------
    InputError
        When even the most frugal plan runs out of memory.
    """
    for plan in plans(device):
        try:
            return run(plan), plan
        except (RuntimeError, MemoryError) as error:
            if not is_full(error):
                raise
        if plan.device != "cpu":  # only here is what the failed plan held free
            torch.cuda.empty_cache()
    raise _no_memory("this scan", DRAW_A_BOX)


def give_back() -> None:
    """Give the GPU's memory back that this process keeps and does not use: another one may train on it."""
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def is_full(error: BaseException) -> bool:
    """Whether an error says that memory ran out; of main memory torch says so in words only."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or (
        isinstance(error, RuntimeError) and ("allocate memory" in str(error) or "error: out of memory" in str(error))
    )


def is_lost(error: BaseException) -> bool:
    """Whether an error says that the GPU stopped answering: a failed assertion in it, a reset driver, a fault of it."""
    of_the_device = isinstance(error, getattr(torch, "AcceleratorError", ())) or "CUDA error" in str(error)
    return isinstance(error, RuntimeError) and of_the_device and not is_full(error)


@contextmanager
def sentence_when_full(what: str, advice: str) -> Iterator[None]:
    """Turn every way in which memory runs out, or a GPU is lost, into one sentence: what happened, and what to do.

    Raises
    ------
    InputError
        For what memory is not enough.
    DeviceLost
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if is_full(error):
            raise _no_memory(what, advice) from error
        if is_lost(error):
            raise DeviceLost(
                "GPU",
                "it stopped answering during the computation",
                "Try again, which begins anew; where it happens again, choose the CPU or restart the computer",
            ) from error
        raise


def _no_memory(what: str, advice: str) -> InputError:
    return InputError("memory", f"there is not enough for {what}", advice)


@contextmanager
def full_float32() -> Iterator[None]:
    """Make float32 on CUDA mean float32, not the shorter TF32 that convolutions use by default; then as before."""
    kinds: tuple[Any, ...] = (torch.backends.cudnn, torch.backends.cuda.matmul)
    before = [kind.allow_tf32 for kind in kinds]
    try:
        for kind in kinds:
            kind.allow_tf32 = False
        yield
    finally:
        for kind, allowed in zip(kinds, before, strict=True):
            kind.allow_tf32 = allowed
