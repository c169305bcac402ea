"""EG-CNN: brain tumours and kidneys on three backbones, and small ones."""

from __future__ import annotations

from typing import Any

from napari_boundaryseg.data.datasets.channel_names import BRATS_CHANNELS
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.recipes.papers import small
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Augmentation, Optimiser, Preprocessing, Schedule

PAPER = (
    "Hatamizadeh et al., Edge-gated CNNs for volumetric semantic segmentation (2020); an α per channel, as equation 2 "
    "allows: with one (per_channel=False) the edge map fills the tumour; the main stream's own Dice weighs 0.5 "
    "(main_weight): the fused output is the result"
)
BY_REGIONS = "; a sigmoid each for WT, TC, ET (regions=[]: none)"
LOSSES = {"dice-squared": 1.0, "consistency": 1.0, "edge-dice": 1.0, "edge-bce": 0.5}
BACKBONES: dict[str, tuple[dict[str, Any], str]] = {
    "unet": (
        {"backbone": "basic-unet"},
        "; a U-Net that has an encoder map at full resolution (backbone=unet has none)",
    ),
    "vnet": ({"backbone": "narrow-vnet", "width": 5}, "; a V-Net of the others' size (width=16 is the whole one)"),
    "segresnet": ({"backbone": "segresnet"}, ""),
}
"""Its arguments, and why it is not MONAI's of that name."""


def _brats(backbone: str) -> Recipe:
    return Recipe(
        name=f"egcnn-{backbone}-brats19",
        task=small.HEAD_OF_BRATS,
        source=PAPER + BACKBONES[backbone][1] + BY_REGIONS,
        modality="MR",
        channels=BRATS_CHANNELS,
        scheme=preset("brats-2022"),
        regions=("WT", "TC", "ET"),
        network="egcnn",
        network_arguments={**BACKBONES[backbone][0], "norm": "group", "per_channel": True},
        losses=LOSSES,
        preprocessing=Preprocessing(crop="nonzero", nonzero=True, clip_percentiles=(0, 100)),
        augmentation=Augmentation(flip_axes=("x", "y", "z"), gain=0.1, shift=0.1),
        optimiser=Optimiser(name="adam", lr=1e-4, weight_decay=1e-5),
        schedule=Schedule(name="poly"),
        patch_vox=(128, 128, 128),
        batch=8,
        steps=300 * 34,
        steps_per_epoch=34,
        metrics=("dsc",),
    )


def _kits(backbone: str) -> Recipe:
    return Recipe(
        name=f"egcnn-{backbone}-kits19",
        task="Kidneys and their tumours on CT, 1 mm isotropic",
        source=PAPER + BACKBONES[backbone][1],
        modality="CT",
        channels=("ct",),
        scheme=preset("kits-2019"),
        network="egcnn",
        network_arguments={**BACKBONES[backbone][0], "norm": "group", "per_channel": True},
        losses=LOSSES,
        preprocessing=Preprocessing(spacing_mm=(1.0, 1.0, 1.0), normalise="hu"),
        augmentation=Augmentation(flip_axes=("x", "y", "z"), gain=0.1, shift=0.1),
        optimiser=Optimiser(name="adam", lr=1e-4, weight_decay=1e-5),
        schedule=Schedule(name="poly"),
        patch_vox=(128, 128, 128),
        batch=8,
        steps=300 * 30,
        steps_per_epoch=30,
        metrics=("dsc",),
    )


_NARROW = {"backbone": "segresnet", "width": 16, "norm": "group", "per_channel": True}

_SMALL: dict[str, Any] = {
    "source": "EG-CNN after Hatamizadeh et al. (2020) on a small SegResNet",
    "network": "egcnn",
    "network_arguments": _NARROW,
    "losses": {**LOSSES, "wce-dice": 1.0},
}

HIPPOCAMPUS = Recipe(name="hippocampus-egcnn", **_SMALL, **small.HIPPOCAMPUS)

SARCOMA = Recipe(name="sarcoma-t1-egcnn", **_SMALL, **small.SARCOMA)

SYNTHETIC = Recipe(
    name="brain-tumour-egcnn",
    source="EG-CNN after Hatamizadeh et al. (2020) on a small SegResNet, an α per channel; synthetic training scans",
    network="egcnn",
    network_arguments={**_NARROW, "width": 12},
    losses={**LOSSES, "wce-dice": 1.0},
    **small.SYNTHETIC_BRAINS,
    patch_vox=(48, 64, 64),
    foreground=0.6,
    batch=1,
    steps=1000,
)

RECIPES = (*map(_brats, BACKBONES), *map(_kits, BACKBONES), HIPPOCAMPUS, SARCOMA, SYNTHETIC)
