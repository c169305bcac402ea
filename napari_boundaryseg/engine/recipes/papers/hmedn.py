"""HMEDN: pelvic CT in five neighbouring slices, brain tumours in 3-D, and small ones."""

from __future__ import annotations

from napari_boundaryseg.data.datasets.channel_names import BRATS_CHANNELS
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.recipes.papers import small
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import (
    Augmentation,
    Inference,
    Optimiser,
    Preprocessing,
    Schedule,
    Targets,
)

PAPER = "Zhou et al., High-resolution encoder-decoder networks for low-contrast medical image segmentation (2020)"
DECAY = "; weight decay 1e-7 as it is printed, which acts as none with AdamW"
LOSSES = {"difficulty-ce": 1.0, "contour-regression": 1.0}

LOCATOR = Recipe(
    name="pelvis-ct-locator",
    task="Where bladder, prostate and rectum lie on a whole pelvic CT: the first stage of hmedn-pelvis-ct",
    source=PAPER,
    modality="CT",
    channels=("ct",),
    scheme=preset("pelvis-mr"),
    network="unet",
    network_arguments={"norm": "group"},
    losses={"wce-dice": 1.0},
    preprocessing=Preprocessing(spacing_mm=(4.0, 4.0, 4.0), normalise="hu", clip_hu=(-200.0, 300.0)),
    augmentation=Augmentation(flip_axes=("x",), rotate_deg=10, scale=0.1, elastic_mm=4.0, contrast=0.1, noise=0.05),
    optimiser=Optimiser(name="adamw", lr=2e-3, weight_decay=1e-4),
    inference=Inference(smallest_share=1.0),
    patch_vox=(48, 96, 96),
    foreground=0.3,
    batch=2,
    steps=2_000,
    steps_per_epoch=100,
)

PELVIS = Recipe(
    name="hmedn-pelvis-ct",
    task="Bladder, prostate and rectum on pelvic CT, five neighbouring slices at a time",
    source=f"{PAPER}. Difficulty, 'summed up and then normalized' (equation 4), by a flat border: an organ weighs the "
    f"same in every slice; by the slice's largest sum with difficulty_scale=max{DECAY}",
    modality="CT",
    channels=("ct",),
    scheme=preset("pelvis-mr"),
    network="hmedn",
    dims=2,
    slices=5,
    network_arguments={"stage": 3},
    initialisation="xavier",
    losses=LOSSES,
    preprocessing=Preprocessing(normalise="dataset"),
    targets=Targets(mode="gaussian", sigma_mm=2.0, contours="soft", difficulty_scale="plane"),
    augmentation=Augmentation(flip_axes=("z",)),
    optimiser=Optimiser(name="adamw", lr=1e-3, weight_decay=1e-7),
    schedule=Schedule(name="constant"),
    inference=Inference(smallest_share=0.1, fill=True),
    patch_vox=(1, 144, 208),
    batch=10,
    steps=200_000,
    steps_per_epoch=5_000,
    metrics=("dsc", "asd_mm", "hd_mm"),
    locator="pelvis-ct-locator",
    locator_fills_patch=True,
)

BRATS = Recipe(
    name="hmedn-brats17",
    task=small.HEAD_OF_BRATS,
    source=PAPER + DECAY + "; group norm: in batches of one, batch norm knows one scan",
    modality="MR",
    channels=BRATS_CHANNELS,
    scheme=preset("brats-2022"),
    network="hrdn",
    network_arguments={"stage": 2, "norm": "group"},
    initialisation="xavier",
    losses={"difficulty-ce": 1.0},
    preprocessing=Preprocessing(size_vox=(128, 128, 128), crop="nonzero", nonzero=True, clip_percentiles=(0, 100)),
    augmentation=Augmentation(permute_axes=True),
    optimiser=Optimiser(name="adamw", lr=5e-4, weight_decay=1e-7),
    schedule=Schedule(name="plateau", factor=0.5, patience=10, stop=50),
    inference=Inference(smallest_share=0.1),
    patch_vox=(128, 128, 128),
    batch=1,
    steps=500 * 171,
    steps_per_epoch=171,
    metrics=("dsc", "asd_mm"),
)

_NARROW = {"width": 16, "norm": "group", "connectivity": "residual", "dropout": 0.0}

HIPPOCAMPUS = Recipe(
    name="hippocampus-hmedn",
    source="HMEDN after Zhou et al. (2020) in 3-D with the light pathway",
    network="hmedn",
    network_arguments={**_NARROW, "stage": 2},
    losses={**LOSSES, "wce-dice": 1.0},
    targets=Targets(mode="distance", sigma_mm=1.5, difficulty_sigma_mm=3.0, difficulty_gain=4.0),
    **small.HIPPOCAMPUS,
)

SARCOMA = Recipe(
    name="sarcoma-t1-hmedn",
    source="HMEDN after Zhou et al. (2020) in 3-D with the light pathway",
    network="hmedn",
    network_arguments={**_NARROW, "stage": 2},
    losses={**LOSSES, "wce-dice": 1.0},
    targets=Targets(mode="distance", sigma_mm=3.0, difficulty_sigma_mm=6.0, difficulty_gain=4.0),
    **small.SARCOMA,
)

RECIPES = (LOCATOR, PELVIS, BRATS, HIPPOCAMPUS, SARCOMA)
