"""SGM: the paper's own data, and models that ship."""

from __future__ import annotations

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.recipes.papers import small
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import (
    Augmentation,
    Inference,
    Optimiser,
    Plain,
    Preprocessing,
    Schedule,
    Targets,
)

PAPER = "Nie and Shen, Semantic-guided encoder feature learning for blurry boundary delineation (2019)"

LOSSES = {"wce-dice": 1.0, "hard-contour": 1.0, "soft-contour": 1.0}
BY_THE_BOUNDARY = {**LOSSES, "hard-contour": 0.2}
"""Equation 5 sums over voxels: by the number of boundary voxels, it pulls about as much as the segmentation does."""
BY_THE_MEAN: dict[str, dict[str, Plain]] = {"hard-contour": {"normalise": "mean"}}
"""As the models that ship were trained."""

PELVIS = Recipe(
    name="sgm-pelvis-mr",
    task="Bladder, prostate and rectum on T2 MR, 1 mm isotropic",
    source=f"{PAPER}. The hard contour's loss, a sum in equation 5, is divided by the number of boundary voxels and "
    "weighted so that its gradient is comparable to the segmentation's; by all voxels with normalise=mean",
    modality="MR",
    scheme=preset("pelvis-mr"),
    network_arguments={"width": 32, "norm": "batch"},
    initialisation="xavier",
    losses=BY_THE_BOUNDARY,
    loss_arguments={
        "wce-dice": {"class_weights": (1.0, 4.0, 8.0, 6.0)},
        "hard-contour": {"normalise": "boundary"},
    },
    preprocessing=Preprocessing(spacing_mm=(1.0, 1.0, 1.0)),
    targets=Targets(mode="gaussian", sigma_mm=3.0),
    augmentation=Augmentation(flip_axes=("x",)),
    optimiser=Optimiser(name="adam", lr=2e-3, weight_decay=1e-4),
    schedule=Schedule(name="sgm"),
    patch_vox=(16, 144, 144),
    batch=6,
    steps=100_000,
    steps_per_epoch=10_000,
    metrics=("dsc", "asd_mm"),
)

HIPPOCAMPUS = Recipe(
    name="hippocampus-sgm",
    task="Anterior and posterior hippocampus on T1 MR cropped round it",
    source="SGM after Nie and Shen (2019), narrower, both organs blurry",
    modality="MR",
    scheme=preset("hippocampus"),
    network_arguments={"width": 16, "norm": "group"},
    losses=LOSSES,
    loss_arguments={"wce-dice": {"class_weights": (1.0, 1.0, 1.0)}, **BY_THE_MEAN},
    preprocessing=Preprocessing(spacing_mm=(1.0, 1.0, 1.0), clip_percentiles=(0.5, 99.5)),
    targets=Targets(mode="distance", sigma_mm=1.5),
    augmentation=small.HIPPOCAMPUS_AUGMENTATION,
    optimiser=Optimiser(name="adamw", lr=4e-3, weight_decay=1e-4, gradient_clip=5.0),
    schedule=Schedule(name="one-cycle"),
    # Windows of the training patch's size: group norm sees the statistics that it was trained with.
    inference=Inference(flip_axes=("x",)),
    patch_vox=(36, 48, 36),
    foreground=1.0,
    batch=4,
    steps=1800,
    steps_per_epoch=100,
    expected_field_mm=(40, 55, 40),
)

