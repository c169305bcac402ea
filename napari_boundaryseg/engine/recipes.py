"""The recipes that ship."""

from __future__ import annotations

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.recipe import Recipe
from napari_boundaryseg.engine.settings import Augmentation, Inference, Optimiser, Preprocessing, Schedule, Targets

_SGM = "Nie and Shen, Semantic-guided encoder feature learning for blurry boundary delineation (2019)"

_SGM_LOSSES = {"wce-dice": 1.0, "hard-contour": 1.0, "soft-contour": 1.0}

_SGM_PELVIS = Recipe(
    name="sgm-pelvis-mr",
    task="Bladder, prostate and rectum on T2 MR, 1 mm isotropic",
    source=_SGM,
    modality="MR",
    scheme=preset("pelvis-mr"),
    network_arguments={"width": 32, "norm": "batch"},
    losses=_SGM_LOSSES,
    loss_arguments={"wce-dice": {"class_weights": (1.0, 4.0, 8.0, 6.0)}},
    preprocessing=Preprocessing(spacing_mm=(1.0, 1.0, 1.0)),
    targets=Targets(mode="gaussian", sigma_mm=3.0),
    augmentation=Augmentation(flip_axes=("x",)),
    optimiser=Optimiser(name="adam", lr=2e-3, weight_decay=1e-4),
    schedule=Schedule(name="sgm"),
    patch_vox=(16, 144, 144),
    batch=6,
    steps=100_000,
    steps_per_epoch=10_000,
)

_HIPPOCAMPUS = Recipe(
    name="hippocampus-sgm",
    task="Anterior and posterior hippocampus on T1 MR cropped round it",
    source="SGM after Nie and Shen (2019), narrower, both organs blurry",
    modality="MR",
    scheme=preset("hippocampus"),
    network_arguments={"width": 16, "norm": "group"},
    losses=_SGM_LOSSES,
    loss_arguments={"wce-dice": {"class_weights": (1.0, 1.0, 1.0)}},
    preprocessing=Preprocessing(spacing_mm=(1.0, 1.0, 1.0), clip_percentiles=(0.5, 99.5)),
    targets=Targets(mode="distance", sigma_mm=1.5),
    augmentation=Augmentation(
        flip_axes=("x",), rotate_deg=10, scale=0.12, shift_mm=3, elastic_mm=1.0, bias_field=0.2,
        contrast=0.25, noise=0.1, blur_mm=0.3,
    ),
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

_PELVIS_SYNTHETIC = Recipe(
    name="pelvis-mr-sgm",
    task="Bladder, prostate and rectum on T2-weighted pelvic MR; trained on synthetic pelves, to be fine-tuned",
    source="SGM after Nie and Shen (2019); synthetic training scans after SynthSeg (Billot et al. 2023)",
    modality="MR",
    scheme=preset("pelvis-mr"),
    network_arguments={"width": 16, "norm": "group"},
    losses=_SGM_LOSSES,
    loss_arguments={"wce-dice": {"class_weights": (1.0, 2.0, 4.0, 3.0)}},
    preprocessing=Preprocessing(spacing_mm=(1.0, 1.0, 2.5)),
    targets=Targets(mode="distance", sigma_mm=3.0),
    augmentation=Augmentation(flip_axes=("x",), noise=0.1, contrast=0.2, bias_field=0.1),
    optimiser=Optimiser(name="adamw", lr=3e-3, weight_decay=1e-4, gradient_clip=5.0),
    schedule=Schedule(name="one-cycle"),
    patch_vox=(16, 96, 96),
    foreground=0.85,
    batch=2,
    steps=1600,
    steps_per_epoch=100,
    synthetic="pelvis",
    expected_field_mm=(250, 250, 110),
)

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (_SGM_PELVIS, _HIPPOCAMPUS, _PELVIS_SYNTHETIC)
}
"""The recipes that ship."""
