"""The boundary-enhancement loss on a SegResNet, and plain networks to compare with."""

from __future__ import annotations

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.recipes.papers import small
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Augmentation, Inference, Optimiser, Preprocessing, Schedule

PAPER = (
    "Yang et al., the boundary-enhancement loss, MIDL 2020 (arXiv 2005.14355); the network as Myronenko (2018) has it, "
    "32 channels wide; patches from anywhere"
)
LOSSES = {"dice-squared": 1.0, "boundary-enhancement": 1000.0}

MSD01 = Recipe(
    name="be-msd01",
    task="Parts of a brain tumour on FLAIR, T1, T1c and T2 (Decathlon task 1)",
    source=PAPER,
    modality="MR",
    channels=("flair", "t1", "t1c", "t2"),
    scheme=preset("msd-brain-tumour"),
    network="segresnet",
    network_arguments={"width": 32, "norm": "group"},
    losses=LOSSES,
    preprocessing=Preprocessing(spacing_mm=(1.0, 1.0, 1.0), nonzero=True, clip_percentiles=(0, 100)),
    augmentation=Augmentation(flip_axes=("x", "y", "z"), shift=0.1),
    optimiser=Optimiser(name="adam", lr=1e-4, weight_decay=1e-5),
    schedule=Schedule(name="poly"),
    inference=Inference(overlap=0.25),
    patch_vox=(128, 224, 224),
    foreground=0.0,
    batch=1,
    steps=300 * 388,
    steps_per_epoch=388,
    metrics=("dsc",),
)

MSD09 = Recipe(
    name="be-msd09",
    task="Spleen on CT (Decathlon task 9)",
    source=PAPER,
    modality="CT",
    channels=("ct",),
    scheme=preset("msd-spleen"),
    network="segresnet",
    network_arguments={"width": 32, "norm": "group"},
    losses=LOSSES,
    preprocessing=Preprocessing(spacing_mm=(1.0, 1.0, 1.0), normalise="foreground", clip_percentiles=(5, 95)),
    augmentation=Augmentation(flip_axes=("x", "y", "z"), shift=0.1),
    optimiser=Optimiser(name="adam", lr=1e-4, weight_decay=1e-5),
    schedule=Schedule(name="poly"),
    inference=Inference(overlap=0.25),
    patch_vox=(96, 96, 96),
    foreground=0.0,
    batch=2,
    steps=300 * 16,
    steps_per_epoch=16,
    metrics=("dsc",),
)

_NARROW = {"width": 16, "norm": "group"}

HIPPOCAMPUS_BE = Recipe(
    name="hippocampus-be",
    source="SegResNet with the boundary-enhancement loss, after Yang et al. (2020)",
    network="segresnet",
    network_arguments=_NARROW,
    losses={**LOSSES, "wce-dice": 1.0},
    **small.HIPPOCAMPUS,
)

HIPPOCAMPUS_PLAIN = Recipe(
    name="hippocampus-segresnet",
    source="SegResNet with cross-entropy and Dice: the plain network to compare with",
    network="segresnet",
    network_arguments=_NARROW,
    losses={"wce-dice": 1.0},
    **small.HIPPOCAMPUS,
)

RECIPES = (MSD01, MSD09, HIPPOCAMPUS_BE, HIPPOCAMPUS_PLAIN)
