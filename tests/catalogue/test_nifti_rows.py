"""Rows 1 to 39 of the catalogue, as far as no test of the NIfTI reader makes the fault."""

from __future__ import annotations

import gzip
import itertools
import struct
import tracemalloc
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nibabel.orientations import axcodes2ornt, inv_ornt_aff, ornt_transform
from scipy.spatial.transform import Rotation

from napari_boundaryseg.data.formats import read, read_labels, write
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, build_network
from napari_boundaryseg.engine.inference.predictor import predict
from napari_boundaryseg.engine.recipes.recipe import Preprocessing
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.errors import InputError

from .helpers import AFFINE, SHAPE, VOXELS, nifti, refused


def test_a_bomb_takes_no_more_memory_than_its_header_promises(tmp_path: Path) -> None:
    shape = (64, 64, 64)
    promised = 2 * int(np.prod(shape))
    data = nifti(np.zeros(shape, np.int16))
    (tmp_path / "bomb.nii.gz").write_bytes(gzip.compress(data + bytes(100_000_000), 9))
    tracemalloc.start()
    warnings = read(tmp_path / "bomb.nii.gz").warnings
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert warnings
    assert peak < 1.1 * promised + 12_000_000


@pytest.mark.parametrize("sizes", [(2**62, 2, 2), (2**40, 2**40, 2**40), (2**31, 2**31, 2), (2**63 - 1,) * 3])
def test_sizes_whose_product_overflows_64_bits_are_refused(tmp_path: Path, sizes: tuple[int, int, int]) -> None:
    data = bytearray(nifti(kind=nib.Nifti2Image))
    struct.pack_into("<4q", data, 16, 3, *sizes)
    (tmp_path / "a.nii").write_bytes(data)
    refused(lambda: read(tmp_path / "a.nii"), "a.nii", "TB of voxels", tmp_path)


@pytest.mark.parametrize(("mm", "warned"), [(1e-6, True), (1.0, False), (1e6, True)])
def test_an_extent_below_1_mm_or_above_5_m_is_told(tmp_path: Path, mm: float, warned: bool) -> None:
    affine = np.diag([mm, mm, mm, 1])
    (tmp_path / "a.nii").write_bytes(nifti(affine=affine))
    found = [text for text in read(tmp_path / "a.nii").warnings if "unit of its voxel size" in text]
    assert bool(found) is warned


def test_a_float128_file_is_read_exactly_or_refused(tmp_path: Path) -> None:
    data = bytearray(nifti(np.zeros(SHAPE, np.float64)))
    struct.pack_into("<2h", data, 70, 1536, 128)
    (tmp_path / "a.nii").write_bytes(bytes(data) + bytes(8 * VOXELS.size))
    refused(lambda: read(tmp_path / "a.nii"), "a.nii", "", tmp_path)


@pytest.mark.parametrize("value", [256, 65534])
def test_large_integers_of_labels_survive_saving_and_reading(tmp_path: Path, value: int) -> None:
    array = np.zeros(SHAPE, np.uint16)
    array[1, 2, 3] = value
    write(LabelMap(array, Geometry(SHAPE, AFFINE)), tmp_path / "seg.nii.gz")
    assert int(read_labels(tmp_path / "seg.nii.gz").array[1, 2, 3]) == value
    assert int(np.asarray(nib.load(tmp_path / "seg.nii.gz").dataobj)[1, 2, 3]) == value


@pytest.mark.parametrize("intent", [0, 2001])
def test_time_points_do_not_pass_for_channels_in_silence(tmp_path: Path, intent: int) -> None:
    image = nib.Nifti1Image(np.stack([VOXELS] * 20, 3), AFFINE)
    image.header.set_xyzt_units("mm", "sec")
    image.header["pixdim"][4], image.header["intent_code"] = 2.0, intent
    (tmp_path / "fmri.nii").write_bytes(image.to_bytes())
    try:
        said = " ".join(read(tmp_path / "fmri.nii").warnings)
    except InputError as error:
        said = str(error)
    assert "in time" in said


def tiny() -> LoadedModel:
    """A network of random weights."""
    import torch

    wanted = recipe("hippocampus-sgm").model_copy(
        update={
            "network_arguments": {"width": 4, "norm": "group"},
            "expected_field_mm": None,
            "preprocessing": Preprocessing(),
            "patch_vox": (16, 16, 16),
        }
    )
    torch.manual_seed(1)
    return LoadedModel(
        Card(name="tiny", recipe=wanted, parameters=0), build_network(wanted).eval(), "0" * 64, Path("x")
    )


