"""Table I of paper 002, but for its scores: parameters, memory of a training step, receptive field, of our networks.

    python benchmarks/studies/table_one.py        docs/evidence/table_one.md

At the paper's input: axial slices of 144 x 208 pixels, five neighbours as channels, four classes, batches of ten.
*Memory* is what a forward pass keeps for the backward pass, each tensor once, of one sample: what a GPU holds beyond it
depends on its libraries. *Receptive field* is how far a pixel that is no number spreads through the network in
evaluation mode, the widest of several places: a bound of what an output pixel depends on, in pixels of one axis.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from napari_boundaryseg import models
from napari_boundaryseg.data.saving import atomic_text

INPUT = (5, 144, 208)
WIDE = 640
"""Pixels of the image in which the receptive field is looked for; a larger one is told as such."""


class Network(NamedTuple):
    """One row: how it is built, and what the paper says of it."""

    registered: str
    arguments: dict[str, Any]
    parameters: str
    memory: str


NETWORKS = {
    "DilNet3": Network("dilnet", {"variant": 3}, "", "7259"),
    "DilNet2": Network("dilnet", {"variant": 2}, "", "9269"),
    "DilNet1": Network("dilnet", {"variant": 1}, "", "9269"),
    "DstNet2": Network("dstnet", {"variant": 2}, "", "5443"),
    "DstNet1": Network("dstnet", {"variant": 1}, "3.2", "5933"),
    "HRDN, pathway at stage 1": Network("hrdn", {"stage": 1}, "3.38", ""),
    "HRDN, pathway at stage 2": Network("hrdn", {"stage": 2}, "", ""),
    "HRDN, pathway at stage 4": Network("hrdn", {"stage": 4}, "", ""),
    "HMEDN": Network("hmedn", {"blurry": 3}, "3.78", ""),
    "plain U-Net (`unet`)": Network("unet", {}, "", ""),
    "plain SegResNet (`segresnet`)": Network("segresnet", {}, "", ""),
}


def kept_mib(network: nn.Module, image: Tensor) -> float:
    """What a forward pass keeps for the backward pass, without the weights."""
    weights = {one.untyped_storage().data_ptr() for one in network.parameters()}
    sizes: dict[int, int] = {}
    alive: list[Tensor] = []  # else a freed place could be another tensor's

    def keep(one: Tensor) -> Tensor:
        storage = one.untyped_storage()
        if storage.data_ptr() not in weights:
            sizes[storage.data_ptr()] = storage.nbytes()
            alive.append(one)
        return one

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda one: one):
        network.train()(image)
    return sum(sizes.values()) / 2**20


def receptive_field(network: nn.Module, places: int = 5) -> int | None:
    """In pixels of one axis; None where it is larger than the image."""
    widest = 0
    network.eval()
    for n in range(places):
        at = WIDE // 2 + 3 * n
        image = torch.zeros(1, INPUT[0], WIDE, WIDE)
        image[..., at, at] = math.nan
        with torch.inference_mode():
            told = torch.isnan(network(image).logits[0]).any(0)
        rows = told.any(1).nonzero()
        if int(rows[0]) == 0 or int(rows[-1]) == WIDE - 1:
            return None
        widest = max(widest, int(rows[-1] - rows[0]) + 1)
    return widest


def row(name: str, wanted: Network) -> str:
    """One line of the table."""
    torch.manual_seed(0)
    network = models.build(wanted.registered, dims=2, in_channels=INPUT[0], classes=4, **wanted.arguments)
    parameters = sum(one.numel() for one in network.parameters())
    memory = kept_mib(network, torch.randn(1, *INPUT))
    field = receptive_field(network)
    seen = f"over {WIDE}" if field is None else str(field)
    return f"| {name} | {parameters:,} | {wanted.parameters} | {memory:.0f} | {wanted.memory} | {seen} |"


def main() -> None:
    """Compute the table, and write the page."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--docs", type=Path, default=Path("docs/evidence"))
    chosen = options.parse_args()
    told = (__doc__ or "").partition("table_one.md\n")[2].strip()
    head = "| network | parameters | in the paper (M) | memory, MiB a sample | in the paper (MB, on its GPU) | field |"
    lines = [head, "|---|---|---|---|---|---|", *(row(name, wanted) for name, wanted in NETWORKS.items())]
    print("\n".join(lines))
    chosen.docs.mkdir(parents=True, exist_ok=True)
    page = f"# Table I of paper 002\n\n```sh\npython benchmarks/studies/table_one.py\n```\n\n{told}\n\n"
    atomic_text(chosen.docs / "table_one.md", page + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
