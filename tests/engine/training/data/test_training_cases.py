"""What a network would learn nothing true from is refused, also where no command checked it first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data.cases import check_pair
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.phantom.two_part import two_part_structure

SMALL = {"network": "unet", "network_arguments": {"width": 4}, "batch": 1, "patch_vox": (16, 16, 16)}
SCAN, LABELS = two_part_structure(1)


def with_array(array: np.ndarray) -> Volume:
    return replace(SCAN, array=array)


def with_nan_slab() -> Volume:
    array = np.array(SCAN.array, np.float32)
    array[:, :, :, 3:6] = np.nan
    return with_array(array)


def shorter() -> LabelMap:
    i, j, k = LABELS.array.shape
    return LabelMap(LABELS.array[:, :, 1:], Geometry((i, j, k - 1), SCAN.affine), LABELS.scheme)


def mirrored() -> LabelMap:
    affine = np.array(SCAN.affine)
    affine[0] *= -1
    return LabelMap(LABELS.array, Geometry(LABELS.array.shape, affine), LABELS.scheme)


def moved_by(mm: float) -> LabelMap:
    affine = np.array(SCAN.affine)
    affine[2, 3] += mm
    return LabelMap(LABELS.array, Geometry(LABELS.array.shape, affine), LABELS.scheme)


WRONG = {
    "one slice shorter": (SCAN, shorter(), "its labels lie on another grid: .* voxels against"),
    "mirrored": (SCAN, mirrored(), "its labels lie on another grid: corners up to"),
    "moved by a voxel": (SCAN, moved_by(1.0), "its labels lie on another grid: corners up to 1 mm apart"),
    "constant": (with_array(np.full(SCAN.array.shape, 3, np.int16)), LABELS, "the image is the same everywhere"),
    "no numbers": (with_array(np.full(SCAN.array.shape, np.nan, np.float32)), LABELS, "some voxels are not numbers"),
    "slices without numbers": (with_nan_slab(), LABELS, "some voxels are not numbers"),
}


@pytest.mark.parametrize("role", ["training", "validation"])
@pytest.mark.parametrize("name", WRONG)
def test_fit_refuses_a_wrong_pair_before_the_first_step(tmp_path: Path, name: str, role: str) -> None:
    volume, labels, reason = WRONG[name]
    pairs = {"training": [(SCAN, LABELS)], "validation": []} | {role: [(volume, labels)]}
    wanted = recipe("hippocampus-sgm").with_settings(SMALL)
    with pytest.raises(InputError, match=reason):
        fit(wanted, pairs["training"], tmp_path, validation=pairs["validation"], steps=1, device="cpu")
    assert not (tmp_path / "best.safetensors").exists()


@pytest.mark.parametrize("normalise", ["foreground", "dataset"])
def test_figures_of_the_data_set_are_not_measured_on_a_wrong_pair(tmp_path: Path, normalise: str) -> None:
    wanted = recipe("hippocampus-sgm").with_settings({**SMALL, "preprocessing.normalise": normalise})
    with pytest.raises(InputError, match="its labels lie on another grid"):
        fit(wanted, [(SCAN, shorter())], tmp_path, steps=1, device="cpu")


def test_a_blank_channel_among_others_is_named() -> None:
    array = np.concatenate([SCAN.array, np.zeros_like(SCAN.array)])
    both = replace(SCAN, array=array, channels=("t1", "t2"))
    with pytest.raises(InputError, match="the image is the same everywhere in t2"):
        check_pair(both, LABELS)


def test_a_right_pair_passes() -> None:
    check_pair(SCAN, LABELS)
    check_pair(SCAN, moved_by(1e-5))
    assert LABELS.scheme == preset("hippocampus")
