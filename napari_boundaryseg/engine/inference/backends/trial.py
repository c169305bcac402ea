"""Trial of OpenVINO with one model, in a process of its own: is it right, how fast is it, and does it live.

    python -m napari_boundaryseg.engine.inference.backends.trial MODEL [--threads 2] [--precision bf16]

Prints one line of JSON, see `Trial`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Collection
from typing import NamedTuple

import torch
from torch import Tensor

from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.inference.backends.openvino import BackendFailed, Compiled, Kind
from napari_boundaryseg.engine.inference.backends.stacked import Stacked
from napari_boundaryseg.models import EVERY_MAP
from napari_boundaryseg.models.blocks import CHANNELS_LAST

ROUNDS = 3
FARTHEST = {"float32": 1e-3, "bf16": 0.25}
"""Between two probabilities of a voxel. In bfloat16 this shows a broken network alone: see `half` for a good one."""
SAME = {"float32": 0.9999, "bf16": 0.97}
"""Of the voxels, at least, have the same class."""


class Trial(NamedTuple):
    """What was found with windows of smooth noise.

    Parameters
    ----------
    same : float
        The share of voxels with the same class.
    farthest : float
        The largest difference of any map.
    torch_s, openvino_s : float
        Of a window, the fastest of three; two at once for PyTorch, as it is used.
    compile_s : float
    precision : str
    """

    same: float
    farthest: float
    torch_s: float
    openvino_s: float
    compile_s: float
    precision: Kind = "float32"

    @property
    def is_right(self) -> bool:
        """Whether its answers are PyTorch's."""
        return self.same >= SAME[self.precision] and self.farthest <= FARTHEST[self.precision]


NOT_RIGHT = Trial(same=0.0, farthest=1.0, torch_s=0.0, openvino_s=0.0, compile_s=0.0)
"""What is found where it cannot compute a model at all."""


def fastest(run: Callable[[], object]) -> float:
    """In s."""
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        run()
        found.append(time.perf_counter() - began)
    return min(found)


def tried(model: str, asked: Collection[str] = EVERY_MAP, precision: Kind = "float32") -> Trial:
    """Both ways with the same two windows."""
    loaded = load_model(model)
    recipe = loaded.card.recipe
    half = precision == "bf16"
    order = torch.contiguous_format if half else CHANNELS_LAST[recipe.dims]
    own = Stacked(loaded.network.to(memory_format=order), asked).eval()  # type: ignore[call-overload]
    began = time.perf_counter()
    other = Compiled(loaded.network, (recipe.in_channels, *recipe.window_vox), asked, precision)
    compile_s = time.perf_counter() - began
    noise = torch.randn(2, recipe.in_channels, *recipe.window_vox, generator=torch.Generator().manual_seed(0))
    windows: Tensor = torch.nn.functional.avg_pool3d(noise, 3, 1, 1, count_include_pad=False) * 3
    with torch.inference_mode():
        ours, theirs = own(windows)[0], other(windows)[0]
        classes = own.sizes["classes"]
        same = (ours[:, :classes].argmax(1) == theirs[:, :classes].argmax(1)).double().mean()
        last = windows if half else windows.contiguous(memory_format=torch.channels_last_3d)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            torch_s = fastest(lambda: own(last)) / len(windows)
        openvino_s = fastest(lambda: other(windows)) / len(windows)
    return Trial(float(same), float((ours - theirs).abs().max()), torch_s, openvino_s, compile_s, precision)


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    """Try it, and print what was found."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("model")
    options.add_argument("--threads", type=int, default=torch.get_num_threads())
    options.add_argument("--precision", choices=list(SAME), default="float32")
    options.add_argument("--watched", action="store_true", help="end when standard input does: nobody waits any more")
    chosen = options.parse_args()
    if chosen.watched:
        threading.Thread(target=_end_with_input, daemon=True).start()
    torch.set_num_threads(chosen.threads)
    try:
        found = tried(chosen.model, precision=chosen.precision)
    except BackendFailed:
        found = NOT_RIGHT
    print(json.dumps(found._asdict()), flush=True)


if __name__ == "__main__":
    main()
