"""Can every system learn one real case by heart? Segmentation and edges after a bounded number of steps.

Each network trains on the first training row of the hippocampus data, without augmentation, until the mean Dice of its
segmentation reaches 0.95 and its maps mean what they say, or the steps run out. Edges, and hard contours as what their
loss taught them, are good where few of those above a half lie far from every true one, most lie on one, and most true
ones are found; soft contours where they correlate with their target.

    python benchmarks/overfit.py                 all systems, a Markdown table
    python benchmarks/overfit.py --only egcnn    one of them
    python benchmarks/overfit.py --save FOLDER   also the models, to be opened in the window
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy import ndimage
from torch import nn

from napari_boundaryseg import losses
from napari_boundaryseg.data.datasets import load_case, read_dataset
from napari_boundaryseg.data.labels import LabelScheme, preset
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network, save
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Augmentation, Inference, Targets
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data.cases import TrainingCase, prepare
from napari_boundaryseg.losses.sobel import edge_masks
from napari_boundaryseg.models import ModelOutput
from napari_boundaryseg.models.blocks import CHANNELS_LAST

WANTED_DSC = 0.95
MOST_FAR, LEAST_PRECISION, LEAST_RECALL, LEAST_CORRELATION = 0.1, 0.7, 0.7, 0.9
FAR_VOX = 2.0
"""From here on a voxel is far from an edge."""
LOOK_EVERY = 20
RATE, STEPS = 6e-3, 400
"""The highest rate of the one-cycle schedule, and its length; a system may need its own."""
PLANS = {
    **dict.fromkeys(("sgm", "sgm clear"), (4e-3, 600)),
    "segresnet": (2e-3, 400),
    **dict.fromkeys(("hmedn", "hrdn", "dstnet", "dilnet"), (4e-3, 400)),
    **{f"egcnn {name}": (8e-3, 500) for name in ("segresnet", "unet", "basic-unet", "vnet")},
}
_CONTOUR = {"wce-dice": 1.0, "hard-contour": 1.0, "soft-contour": 1.0}
_EDGE = {"wce-dice": 1.0, "edge-dice": 1.0, "edge-bce": 0.1}


def _one_clear(scheme: LabelScheme) -> LabelScheme:
    """With a clear border of the first organ, so that it has a hard contour."""
    first, *others = scheme.organs
    return scheme.model_copy(update={"organs": (first.model_copy(update={"boundary": "clear"}), *others)})


SYSTEMS: dict[str, dict[str, Any]] = {
    "sgm": {"network": "sgm", "network_arguments": {"width": 16, "norm": "group"}, "losses": _CONTOUR},
    "sgm clear": {
        "network": "sgm",
        "network_arguments": {"width": 16, "norm": "group"},
        "losses": _CONTOUR,
        "scheme": _one_clear(preset("hippocampus")),
    },
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
        "patch_vox": (36, 1, 36),
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


class Maps(NamedTuple):
    """How far maps agree with what they were taught; NaN for a network without such a head.

    Parameters
    ----------
    far : float
        Share of the edges above a half that lie two voxels or more from every true one.
    precision, recall : float
        Of the edges above a half, voxel by voxel.
    correlation : float
        Of soft contours with their target.
    """

    far: float = math.nan
    precision: float = math.nan
    recall: float = math.nan
    correlation: float = math.nan

    @property
    def good(self) -> bool:
        """Whether no figure misses its bar."""
        return not (
            self.far > MOST_FAR
            or self.precision < LEAST_PRECISION
            or self.recall < LEAST_RECALL
            or self.correlation < LEAST_CORRELATION
        )


class Learnt(NamedTuple):
    """What came of learning one case by heart."""

    steps: int
    dsc: float
    maps: Maps
    seconds: float

    @property
    def good(self) -> bool:
        """Whether it was learnt, and the maps with it."""
        return self.dsc >= WANTED_DSC and self.maps.good


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


def learn(network: nn.Module, wanted: Recipe, case: TrainingCase, most: int, lr: float) -> Learnt:
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
    began, dsc, maps_now = time.perf_counter(), 0.0, Maps()
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
            dsc, maps_now = segmentation_dice(output, target), agreement(output, target, wanted)
            if dsc >= WANTED_DSC and maps_now.good:
                break
    return Learnt(step, dsc, maps_now, time.perf_counter() - began)


def segmentation_dice(output: ModelOutput, target: losses.Target) -> float:
    """Mean over the organs."""
    found = output.logits.argmax(1)
    return float(np.mean([_dice(found == n, target.labels == n) for n in range(1, output.logits.shape[1])]))


def agreement(output: ModelOutput, target: losses.Target, wanted: Recipe) -> Maps:
    """Of the edge head, or hard contours, and of soft contours with what they were taught; see `Maps`."""
    found: dict[str, float] = {}
    soft, hard = target.maps.get("soft"), target.maps.get("hard")
    if output.edges is not None:
        truth = edge_masks(target.labels, output.logits.shape[1]).any(1, keepdim=True)
        found.update(of_edges(output.edges.sigmoid().numpy(), truth.numpy()))
    elif output.hard is not None and hard is not None:
        said = losses.probability("hard", output.hard.sigmoid().numpy(), wanted.losses, wanted.loss_arguments)
        found.update(of_edges(said, hard.numpy() > 0))
    if output.soft is not None and soft is not None:
        pair = (output.soft.sigmoid().numpy().ravel(), soft.numpy().ravel())
        found["correlation"] = float(np.corrcoef(*pair)[0, 1]) if min(map(np.ptp, pair)) else 0.0
    return Maps(**found)


def of_edges(said: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Of the first of a batch; a map that is above a half nowhere has no precision to speak of."""
    said, truth = said[0] > 0.5, truth[0]
    distance = np.stack([ndimage.distance_transform_edt(~one) for one in truth])
    return {
        "far": float((distance[said] >= FAR_VOX).mean()) if said.any() else 0.0,
        "precision": float(truth[said].mean()) if said.any() else 0.0,
        "recall": float(said[truth].mean()),
    }


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
    print("| system | parameters | steps | DSC | far | precision | recall | correlation | seconds | |")
    print("|---|---|---|---|---|---|---|---|---|---|")
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
        bad += not found.good
        size = sum(p.numel() for p in network.parameters())
        if chosen.save:
            card = Card(name=f"one-case-{name.replace(' ', '-')}", recipe=wanted, parameters=size, notes="One case.")
            save(chosen.save / f"{card.name}.safetensors", card, network.state_dict())
        maps = " | ".join("no such head" if math.isnan(value) else f"{value:.2f}" for value in found.maps)
        print(
            f"| {name} | {size:,} | {found.steps} | {found.dsc:.3f} | {maps} | {found.seconds:.0f} | "
            f"{'' if found.good else 'NOT REACHED'} |",
            flush=True,
        )
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
