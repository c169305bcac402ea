"""float64 becomes float32 without a word only where nothing but last digits change."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_boundaryseg.data.formats import read
from napari_boundaryseg.data.formats.decimals import not_finite, to_float32

SHAPE = (4, 5, 6)


@pytest.mark.parametrize(
    "values", [[0.1, 1 / 3, -1e-5, 12345678.9], [2**24, -(2**24), 2**30, 1e10], [1e-45, 1e-300], [np.nan, np.inf]]
)
def test_last_digits_are_no_warning(values: list[float]) -> None:
    array = np.resize(np.array(values), SHAPE)
    result, warnings = to_float32(array)
    assert warnings == ()
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, array.astype(np.float32))


@pytest.mark.parametrize(
    ("value", "example"),
    [(2**24 + 1, "16777217 became 16777216"), (-123456789, "-123456789 became -123456792"), (1e39, "1e+39 became inf")],
)
def test_other_numbers_are_told(value: float, example: str) -> None:
    array = np.full(SHAPE, 0.5)
    array[1, 2, 3] = array[3, 4, 5] = value
    _, warnings = to_float32(array)
    assert warnings == (f"2 of its values do not fit into float32: {example}, for example.",)


@pytest.mark.parametrize("axes", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_every_memory_order_keeps_its_places(axes: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(-500, 500, (2, *SHAPE)).transpose(axes)
    result, _ = to_float32(array, 0.25, -7)
    np.testing.assert_array_equal(result, array * 0.25 - 7)
    assert np.argsort(result.strides).tolist() == np.argsort(array.strides).tolist()


def test_values_that_are_not_numbers() -> None:
    assert not_finite(np.array([1, 2])) == ()
    assert not_finite(np.array([1.0, 2.0])) == ()
    assert not_finite(np.array([1.0, np.nan, -np.inf])) == ("2 of its voxels are not numbers (NaN or infinite).",)


def test_a_nifti_scan_of_large_whole_numbers_says_so(tmp_path: Path) -> None:
    array = np.full(SHAPE, 0.5)
    array[1, 2, 3] = 2**24 + 1
    nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / "a.nii.gz")
    assert read(tmp_path / "a.nii.gz").warnings == (
        "1 of its values do not fit into float32: 16777217 became 16777216, for example.",
    )


def test_also_where_channels_of_two_kinds_become_one(tmp_path: Path) -> None:
    large = np.full(SHAPE, 2**24 + 1, np.int32)
    nib.save(nib.Nifti1Image(large, np.eye(4)), tmp_path / "a.nii.gz")
    nib.save(nib.Nifti1Image(np.zeros(SHAPE, np.float32), np.eye(4)), tmp_path / "b.nii.gz")
    assert read(tmp_path / "a.nii.gz").warnings == ()
    both = read(tmp_path / "a.nii.gz", tmp_path / "b.nii.gz")
    assert both.array.dtype == np.float32
    assert both.warnings[0].startswith(f"{large.size} of its values do not fit into float32")
