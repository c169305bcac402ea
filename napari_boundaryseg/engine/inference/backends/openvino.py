"""OpenVINO on a CPU: a network compiled for one size of window, in float32 or bfloat16."""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal
from warnings import catch_warnings, simplefilter

import numpy as np
import torch
from torch import Tensor, nn

from napari_boundaryseg.engine.inference.backends.stacked import Stacked
from napari_boundaryseg.models import EVERY_MAP

Kind = Literal["float32", "bf16"]
_HINTS = {"float32": "f32", "bf16": "bf16"}


class BackendFailed(RuntimeError):
    """OpenVINO could not compile or compute a network: memory was short, or it does not know a layer."""


def installed() -> str:
    """The library's version; empty where it is not installed. It is not imported."""
    try:
        return version("openvino")
    except PackageNotFoundError:
        return ""


class Compiled:
    """A `Backend` that takes windows of one size, one after the other.

    Parameters
    ----------
    network : nn.Module
        In evaluation mode, on the CPU.
    window : tuple of int
        (C, z, y, x).
    asked : collection of str
        Of `models.EVERY_MAP`.
    precision : str
        What is computed between a window and the float32 that comes back.

    Raises
    ------
    BackendFailed
        Also for bfloat16 on a processor that has none.

    Notes
    -----
    Compiling may end the process: releases 2025.4 to 2026.4 crash on some processors where parts of a network are
    joined ("snippets"), which is why they are not, and why it is tried in a process of its own first, see `trial`.
    A process that has compiled many networks may crash at a signal, too.
    """

    name = "openvino"

    def __init__(
        self,
        network: nn.Module,
        window: tuple[int, ...],
        asked: Collection[str] = EVERY_MAP,
        precision: Kind = "float32",
    ) -> None:
        stacked = Stacked(network, asked).eval()
        try:
            self._request = _request(stacked, torch.zeros(1, *window), precision)
        except BackendFailed:
            raise
        except Exception as error:
            raise BackendFailed(f"OpenVINO cannot compile it: {type(error).__name__}") from error
        self._shapes = [tuple(output.shape) for output in self._request.model_outputs]
        self.sizes, self.levels, self.attention_kind = stacked.sizes, stacked.levels, stacked.attention_kind

    def __call__(self, x: Tensor) -> list[Tensor]:
        """As of a `Backend`."""
        answers = [torch.empty(len(x), *shape[1:]) for shape in self._shapes]
        for n, window in enumerate(x):
            self._one(window, [answer[n : n + 1] for answer in answers])
        return answers

    def _one(self, window: Tensor, answers: list[Tensor]) -> None:
        """Have the answers of one window written where they are wanted."""
        from openvino import Tensor as Shared

        try:
            for n, answer in enumerate(answers):
                self._request.set_output_tensor(n, Shared(answer.numpy(), shared_memory=True))
            self._request.infer([np.ascontiguousarray(window[None].numpy())])
        except Exception as error:
            raise BackendFailed(f"OpenVINO cannot compute it: {type(error).__name__}") from error


def _request(stacked: Stacked, example: Tensor, precision: Kind) -> Any:
    """What computes one window."""
    from openvino import Core
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    core = Core()
    if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise BackendFailed("OpenVINO finds no bfloat16 in this processor")
    with torch.no_grad(), catch_warnings():
        simplefilter("ignore", torch.jit.TracerWarning)  # of sizes, which are the same for each window
        simplefilter("ignore", DeprecationWarning)  # an exported program is twice as slow in OpenVINO 2026.4
        traced = torch.jit.freeze(torch.jit.trace(stacked, example, check_trace=False))
    front = FrontEndManager().load_by_framework("pytorch")
    decoder = TorchScriptPythonDecoder(traced, example_input=example)  # lives as long as the graph is made from it
    graph = front.convert(front.load(decoder))
    graph.reshape(list(example.shape))
    options = {
        "INFERENCE_PRECISION_HINT": _HINTS[precision],
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "SNIPPETS_MODE": "DISABLE",
    }
    return core.compile_model(graph, "CPU", options).create_infer_request()
