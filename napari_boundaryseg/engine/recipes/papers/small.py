"""Settings that the small recipes for the data at hand share."""

from __future__ import annotations

from typing import Any

from napari_boundaryseg.data.datasets.channel_names import BRATS_CHANNELS
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.recipes.settings import Augmentation, Inference, Optimiser, Preprocessing

HIPPOCAMPUS_AUGMENTATION = Augmentation(
    flip_axes=("x",),
    rotate_deg=10,
    scale=0.12,
    shift_mm=3,
    elastic_mm=1.0,
    bias_field=0.2,
    contrast=0.25,
    noise=0.1,
    blur_mm=0.3,
)

HIPPOCAMPUS: dict[str, Any] = {
    "task": "Anterior and posterior hippocampus on T1 MR cropped round it",
    "modality": "MR",
    "scheme": preset("hippocampus"),
    "preprocessing": Preprocessing(spacing_mm=(1.0, 1.0, 1.0), clip_percentiles=(0.5, 99.5)),
    "augmentation": HIPPOCAMPUS_AUGMENTATION,
    "optimiser": Optimiser(name="adamw", lr=3e-3, weight_decay=1e-4, gradient_clip=5.0),
    "inference": Inference(flip_axes=("x",)),
    "patch_vox": (36, 48, 36),
    "foreground": 1.0,
    "batch": 4,
    "steps": 1800,
    "steps_per_epoch": 100,
    "expected_field_mm": (40.0, 55.0, 40.0),
}

SARCOMA: dict[str, Any] = {
    "task": "Soft-tissue sarcoma on T1 MR, in a loose box round it",
    "modality": "MR",
    "scheme": preset("sarcoma"),
    # The whole box at one size: where the tumour ends is seen against all that lies round it.
    "preprocessing": Preprocessing(size_vox=(32, 64, 64), clip_percentiles=(0.5, 99.5)),
    "box_margin_mm": (10.0, 30.0),
    "sides_mm": 40.0,
    "augmentation": Augmentation(
        flip_axes=("x", "y", "z"),
        rotate_deg=15,
        scale=0.1,
        elastic_mm=3.0,
        bias_field=0.2,
        contrast=0.25,
        noise=0.1,
    ),
    "optimiser": Optimiser(name="adamw", lr=4e-3, weight_decay=1e-4, gradient_clip=5.0, ema_decay=0.99),
    "inference": Inference(flip_axes=("x",), smallest_share=1.0),
    "patch_vox": (32, 64, 64),
    "foreground": 1.0,
    "batch": 2,
    "steps": 1000,
    "steps_per_epoch": 100,
    "expected_field_mm": (130.0, 130.0, 150.0),
}

SYNTHETIC_BRAINS: dict[str, Any] = {
    "task": "Parts of a brain tumour on T1, T1c, T2 and FLAIR without the skull; a starting point, trained on "
    "synthetic scans only",
    "modality": "MR",
    "channels": BRATS_CHANNELS,
    "scheme": preset("brats-2023"),
    "preprocessing": Preprocessing(
        spacing_mm=(2.0, 2.0, 2.0), crop="nonzero", nonzero=True, clip_percentiles=(0.5, 99.5)
    ),
    "augmentation": Augmentation(
        flip_axes=("x",),
        rotate_deg=10,
        scale=0.1,
        elastic_mm=2.0,
        bias_field=0.2,
        contrast=0.25,
        gain=0.1,
        shift=0.1,
        noise=0.2,
        blur_mm=1.0,
    ),
    "optimiser": Optimiser(name="adamw", lr=2e-3, weight_decay=1e-4, gradient_clip=5.0, ema_decay=0.99),
    "steps_per_epoch": 100,
    "synthetic": "brain",
    "expected_field_mm": (145.0, 175.0, 140.0),
}
"""Of the models that learn from `phantom.brain`."""

HEAD_OF_BRATS = "Parts of a brain tumour on T1, T1c, T2 and FLAIR"