PELVIS_SYNTHETIC = Recipe(
    name="pelvis-mr-sgm",
    task="Bladder, prostate and rectum on T2-weighted pelvic MR; trained on synthetic pelves, to be fine-tuned",
    source="SGM after Nie and Shen (2019); synthetic training scans after SynthSeg (Billot et al. 2023)",
    modality="MR",
    scheme=preset("pelvis-mr"),
    network_arguments={"width": 16, "norm": "group"},
    losses=LOSSES,
    loss_arguments=BY_THE_MEAN,
    # A finer grid gains a hundredth of Dice at most and costs the surroundings that tell rectum from muscle.
    preprocessing=Preprocessing(spacing_mm=(1.5, 1.5, 3.0)),
    targets=Targets(mode="distance", sigma_mm=3.0),
    augmentation=Augmentation(flip_axes=("x",), noise=0.1, contrast=0.2, bias_field=0.1),
    optimiser=Optimiser(name="adamw", lr=3e-3, weight_decay=1e-4, gradient_clip=5.0, ema_decay=0.995),
    schedule=Schedule(name="one-cycle", warm_up=0.05),
    # Each organ is one piece; far muscle that looks like an organ is not it.
    inference=Inference(smallest_share=1.0),
    # 72 mm of height and 120 mm across: bladder, prostate and rectum are seen together.
    patch_vox=(24, 80, 80),
    # Most patches from anywhere: a window of a scan rarely lies on an organ, and muscle must not be taken for one.
    foreground=0.4,
    batch=2,
    steps=5000,
    steps_per_epoch=500,
    synthetic="pelvis",
    synthetic_hard=0.5,
    expected_field_mm=(230, 230, 100),
)

PROMISE12 = Recipe(
    name="sgm-promise12",
    task="Prostate on T2 MR, as in the PROMISE12 challenge",
    source=f"{PAPER}. The soft contour is the paper's filtered boundary, scaled by the direction, as slices are "
    "thicker than pixels; an even ridge with boundary_weight=area or mode=distance",
    modality="MR",
    channels=("t2",),
    scheme=preset("prostate"),
    network_arguments={"width": 32, "norm": "batch"},
    initialisation="xavier",
    losses=BY_THE_BOUNDARY,
    loss_arguments={
        "wce-dice": {"class_weights": (1.0, 8.0)},
        "hard-contour": {"normalise": "boundary"},
    },
    preprocessing=Preprocessing(spacing_mm=(0.625, 0.625, 1.5)),
    targets=Targets(mode="gaussian", sigma_mm=3.0),
    augmentation=Augmentation(flip_axes=("x",)),
    optimiser=Optimiser(name="adam", lr=2e-3, weight_decay=1e-4),
    schedule=Schedule(name="sgm"),
    patch_vox=(16, 64, 64),
    batch=6,
    steps=100_000,
    steps_per_epoch=10_000,
    metrics=("dsc", "asd_mm"),
)

SARCOMA = Recipe(
    name="sarcoma-t1-sgm",
    source="SGM after Nie and Shen (2019), narrower",
    network_arguments={"width": 16, "norm": "group"},
    losses=LOSSES,
    loss_arguments=BY_THE_MEAN,
    targets=Targets(mode="distance", sigma_mm=3.0),
    **small.SARCOMA,
)

PROSTATE_TOY = Recipe(
    name="prostate-toy",
    task="A toy: the prostate on small blurred MR crops that stand for no patient; for trying the program",
    source="SGM after Nie and Shen (2019), narrower",
    modality="MR",
    scheme=preset("prostate"),
    network_arguments={"width": 16, "norm": "group"},
    losses=LOSSES,
    loss_arguments=BY_THE_MEAN,
    # The spacing in these files is not physical: lengths are three times too small.
    targets=Targets(mode="distance", sigma_mm=1.0),
    augmentation=Augmentation(
        flip_axes=("y",),
        rotate_deg=10,
        scale=0.15,
        shift_mm=2,
        elastic_mm=0.8,
        bias_field=0.2,
        contrast=0.25,
        noise=0.1,
    ),
    optimiser=Optimiser(name="adamw", lr=3e-3, weight_decay=1e-4, gradient_clip=5.0, ema_decay=0.99),
    inference=Inference(smallest_share=1.0),
    patch_vox=(48, 64, 64),
    foreground=1.0,
    batch=2,
    steps=300,
    steps_per_epoch=50,
    expected_field_mm=(26, 26, 24),
)

RECIPES = (PELVIS, PROMISE12, HIPPOCAMPUS, SARCOMA, PELVIS_SYNTHETIC, PROSTATE_TOY)
