"""The qform of NIfTI: nibabel's and SimpleITK's affine at every angle, near a half turn too, and no false warning."""

from __future__ import annotations

import itertools
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from napari_boundaryseg.data.formats import read, read_labels, write

SHAPE, SPACING = (64, 60, 24), np.array([3.5, 3.0, 4.0])
VOXELS = np.zeros(SHAPE, np.uint8)
FAR = np.array([63.0, 59.0, 23.0, 1.0])
DEGREES = (0, 0.05, 0.1, 0.5, 2, 5, 9, 11, 15, 45, 90, 150, 170, 175, 178, 179, 179.5, 179.9, 179.99, 180)
ORDERS = [np.eye(3)[:, order] * signs for order in itertools.permutations(range(3))
          for signs in itertools.product((1, -1), repeat=3)]  # fmt: skip
ROUNDED_MM = 0.25
"""What the rounding of a qform to float32 may move the far corner of this scan by, at a half turn."""


def save(path: Path, affine: np.ndarray, kind: type, sform: bool) -> Path:
    image = kind(VOXELS, affine)
    image.set_qform(affine, 1)
    image.set_sform(affine if sform else None, 1 if sform else 0)
    path.write_bytes((image if sform else kind(VOXELS, None, image.header)).to_bytes())
    return path


def apart(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.linalg.norm(((one - two) @ FAR)[:3]))


def turned(axes: np.ndarray, axis: str, degrees: float) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler(axis, degrees, degrees=True).as_matrix() @ axes * SPACING
    affine[:3, 3] = (50, -60, -70)
    return affine


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("sform", [False, True])
def test_every_order_of_axes_at_every_angle(tmp_path: Path, kind: type, sform: bool) -> None:
    for axes in ORDERS if kind is nib.Nifti1Image and not sform else ORDERS[::5]:
        for n, degrees in enumerate(DEGREES):
            affine = turned(axes, "xyz"[n % 3], degrees)
            path = save(tmp_path / "a.nii", affine, kind, sform)
            volume = read(path)
            assert apart(volume.affine, affine) < ROUNDED_MM, (axes, degrees)
            assert apart(volume.affine, nib.load(path).affine) < 2 * ROUNDED_MM, (axes, degrees)
            assert volume.warnings == (), (axes, degrees)


def test_what_simpleitk_says(tmp_path: Path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    for axes in ORDERS[::3]:
        for degrees in (0, 0.5, 5, 11, 90, 179.5, 180):
            affine = turned(axes, "y", degrees)
            image = sitk.ReadImage(str(save(tmp_path / "a.nii", affine, nib.Nifti1Image, sform=False)))
            seen = np.eye(4)
            seen[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
            seen[:3, 3] = image.GetOrigin()
            assert apart(read(tmp_path / "a.nii").affine, np.diag([-1.0, -1, 1, 1]) @ seen) < 0.01


@pytest.mark.parametrize("degrees", [0, 0.5, 9, 179.9])
def test_two_matrices_that_do_differ_are_told(tmp_path: Path, degrees: float) -> None:
    path = save(tmp_path / "a.nii", turned(np.diag([-1.0, -1.0, 1.0]), "y", degrees), nib.Nifti1Image, sform=True)
    image = nib.Nifti1Image.from_bytes(path.read_bytes())
    image.set_sform(turned(np.diag([-1.0, -1.0, 1.0]), "y", degrees + 0.3), 1)
    path.write_bytes(image.to_bytes())
    assert any("matrices differ by up to" in warning for warning in read(path).warnings)


def test_labels_of_such_a_scan_lie_on_it(tmp_path: Path) -> None:
    for degrees in (0, 0.5, 2, 9):
        path = save(tmp_path / "a.nii", turned(np.diag([-1.0, 1.0, 1.0]), "x", degrees), nib.Nifti1Image, sform=False)
        volume = read(path)
        write(volume.with_labels(VOXELS), tmp_path / "seg.nii.gz")
        assert read_labels(tmp_path / "seg.nii.gz", volume).warnings == ()
        assert apart(nib.load(tmp_path / "seg.nii.gz").affine, nib.load(path).affine) == 0


@pytest.mark.parametrize("first", [-1.0, -0.5, -3.0])
def test_any_negative_first_size_turns_the_third_axis(tmp_path: Path, first: float) -> None:
    path = save(tmp_path / "a.nii", np.diag([3.5, 3.0, -4.0, 1.0]), nib.Nifti1Image, sform=False)
    data = bytearray(path.read_bytes())
    assert np.frombuffer(data[76:80], "<f4")[0] == -1
    data[76:80] = np.array(first, "<f4").tobytes()
    path.write_bytes(data)
    assert np.allclose(np.diag(read(path).affine), (3.5, 3.0, -4.0, 1.0))
