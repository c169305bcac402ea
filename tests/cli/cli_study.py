"""What the tests of the command line are made of: two boxes that touch, on a grid of an unusual orientation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nibabel as nib
import numpy as np

AFFINE = np.array([[-1.5, 0, 0, 20], [0, 0, 2.0, -30], [0, 1.0, 0, 5], [0, 0, 0, 1.0]])
SHAPE = (20, 24, 16)


TINY = (
    "network_arguments.width=4",
    "inference.flip_axes=[]",
    "inference.window_vox=[16,16,16]",
    "patch_vox=[16,16,16]",
    "batch=1",
    "steps_per_epoch=2",
    "expected_field_mm=[60,60,60]",
)
"""Settings that make a recipe small enough for a test."""


def save(path: Path, array: np.ndarray, affine: np.ndarray = AFFINE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


def boxes(shift: int = 0) -> np.ndarray:
    """Two boxes that touch: 4 x 6 x 8 voxels of 1 and 5 x 6 x 8 of 2."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[4 + shift : 8 + shift, 6:12, 4:12] = 1
    labels[8 + shift : 13 + shift, 6:12, 4:12] = 2
    return labels


def random_model(path: Path, settings: Sequence[str], bias: Sequence[float] = (0, 0, 0)) -> Path:
    """A hippocampus model with random weights, always the same; settings, and what is added to each class."""
    import torch

    from napari_boundaryseg.cli.inputs.training_options import recipe_of
    from napari_boundaryseg.engine.checkpoints.card import Card
    from napari_boundaryseg.engine.checkpoints.checkpoint import build_network
    from napari_boundaryseg.engine.checkpoints.checkpoint import save as save_model

    torch.manual_seed(1)
    recipe = recipe_of("hippocampus-sgm", settings)
    network = build_network(recipe)
    network.segment.bias.data += torch.tensor(bias)  # type: ignore[operator, union-attr]
    card = Card(name=path.stem, recipe=recipe, parameters=sum(p.numel() for p in network.parameters()))
    save_model(path, card, network.state_dict())
    return path
