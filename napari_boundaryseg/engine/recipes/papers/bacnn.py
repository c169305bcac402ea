"""BA-Net: the core of brain tumours, slice by slice, and a small one."""

from __future__ import annotations

from napari_boundaryseg.data.labels import LabelScheme, Organ
from napari_boundaryseg.engine.recipes.papers import small
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Augmentation, Inference, Optimiser, Preprocessing, Schedule

PAPER = (
    "Hatamizadeh et al., End-to-end boundary aware networks for medical image segmentation (2019); how the shape "
    "stream comes down to the pyramid's size is not said: means (pooling=area), so that all its pixels count"
)
LOSSES = {"dice-squared": 1.0, "edge-dice": 0.5, "edge-bce": 0.1}

BRATS = Recipe(
    name="bacnn-brats18-tc",
    task="The core of a brain tumour on T1c, slice by slice",
    source=PAPER,
    modality="MR",
    channels=("t1c",),
    # Named like the region of the BraTS presets, which it is made of.
    scheme=LabelScheme(name="tumour-core", organs=(Organ(id=1, name="TC", colour="#D55E00", boundary="blurry"),)),
    network="bacnn",
    dims=2,
    network_arguments={"pooling": "area"},
    losses=LOSSES,
    preprocessing=Preprocessing(normalise="unit", per_slice=True, clip_percentiles=(0, 100)),
    augmentation=Augmentation(flip_axes=("x",)),
    optimiser=Optimiser(name="adam", lr=1e-3, weight_decay=0.0),
    schedule=Schedule(name="poly"),
    patch_vox=(1, 240, 240),
    # Slices round the tumour only.
    foreground=1.0,
    batch=8,
    steps=100 * 200,
    steps_per_epoch=200,
    metrics=("slice_dsc", "mean_iou", "slice_hd_mm", "dsc", "jaccard", "hd_mm"),
)

HIPPOCAMPUS = Recipe(
    name="hippocampus-bacnn",
    source="BA-Net after Hatamizadeh et al. (2019), coronal slices",
    network="bacnn",
    dims=2,
    plane="coronal",
    network_arguments={"norm": "group", "rates": (1, 2, 4, 6), "pooling": "area"},
    losses={**LOSSES, "wce-dice": 1.0},
    **{**small.HIPPOCAMPUS, "patch_vox": (36, 1, 36), "batch": 24, "inference": Inference()},
)

SYNTHETIC = Recipe(
    name="brain-tumour-bacnn",
    source="BA-Net after Hatamizadeh et al. (2019), axial slices; synthetic training scans",
    network="bacnn",
    dims=2,
    network_arguments={"norm": "group", "rates": (1, 2, 4, 6), "pooling": "area"},
    losses={**LOSSES, "wce-dice": 1.0},
    **small.SYNTHETIC_BRAINS,
    patch_vox=(1, 80, 64),
    foreground=0.6,
    batch=16,
    steps=1500,
)

RECIPES = (BRATS, HIPPOCAMPUS, SYNTHETIC)
