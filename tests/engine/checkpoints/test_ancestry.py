"""Fingerprints of scans and names: the same for every copy of a scan, another for another scan, and nothing to read."""

from __future__ import annotations

import itertools
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.checkpoints.ancestry import Ancestry, content_hashes

SHAPE = (5, 6, 7)


def scan(seed: int = 0, channels: int = 1) -> Volume:
    array = np.random.default_rng(seed).integers(-500, 1500, (channels, *SHAPE)).astype(np.int16)
    return Volume(array, Geometry(SHAPE, np.diag([1.5, 2.0, 3.0, 1.0])), tuple(f"c{n}" for n in range(channels)))


@pytest.mark.parametrize("axes", list(itertools.permutations("xyz")))
@pytest.mark.parametrize("flips", list(itertools.product((1, -1), repeat=3)))
def test_every_storage_order_of_a_scan_has_one_hash(axes: tuple[str, ...], flips: tuple[int, ...]) -> None:
    """The 48 orders as nibabel makes them."""
    volume = scan()
    image = nib.Nifti1Image(volume.array[0], volume.affine)
    order = [[float("xyz".index(axis)), float(flip)] for axis, flip in zip(axes, flips, strict=True)]
    turned = image.as_reoriented(np.array(order))
    array = np.asarray(turned.dataobj)[None]
    copy = Volume(array, Geometry(array.shape[1:], turned.affine), name="copy")  # type: ignore[arg-type]
    assert content_hashes(copy) == content_hashes(volume)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.mha"])
@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64])
def test_every_file_format_and_data_type_of_a_scan_has_one_hash(tmp_path: Path, name: str, dtype: type) -> None:
    volume = scan()
    values = volume.array[0].astype(dtype)
    if ".nii" in name:
        nib.save(nib.Nifti1Image(values, volume.affine), tmp_path / name)
    else:
        image = sitk.GetImageFromArray(values.transpose(2, 1, 0))
        image.SetSpacing(volume.spacing_mm)
        image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
        sitk.WriteImage(image, str(tmp_path / name), useCompression=True)
    assert content_hashes(formats.read(tmp_path / name)) == content_hashes(volume)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, SHAPE[0] - 1), st.integers(0, SHAPE[1] - 1), st.integers(0, SHAPE[2] - 1))
def test_one_voxel_that_differs_makes_another_scan(i: int, j: int, k: int) -> None:
    array = scan().array.copy()
    array[0, i, j, k] += 1
    assert content_hashes(Volume(array, scan().geometry)) != content_hashes(scan())


def test_position_and_voxel_size_are_not_looked_at_and_channels_each_have_a_hash() -> None:
    one = scan(channels=2)
    moved = Volume(one.array[::-1], Geometry(SHAPE, np.diag([3.0, 3.0, 3.0, 1.0]) + np.eye(4, k=3)), ("b", "a"))
    assert set(content_hashes(moved)) == set(content_hashes(one))
    assert len(content_hashes(one)) == 2


def test_zero_has_no_sign_and_a_blank_channel_no_hash() -> None:
    array = np.zeros((2, *SHAPE), np.float32)
    array[0, 0] = 1
    negative = np.where(array == 0, np.float32(-0.0), array)
    blank, plus = (Volume(one, scan().geometry, ("a", "b")) for one in (negative, array))
    assert content_hashes(blank) == content_hashes(plus)
    assert len(content_hashes(plus)) == 1


def test_the_same_scan_name_or_patient_may_not_judge_and_another_may() -> None:
    ancestry = Ancestry.new().with_cases(content_hashes(scan(1)), ["case1", "Jane Doe"])
    assert "on this scan, or on a copy" in ancestry.why_not(content_hashes(scan(1)), "renamed")
    assert "case or patient of this name" in ancestry.why_not(content_hashes(scan(2)), "case1")
    assert "a case of this patient" in ancestry.why_not(content_hashes(scan(2)), "follow-up", "Jane Doe")
    assert ancestry.why_not(content_hashes(scan(2)), "case2", "John Roe") == ""
    assert Ancestry().why_not(content_hashes(scan(1)), "case1") == ""


def test_no_name_can_be_read_or_compared_between_two_models() -> None:
    one, two = (Ancestry.new().with_cases([], ["Jane Doe"]) for _ in range(2))
    assert "Jane" not in one.model_dump_json()
    assert one.names != two.names, "each first model has a salt of its own"


def test_a_descendant_keeps_what_its_ancestors_saw_once() -> None:
    first = Ancestry.new().with_cases(content_hashes(scan(1)), ["a"])
    second = first.with_cases([*content_hashes(scan(1)), *content_hashes(scan(2))], ["a", "b"])
    assert (len(second.scans), len(second.names), second.salt) == (2, 2, first.salt)
    assert second.complete
    assert not Ancestry().with_cases([], ["a"]).complete, "of a model whose card says nothing"
