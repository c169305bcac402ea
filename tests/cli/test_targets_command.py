"""`boundaryseg targets`: maps on the labels' own grid, against distances that SciPy measures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from scipy.ndimage import binary_erosion, distance_transform_edt

AFFINES = {
    "RAS": np.diag([1.0, 1.0, 3.0, 1.0]),
    "LPS": np.diag([-1.0, -1.0, 3.0, 1.0]),
    "SAR": np.array([[0, 0, 1.0, 0], [0, -1.0, 0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1]]),
}


def drawn(folder: Path, affine: np.ndarray) -> Path:
    """A ball in the anterior part's integer, on a grid of thick slices that is stored this way."""
    spacing = np.abs(affine[:3, :3]).sum(0)
    shape = tuple(int(n) for n in np.round(36 / spacing))
    at = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1) * spacing - 18
    path = folder / "case.nii.gz"
    nib.save(nib.Nifti1Image((np.linalg.norm(at, axis=-1) < 9).astype(np.uint8), affine), path)
    return path


@pytest.mark.parametrize("stored", AFFINES)
def test_maps_lie_on_the_labels_however_they_are_stored(boundaryseg: Callable, tmp_path: Path, stored: str) -> None:
    path = drawn(tmp_path, AFFINES[stored])
    done = boundaryseg("targets", path, "hippocampus-hmedn", "-o", tmp_path / "maps")
    assert done.status == 0, done.err
    soft, difficulty = (nib.load(tmp_path / "maps" / f"case_{name}.nii.gz") for name in ("soft", "difficulty"))
    assert np.allclose(soft.affine, AFFINES[stored])
    assert "case_soft.nii.gz: 2 channels, 1 at most" in done.out
    truth = np.asarray(nib.load(path).dataobj) > 0
    border = truth & ~binary_erosion(truth)
    mm = distance_transform_edt(~border, sampling=nib.load(path).header.get_zooms())
    heat = np.asarray(soft.dataobj)[..., 0]
    assert np.allclose(heat, np.exp(-(mm**2) / (2 * 1.5**2)), atol=2e-3)
    weight = np.asarray(difficulty.dataobj)
    assert weight.shape == truth.shape
    assert weight.min() >= 1
    assert weight[border].mean() > weight[mm > 9].mean() + 1, "the border is what is difficult"


def test_what_cannot_be_written_is_refused_before_anything_is(boundaryseg: Callable, tmp_path: Path) -> None:
    path = drawn(tmp_path, AFFINES["RAS"])
    none = boundaryseg("targets", path, "hippocampus-segresnet", "-o", tmp_path / "maps")
    assert none.status == 1
    assert "need no map" in none.err
    assert not (tmp_path / "maps").exists()
    assert boundaryseg("targets", path, "hippocampus-sgm", "-o", tmp_path / "maps").status == 0
    again = boundaryseg("targets", path, "hippocampus-sgm", "-o", tmp_path / "maps")
    assert again.status == 1
    assert "--overwrite" in again.err
    file = boundaryseg("targets", path, "hippocampus-sgm", "-o", path)
    assert (file.status, "it is a file" in file.err) == (1, True)
    taught = ("--set", "targets.contours=hard", "--set", 'losses={"soft-contour": 1.0}')
    nothing = boundaryseg("targets", path, "hippocampus-sgm", "-o", tmp_path / "none", *taught)
    assert (nothing.status, "no map is taught" in nothing.err) == (1, True)
    assert not (tmp_path / "none").exists()
    wrong = boundaryseg("targets", path, "prostate-toyy", "-o", tmp_path / "others")
    assert wrong.status == 1
    assert not (tmp_path / "others").exists()


def test_a_map_that_another_recipe_left_there_is_told(boundaryseg: Callable, tmp_path: Path) -> None:
    path = drawn(tmp_path, AFFINES["RAS"])
    first = boundaryseg("targets", path, "hippocampus-hmedn", "-o", tmp_path / "maps")
    assert "not made anew" not in first.err
    again = boundaryseg("targets", path, "hippocampus-sgm", "-o", tmp_path / "maps", "--overwrite")
    assert again.status == 0
    assert "note: case_difficulty.nii.gz lies there and was not made anew" in again.err
    assert "case_soft" not in again.err
