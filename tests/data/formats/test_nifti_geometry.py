"""Negative voxel sizes: no ground to refuse a scan whose sform says where each axis points."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_boundaryseg.data.formats import read, read_labels, write
from napari_boundaryseg.errors import InputError

AFFINE = np.array([[-0.5, 0.1, 0, 20], [0.1, 0.5, 0, -30], [0, 0, 3, 5], [0, 0, 0, 1.0]])
VOXELS = np.arange(6 * 7 * 8, dtype=np.int16).reshape(6, 7, 8)
PIXDIM = 76


def save(path: Path, sizes: tuple[float, float, float], sform: int = 2, qform: int = 1) -> Path:
    image = nib.Nifti1Image(VOXELS, AFFINE)
    image.header.set_xyzt_units("mm")
    image.set_qform(AFFINE, qform)
    image.set_sform(AFFINE, sform)
    data = bytearray(image.to_bytes())
    data[PIXDIM + 4 : PIXDIM + 16] = np.array(sizes, "<f4").tobytes()
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("qform", [0, 1])
def test_a_negative_size_beside_an_sform_is_a_warning(tmp_path: Path, qform: int) -> None:
    size = float(np.linalg.norm(AFFINE[:3, 0]))
    volume = read(save(tmp_path / "a.nii", (-size, size, -3), qform=qform))
    assert np.allclose(volume.affine, AFFINE, atol=1e-6)
    assert volume.spacing_mm == pytest.approx((size, size, 3), rel=1e-6)
    assert len(volume.warnings) == 1
    assert "gives a negative voxel size: the sform is used" in volume.warnings[0]


def test_labels_of_such_a_scan_carry_its_fields(tmp_path: Path) -> None:
    size = float(np.linalg.norm(AFFINE[:3, 0]))
    volume = read(save(tmp_path / "a.nii", (-size, size, -3)))
    write(volume.with_labels(VOXELS % 3), tmp_path / "seg.nii.gz")
    assert np.array_equal(read_labels(tmp_path / "seg.nii.gz", volume).array, VOXELS % 3)
    assert np.allclose(nib.load(tmp_path / "seg.nii.gz").affine, AFFINE, atol=1e-6)


@pytest.mark.parametrize(
    ("sizes", "sform"), [((-0.5, 0.5, 3), 0), ((0, 0.5, 3), 2), ((0.5, np.nan, 3), 2), ((0.5, 0.5, np.inf), 2)]
)
def test_other_sizes_are_refused(tmp_path: Path, sizes: tuple[float, float, float], sform: int) -> None:
    with pytest.raises(InputError, match=r"^a\.nii: its voxel size is "):
        read(save(tmp_path / "a.nii", sizes, sform))


@pytest.mark.parametrize(
    ("sform", "qform", "sign", "said"),
    [
        (0, 77, None, "The code of its qform, 77, is not known"),
        (77, 0, None, "The code of its sform, 77, is not known"),
        (0, 1, -3, "The sign of its qform is -3 instead of -1"),
    ],
)
def test_what_other_programs_read_differently_is_said(
    tmp_path: Path, sform: int, qform: int, sign: float | None, said: str
) -> None:
    size = float(np.linalg.norm(AFFINE[:3, 0]))
    path = save(tmp_path / "a.nii", (size, size, 3), 2, 1)
    data = bytearray(path.read_bytes())
    data[252:256] = np.array([qform, sform], "<i2").tobytes()
    if sign is not None:
        data[PIXDIM : PIXDIM + 4] = np.array([sign], "<f4").tobytes()
    path.write_bytes(data)
    volume = read(path)
    assert np.allclose(volume.affine, AFFINE, atol=1e-5)
    (warning,) = volume.warnings
    assert said in warning
