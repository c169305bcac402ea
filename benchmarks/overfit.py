"""Can every system learn one real case by heart? Segmentation and edges after a bounded number of steps.

Each network trains on the first training row of the hippocampus data, without augmentation, until the mean Dice of its
segmentation reaches 0.95 and its edge head agrees with its own target to 0.8, or the steps run out. Contour heads count
as edge heads: where the soft contour is above a half, it must lie on the boundary.

    python benchmarks/overfit.py                 all systems, a Markdown table
    python benchmarks/overfit.py --only egcnn    one of them
    python benchmarks/overfit.py --save FOLDER   also the models, to be opened in the window
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from napari_boundaryseg import losses
from napari_boundaryseg.data.datasets import load_case, read_dataset
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network, save
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Augmentation, Inference, Targets
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data.cases import TrainingCase, prepare
from napari_boundaryseg.losses.sobel import edge_masks
from napari_boundaryseg.models import ModelOutput
from napari_boundaryseg.models.blocks import CHANNELS_LAST

WANTED_DSC, WANTED_EDGE = 0.95, 0.8
LOOK_EVERY = 20
RATE, STEPS = 6e-3, 400
"""The highest rate of the one-cycle schedule, and its length; a system may need its own."""
PLANS = {
    "sgm": (4e-3, 600),
    "segresnet": (2e-3, 400),
    **dict.fromkeys(("hmedn", "hrdn", "dstnet", "dilnet"), (4e-3, 400)),
    **{f"egcnn {name}": (8e-3, 500) for name in ("segresnet", "unet", "basic-unet", "vnet")},
}
_CONTOUR = {"wce-dice": 1.0, "hard-contour": 1.0, "soft-contour": 1.0}
_EDGE = {"wce-dice": 1.0, "edge-dice": 1.0, "edge-bce": 0.1}
SYSTEMS: dict[str, dict[str, Any]] = {
    "sgm": {"network": "sgm", "network_arguments": {"width": 16, "norm": "group"}, "losses": _CONTOUR},
    "hmedn": {
        "network": "hmedn",
        "network_arguments": {"width": 8, "norm": "group", "connectivity": "residual", "dropout": 0.0, "stage": 2},
        "losses": _CONTOUR,
    },
    "hrdn": {
        "network": "hrdn",
        "network_arguments": {"width": 8, "norm": "group", "connectivity": "residual", "dropout": 0.0},
        "losses": {"wce-dice": 1.0},
    },
    "dstnet": {
        "network": "dstnet",
        "network_arguments": {"width": 8, "norm": "group", "dropout": 0.0},
        "losses": {"wce-dice": 1.0},
    },
    "dilnet": {
        "network": "dilnet",
        "network_arguments": {"width": 8, "norm": "group", "variant": 3},
        "losses": {"wce-dice": 1.0},
    },
    **{
        f"egcnn {name}": {
            "network": "egcnn",
            "losses": _EDGE,
            "network_arguments": {"backbone": name, "width": 8, "norm": "group", "per_channel": True},
        }
        for name in ("segresnet", "unet", "basic-unet", "vnet")
    },
    "bacnn": {
        "network": "bacnn",
        "dims": 2,
        "plane": "coronal",
        "losses": _EDGE,
        "network_arguments": {"width": 8, "norm": "group", "rates": (1, 2, 4, 6)},
    },
    "hr-unet": {"network": "hr-unet", "network_arguments": {"width": 8, "norm": "group"}, "losses": {"wce-dice": 1.0}},
    "segresnet be": {
        "network": "segresnet",
        "network_arguments": {"width": 8, "norm": "group"},
        "losses": {"wce-dice": 1.0, "boundary-enhancement": 1000.0},
    },
    **{
        name: {"network": name, "network_arguments": {"width": 8, "norm": "group"}, "losses": {"wce-dice": 1.0}}
        for name in ("unet", "basic-unet", "segresnet", "vnet", "attention-unet", "dynunet")
    },
}


def of_system(name: str) -> Recipe:
    """A recipe without augmentation for one system."""
    base = (
        recipe("hippocampus-sgm").model_dump()
        | SYSTEMS[name]
        | {
            "name": name.split()[0],
            "augmentation": Augmentation(),
            "loss_arguments": {},
            "targets": Targets(mode="distance", sigma_mm=1.0),
            "inference": Inference(window_vox=(35, 51, 35)),  # as it was learnt: in one piece, not mirrored
        }
    )
    return Recipe.model_validate(base)


def learn(network: nn.Module, wanted: Recipe, case: TrainingCase, most: int, lr: float) -> dict[str, float]:
    """Train on the whole case; figures at the end."""
    optimiser = torch.optim.AdamW(network.parameters(), lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=most, pct_start=0.2)
    loss = losses.weighted(wanted.losses, wanted.loss_arguments)
    layout = CHANNELS_LAST[wanted.dims]
    network = network.to(memory_format=layout)  # type: ignore[call-overload]
    # A batch of two takes less time than one of one on a CPU, but not where V-Net's wide kernels decide.
    copies = 1 if "vnet" in (wanted.network, wanted.network_arguments.get("backbone")) else 2

    def batched(maps: torch.Tensor) -> torch.Tensor:
        return torch.stack([maps] * copies)

    image = batched(case.image).contiguous(memory_format=CHANNELS_LAST[3])
    maps = {name: batched(one).float() for name, one in case.maps.items()}
    target = losses.Target(batched(case.labels).long(), maps)
    began, dsc, edge = time.perf_counter(), 0.0, float("nan")
    for step in range(1, most + 1):
        network.train()
        value, _ = loss(network(image), target)
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        if step % LOOK_EVERY == 0 or step == most:
            with torch.inference_mode():
                output = network.eval()(image)
            dsc, edge = segmentation_dice(output, target), edge_dice(output, target)
            if dsc >= WANTED_DSC and not edge < WANTED_EDGE:
                break
    return {"steps": step, "dsc": dsc, "edge": edge, "seconds": time.perf_counter() - began}


def segmentation_dice(output: ModelOutput, target: losses.Target) -> float:
    """Mean over the organs."""
    found = output.logits.argmax(1)
    return float(np.mean([_dice(found == n, target.labels == n) for n in range(1, output.logits.shape[1])]))


def edge_dice(output: ModelOutput, target: losses.Target) -> float:
    """Of the edge head, else of the contour heads, against what they were taught; NaN where there is none."""
    if output.edges is not None:
        truth = edge_masks(target.labels, output.logits.shape[1]).any(1, keepdim=True)
        return _dice(output.edges > 0, truth)
    pairs = [
        (head > 0, truth > 0.5)
        for head, truth in ((output.hard, target.maps.get("hard")), (output.soft, target.maps.get("soft")))
        if head is not None and truth is not None
    ]
    return float(np.mean([_dice(a, b) for a, b in pairs])) if pairs else float("nan")


def _dice(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()).clamp_min(1))


def main() -> None:
    """Learn one case with every system, print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--steps", type=int, help="instead of the system's own")
    options.add_argument("--lr", type=float, help="instead of the system's own")
    options.add_argument("--only")
    options.add_argument("--save", type=Path, help="a folder for the models")
    chosen = options.parse_args()
    folder, bad = chosen.data / "hippocampus", 0
    first = next(case for case in read_dataset(folder, folder / "splits.csv") if case.split == "train")
    if chosen.save:
        chosen.save.mkdir(parents=True, exist_ok=True)
    print("| system | parameters | steps | DSC | edge Dice | seconds | |\n|---|---|---|---|---|---|---|")
    for name in SYSTEMS:
        if chosen.only not in (None, name, name.split()[0]):
            continue
        wanted, (rate, steps) = of_system(name), PLANS.get(name, (RATE, STEPS))
        volume, labels = load_case(first, wanted.scheme)
        if labels is None:
            raise SystemExit("the case has no labels")
        torch.manual_seed(0)
        network = build_network(wanted)
        found = learn(network, wanted, prepare(volume, labels, wanted), chosen.steps or steps, chosen.lr or rate)
        good = found["dsc"] >= WANTED_DSC and not found["edge"] < WANTED_EDGE
        bad += not good
        size = sum(p.numel() for p in network.parameters())
        if chosen.save:
            card = Card(name=f"one-case-{name.replace(' ', '-')}", recipe=wanted, parameters=size, notes="One case.")
            save(chosen.save / f"{card.name}.safetensors", card, network.state_dict())
        edge = "no such head" if np.isnan(found["edge"]) else f"{found['edge']:.3f}"
        print(
            f"| {name} | {size:,} | {found['steps']} | {found['dsc']:.3f} | {edge} | {found['seconds']:.0f} | "
            f"{'' if good else 'NOT REACHED'} |",
            flush=True,
        )
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