@pytest.mark.parametrize("shape", [(20, 18, 1), (20, 18, 3), (1, 17, 19), (5, 4, 3)])
def test_a_scan_thinner_than_the_patch_comes_back_in_its_own_shape(shape: tuple[int, int, int]) -> None:
    array = np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32)
    found = predict(Volume(array, Geometry(shape, np.eye(4)), name="thin"), tiny())
    assert found.labels.array.shape == shape
    assert np.isfinite(found.probabilities).all()
    assert np.allclose(found.probabilities.sum(0), 1, atol=1e-4)


def test_voxels_that_are_no_numbers_are_filled_for_the_network_alone() -> None:
    array = np.random.default_rng(0).normal(size=(1, 16, 16, 16)).astype(np.float32)
    array[0, 3, 4, 5], array[0, 8, 8, 8:10] = np.nan, np.inf
    scan = Volume(array, Geometry((16, 16, 16), np.eye(4)), name="gaps")
    found = predict(scan, tiny())
    assert np.isfinite(found.probabilities).all()
    assert any("3 voxels were not numbers" in note for note in found.details["notes"])
    assert np.array_equal(scan.array, array, equal_nan=True)


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_scan_without_contrast_gets_no_organ_without_a_word(value: float) -> None:
    array = np.full((1, 20, 20, 20), value, np.float32)
    try:
        found = predict(Volume(array, Geometry((20, 20, 20), np.eye(4)), name="flat"), tiny())
    except InputError as error:
        assert str(error).startswith("flat: ")
        assert "the same value" in str(error)
    else:
        assert np.isfinite(found.probabilities).all()
        assert any("the same value" in note for note in found.details["notes"])


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("angles", [(30, 0, 0), (0, 30, 0), (0, 0, 30), (30, -30, 30)])
def test_an_oblique_grid_comes_back_within_a_millionth(tmp_path: Path, suffix: str, angles: tuple[int, ...]) -> None:
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() * (0.7, 0.9, 2.5)
    affine[:3, 3] = (11.5, -120.25, 303.125)
    path = tmp_path / f"seg{suffix}"
    write(LabelMap((VOXELS % 3).astype(np.uint8), Geometry(SHAPE, affine)), path)
    assert np.abs(read_labels(path).affine - affine).max() <= 1e-6 * np.abs(affine).max()


ORIENTATIONS = [
    "".join(codes)
    for axes in itertools.permutations(("RL", "AP", "SI"))
    for codes in itertools.product(*axes)
]  # fmt: skip


@pytest.mark.parametrize("codes", ORIENTATIONS)
def test_every_orientation_keeps_its_labels_and_a_markers_place(tmp_path: Path, codes: str) -> None:
    change = ornt_transform(axcodes2ornt("RAS"), axcodes2ornt(tuple(codes)))
    base = np.diag([0.7, 0.9, 2.5, 1.0])
    base[:3, 3] = (-12, 30, 45)
    affine = base @ inv_ornt_aff(change, SHAPE)
    labels = np.zeros(tuple(int(SHAPE[int(axis)]) for axis in np.argsort(change[:, 0])), np.uint8)
    labels[1, 2, 3] = 9
    labels[-1, 0, 0] = 2
    scan = nib.Nifti1Image(labels.astype(np.int16), affine)
    nib.save(scan, tmp_path / "scan.nii.gz")
    volume = read(tmp_path / "scan.nii.gz")
    assert volume.geometry.orientation == codes
    write(volume.with_labels(labels), tmp_path / "seg.nii.gz")
    again, stored = read_labels(tmp_path / "seg.nii.gz", volume), nib.load(tmp_path / "seg.nii.gz")
    assert np.array_equal(again.array, labels)
    assert np.array_equal(np.asarray(stored.dataobj), labels)
    place = nib.affines.apply_affine(scan.affine, (1, 2, 3))
    assert np.allclose(nib.affines.apply_affine(again.affine, np.argwhere(again.array == 9)[0]), place, atol=1e-4)
    assert np.allclose(nib.affines.apply_affine(stored.affine, (1, 2, 3)), place, atol=1e-4)
    shown = volume.geometry.display.to_display(labels)
    assert (shown == 9).sum() == 1
