"""Every paper's recipe against the numbers of its paper.

Typed from the papers; where a paper is silent the value is our choice, and the comment says so.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest
import torch

from napari_boundaryseg import losses
from napari_boundaryseg.data import metrics
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Augmentation
from napari_boundaryseg.engine.recipes.shipped import RECIPES, recipe
from napari_boundaryseg.engine.training.loop.schedules import rate
from napari_boundaryseg.models.backbones import listening

ALL = (0, 100)
ANY = object()
"""Plays no part in this recipe."""

PLAIN = {
    "dims": 3,
    "slices": 1,
    "plane": "axial",
    "initialisation": "default",
    "optimiser.name": "adam",
    "optimiser.gradient_clip": 0,
    "optimiser.ema_decay": 0,
    "preprocessing.spacing_mm": None,
    "preprocessing.size_vox": None,
    "preprocessing.crop": "",
    "preprocessing.nonzero": False,
    "preprocessing.per_slice": False,
    "preprocessing.clip_percentiles": ANY,
    "preprocessing.clip_hu": ANY,
    "targets.mode": ANY,
    "targets.sigma_mm": ANY,
    "targets.contours": ANY,
    "targets.boundary": "inner",
    "targets.difficulty_sigma_mm": ANY,
    "targets.difficulty_gain": ANY,
    "inference.overlap": 0.5,
    "inference.smallest_share": 0,
    "inference.fill": False,
    "inference.flip_axes": (),
    "loss_arguments": {},
    "foreground": 0.7,
    "locator": "",
    "box_margin_mm": ANY,
    "synthetic": "",
}
"""What a recipe has where its paper asks for nothing else."""

SGM = PLAIN | {
    "network": "sgm",
    "network_arguments": {"width": 32, "norm": "batch"},
    "channels": ("image",),
    "initialisation": "xavier",
    "optimiser.lr": 2e-3,
    "optimiser.weight_decay": 1e-4,
    "schedule.name": "sgm",
    "batch": 6,
    "steps": 100_000,
    "steps_per_epoch": 10_000,
    "patch_vox": (16, 144, 144),
    "preprocessing.normalise": "zscore",
    "preprocessing.clip_percentiles": (0, 99.2),
    "preprocessing.spacing_mm": (1, 1, 1),
    "targets.mode": "gaussian",
    "targets.sigma_mm": 3,
    "targets.contours": "by organ",
    "losses": {"wce-dice": 1, "hard-contour": 0.2, "soft-contour": 1},  # the paper's 1 is of a sum over voxels
    "loss_arguments": {"wce-dice": {"class_weights": (1, 4, 8, 6)}, "hard-contour": {"normalise": "boundary"}},
    "augmentation": Augmentation(flip_axes=("x",)),  # the paper has none
    "metrics": ("dsc", "asd_mm"),
}
HMEDN = PLAIN | {
    "initialisation": "xavier",
    "optimiser.name": "adamw",
    "optimiser.weight_decay": 1e-7,
    "targets.difficulty_sigma_mm": 8,
    "targets.difficulty_gain": 25,
    "inference.smallest_share": 0.1,
}
EGCNN = PLAIN | {
    "network": "egcnn",
    "optimiser.lr": 1e-4,
    "optimiser.weight_decay": 1e-5,
    "schedule.name": "poly",
    "batch": 8,
    "patch_vox": (128, 128, 128),
    "metrics": ("dsc",),
    "losses": {"dice-squared": 1, "consistency": 1, "edge-dice": 1, "edge-bce": 0.5},
    "augmentation": Augmentation(flip_axes=("x", "y", "z"), gain=0.1, shift=0.1),
}
BE = PLAIN | {
    "network": "segresnet",
    "network_arguments": {"width": 32, "norm": "group"},  # as wide as in Myronenko (2018)
    "foreground": 0,  # patches are cropped at random
    "preprocessing.spacing_mm": (1, 1, 1),
    "losses": {"dice-squared": 1, "boundary-enhancement": 1000},
    "inference.overlap": 0.25,
    "metrics": ("dsc",),
    "augmentation": Augmentation(flip_axes=("x", "y", "z"), shift=0.1),
    "optimiser.lr": 1e-4,
    "optimiser.weight_decay": 1e-5,
    "schedule.name": "poly",  # the paper gives no rate
}

BACKBONES = {
    "unet": {"backbone": "basic-unet"},  # with a map at full resolution
    "vnet": {"backbone": "narrow-vnet", "width": 5},  # of the others' size
    "segresnet": {"backbone": "segresnet"},
}


def brats19(backbone: str) -> dict[str, Any]:
    """335 cases, 80 % of them for training, 300 epochs in batches of 8."""
    return EGCNN | {
        "network_arguments": {**BACKBONES[backbone], "norm": "group", "per_channel": True},
        "channels": ("t1", "t1c", "t2", "flair"),
        "preprocessing.normalise": "zscore",
        "preprocessing.nonzero": True,
        "preprocessing.clip_percentiles": ALL,
        "preprocessing.crop": "nonzero",
        "steps_per_epoch": -(-335 * 80 // 800),
        "steps": 300 * 34,
    }


def kits19(backbone: str) -> dict[str, Any]:
    """300 cases, 80 % of them for training, 300 epochs in batches of 8; HU / 1000 within -1 and 1."""
    return EGCNN | {
        "network_arguments": {**BACKBONES[backbone], "norm": "group", "per_channel": True},
        "channels": ("ct",),
        "preprocessing.normalise": "hu",
        "preprocessing.clip_hu": (-1000, 1000),
        "preprocessing.spacing_mm": (1, 1, 1),
        "steps_per_epoch": 300 * 80 // 800,
        "steps": 300 * 30,
    }


PAPERS: dict[str, dict[str, Any]] = {
    "sgm-pelvis-mr": SGM,
    "sgm-promise12": SGM
    | {
        "channels": ("t2",),
        "patch_vox": (16, 64, 64),
        "preprocessing.spacing_mm": (0.625, 0.625, 1.5),
        "loss_arguments": {"wce-dice": {"class_weights": (1, 8)}, "hard-contour": {"normalise": "boundary"}},
    },
    "hmedn-pelvis-ct": HMEDN
    | {
        "network": "hmedn",
        "network_arguments": {"stage": 3},
        "channels": ("ct",),
        "dims": 2,
        "slices": 5,
        "optimiser.lr": 1e-3,
        "schedule.name": "constant",
        "batch": 10,
        "steps": 200_000,
        "steps_per_epoch": 5_000,
        "patch_vox": (1, 144, 208),
        "preprocessing.normalise": "dataset",
        "targets.mode": "gaussian",
        "targets.sigma_mm": 2,
        "targets.contours": "soft",
        "losses": {"difficulty-ce": 1, "contour-regression": 1},
        "augmentation": Augmentation(flip_axes=("z",)),  # the five slices in reverse order
        "inference.fill": True,
        "locator": "pelvis-ct-locator",
        "metrics": ("dsc", "asd_mm", "hd_mm"),
    },
    "hmedn-brats17": HMEDN
    | {
        "network": "hrdn",
        "network_arguments": {"stage": 2, "norm": "group"},  # batches of one
        "channels": ("t1", "t1c", "t2", "flair"),
        "optimiser.lr": 5e-4,
        "schedule.name": "plateau",
        "schedule.factor": 0.5,
        "schedule.patience": 10,
        "schedule.stop": 50,
        "batch": 1,
        "steps_per_epoch": 285 * 60 // 100,
        "steps": 500 * 171,
        "patch_vox": (128, 128, 128),
        "preprocessing.size_vox": (128, 128, 128),
        "preprocessing.crop": "nonzero",
        "preprocessing.normalise": "zscore",
        "preprocessing.nonzero": True,
        "preprocessing.clip_percentiles": ALL,
        "losses": {"difficulty-ce": 1},
        "augmentation": Augmentation(permute_axes=True),
        "metrics": ("dsc", "asd_mm"),
    },
    **{f"egcnn-{backbone}-brats19": brats19(backbone) for backbone in ("unet", "vnet", "segresnet")},
    **{f"egcnn-{backbone}-kits19": kits19(backbone) for backbone in ("unet", "vnet", "segresnet")},
    "bacnn-brats18-tc": PLAIN
    | {
        "network": "bacnn",
        "network_arguments": {"pooling": "area"},  # the paper does not say how
        "channels": ("t1c",),
        "dims": 2,
        "optimiser.lr": 1e-3,
        "optimiser.weight_decay": 0,
        "schedule.name": "poly",
        "batch": 8,
        "steps": 100 * 200,
        "steps_per_epoch": 200,
        "patch_vox": (1, 240, 240),
        "preprocessing.normalise": "unit",
        "preprocessing.per_slice": True,
        "preprocessing.clip_percentiles": ALL,
        "losses": {"dice-squared": 1, "edge-dice": 0.5, "edge-bce": 0.1},
        "augmentation": Augmentation(flip_axes=("x",)),  # the paper has none
        "foreground": 1,
        "metrics": ("slice_dsc", "mean_iou", "slice_hd_mm", "dsc", "jaccard", "hd_mm"),
    },
    "be-msd01": BE
    | {
        "channels": ("flair", "t1", "t1c", "t2"),
        "batch": 1,
        "steps": 300 * 388,
        "steps_per_epoch": 388,
        "patch_vox": (128, 224, 224),
        "preprocessing.normalise": "zscore",
        "preprocessing.nonzero": True,
        "preprocessing.clip_percentiles": ALL,
    },
    "be-msd09": BE
    | {
        "channels": ("ct",),
        "batch": 2,
        "steps": 300 * 16,
        "steps_per_epoch": 32 // 2,
        "patch_vox": (96, 96, 96),
        "preprocessing.normalise": "foreground",
        "preprocessing.clip_percentiles": (5, 95),
    },
}


def value(wanted: Recipe, key: str) -> Any:
    return reduce(getattr, key.split("."), wanted)


def test_every_recipe_that_says_it_is_a_papers_is_here():
    systems = ("sgm-", "hmedn-", "bacnn-", "be-", "egcnn-")
    assert set(PAPERS) == {name for name in RECIPES if name.startswith(systems)}


@pytest.mark.parametrize("name", PAPERS)
def test_a_recipe_has_the_numbers_of_its_paper(name):
    wanted = recipe(name)
    found = {key: value(wanted, key) for key, expected in PAPERS[name].items() if expected is not ANY}
    assert found == {key: expected for key, expected in PAPERS[name].items() if expected is not ANY}


@pytest.mark.parametrize("name", PAPERS)
def test_nothing_of_a_protocol_is_left_out_of_the_table(name):
    needed = {
        "network",
        "network_arguments",
        "channels",
        "losses",
        "augmentation",
        "optimiser.lr",
        "metrics",
        "optimiser.weight_decay",
        "schedule.name",
        "batch",
        "steps",
        "steps_per_epoch",
        "patch_vox",
        "preprocessing.normalise",
    }
    assert needed <= set(PAPERS[name])
    used = set(PAPERS[name]["losses"])
    told = {key for key, expected in PAPERS[name].items() if expected is not ANY}
    assert not used & {"hard-contour", "soft-contour", "contour-regression"} or "targets.sigma_mm" in told
    assert "difficulty-ce" not in used or {"targets.difficulty_sigma_mm", "targets.difficulty_gain"} <= told


@pytest.mark.parametrize(
    ("loss", "argument", "expected"),
    [
        ("wce-dice", "deep_weights", (0.4, 0.2)),
        ("hard-contour", "gamma", 2),
        ("hard-contour", "normalise", "boundary"),
        ("dice-squared", "main_weight", 0.5),
        ("difficulty-ce", "deep_weights", (0.4,)),
        ("boundary-enhancement", "passes", 3),
        ("consistency", "temperature", 0.5),
        ("edge-bce", "normalise", "balanced"),
    ],
)
def test_a_loss_has_the_numbers_of_its_paper(loss, argument, expected):
    assert losses.signature(loss).parameters[argument].default == expected


@pytest.mark.parametrize(
    ("name", "epoch", "expected"),
    [
        ("sgm-pelvis-mr", 0, 2e-3),
        ("sgm-pelvis-mr", 2, 2e-4),
        ("sgm-pelvis-mr", 9, 2e-7),
        ("hmedn-pelvis-ct", 39, 1e-3),
        ("hmedn-brats17", 499, 5e-4),  # which the plateau lowers
        ("egcnn-unet-brats19", 150, 1e-4 * 0.5**0.9),
        ("bacnn-brats18-tc", 50, 1e-3 * 0.5**0.9),
    ],
)
def test_the_rate_in_an_epoch(name, epoch, expected):
    wanted = recipe(name)
    assert rate(wanted, epoch * wanted.steps_per_epoch, wanted.steps) == pytest.approx(expected)


def test_metrics_are_those_that_are_measured():
    assert recipe("be-msd09").with_settings({"metrics": metrics.names()}).metrics == metrics.names()
    with pytest.raises(
        ValueError, match=r"metrics.*\n.*'dice' is no metric; known: dsc, slice_dsc, border_dsc, jaccard"
    ):
        recipe("be-msd09").with_settings({"metrics": ("dice",)})


@pytest.mark.parametrize("name", [name for name, one in RECIPES.items() if one.network == "bacnn"])
def test_every_pixel_of_the_shape_stream_counts_in_every_recipe_of_it(name):
    assert recipe(name).network_arguments["pooling"] == "area"


@pytest.mark.parametrize("name", [name for name, one in RECIPES.items() if one.network == "egcnn"])
def test_every_channel_of_the_edge_stream_has_its_gate_in_every_recipe_of_it(name):
    assert recipe(name).network_arguments["per_channel"] is True


@pytest.mark.parametrize("data", ["brats19", "kits19"])
def test_the_backbones_of_the_edge_stream_are_of_one_size_and_have_a_map_at_full_resolution(data):
    counts = []
    for backbone in ("unet", "vnet", "segresnet"):
        network = build_network(recipe(f"egcnn-{backbone}-{data}")).eval()
        counts.append(sum(p.numel() for p in network.backbone.parameters()))
        x = torch.zeros(1, len(recipe(f"egcnn-{backbone}-{data}").channels), 32, 32, 32)
        with torch.inference_mode(), listening(network.backbone, network.levels[:1]) as heard:
            network.backbone(x)
        assert heard[network.levels[0]].shape[2:] == x.shape[2:]
    assert max(counts) < 1.3 * min(counts)


@pytest.mark.parametrize("name", RECIPES)
def test_no_recipe_has_batch_norm_in_batches_of_one(name):
    wanted = recipe(name)
    with torch.device("meta"):
        network = build_network(wanted)
    batch_norm = any(isinstance(module, torch.nn.modules.batchnorm._BatchNorm) for module in network.modules())
    assert wanted.batch > 1 or not batch_norm
