"""Rows 40 to 50 of the catalogue, as far as no test of the readers makes the fault."""

from __future__ import annotations

import bz2
import gzip
import os
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data.datasets import read_dataset
from napari_boundaryseg.data.formats import read, read_labels, write
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.errors import BoundarySegError

from .helpers import AFFINE, SHAPE, VOXELS, nifti, refused

sitk = pytest.importorskip("SimpleITK")
RAW = VOXELS.tobytes(order="F")


def nrrd(data: bytes = RAW, **fields: str) -> bytes:
    """An NRRD file of `VOXELS`."""
    values = {
        "type": "short", "dimension": "3", "space": "left-posterior-superior", "sizes": "6 7 8",
        "space directions": "(0.5,0.1,0) (-0.1,0.5,0) (0,0,3)", "endian": "little", "encoding": "raw",
        "space origin": "(1,2,3)", **{name.replace("_", " "): value for name, value in fields.items()},
    }  # fmt: skip
    return ("NRRD0004\n" + "".join(f"{name}: {value}\n" for name, value in values.items()) + "\n").encode() + data


def meta(data: bytes, **fields: str) -> bytes:
    """A MetaImage file."""
    values = {"ObjectType": "Image", "NDims": "3", "BinaryData": "True", "BinaryDataByteOrderMSB": "False",
              "TransformMatrix": "1 0 0 0 1 0 0 0 1", "Offset": "0 0 0", "ElementSpacing": "1 1 1",
              "DimSize": "6 7 8", "ElementType": "MET_SHORT", **fields, "ElementDataFile": "LOCAL"}  # fmt: skip
    return "".join(f"{name} = {value}\n" for name, value in values.items()).encode() + data


@pytest.mark.parametrize(
    "space", ["left-posterior-superior", "LPS", "right-anterior-superior", "RAS", "left-anterior-superior", "LAS"]
)
def test_every_space_of_nrrd_lies_where_simpleitk_says(tmp_path: Path, space: str) -> None:
    (tmp_path / "a.nrrd").write_bytes(nrrd(space=space))
    volume, image = read(tmp_path / "a.nrrd"), sitk.ReadImage(str(tmp_path / "a.nrrd"))
    for index in ((0, 0, 0), (5, 6, 7), (1, 2, 3)):
        x, y, z = image.TransformIndexToPhysicalPoint(index)
        assert np.allclose((volume.affine @ [*index, 1])[:3], (-x, -y, z), atol=1e-9)


BOMBS = {
    "gzip.nrrd": lambda raw: nrrd(gzip.compress(raw, 9), encoding="gzip"),
    "bzip2.nrrd": lambda raw: nrrd(bz2.compress(raw), encoding="bzip2"),
    "zlib.mha": lambda raw: meta(zlib.compress(raw, 9), CompressedData="True"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_inflated_no_further_than_its_header_promises(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BOMBS[name](RAW + bytes(100_000_000)))
    tracemalloc.start()
    try:
        read(tmp_path / name)
    except BoundarySegError as error:
        assert str(error).startswith(f"{name}: ")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 15_000_000


def test_companions_of_other_systems_are_skipped(tmp_path: Path) -> None:
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
        for name in ("._case.nii.gz", ".DS_Store", "Thumbs.db", "desktop.ini"):
            (tmp_path / folder / name).write_bytes(b"\0\5\x16\7" * 30)
        array = VOXELS if folder == "images" else (VOXELS % 3).astype(np.uint8)
        (tmp_path / folder / "case.nii.gz").write_bytes(gzip.compress(nifti(array)))
    (case,) = read_dataset(tmp_path)
    assert (case.name, case.label) == ("case", tmp_path / "labels" / "case.nii.gz")


NAMES = (
    "a b",
    'quo"te',
    "apo'strophe",
    "é",
    "\N{BRAIN}",
    "%s%n",
    "CON",
    "$(id)",
    ";ls",
    "-rf",
    "a\nb",
    "x" * 240,
    "\u202e",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_odd_names_are_opened_and_saved(tmp_path: Path, name: str, suffix: str) -> None:
    path = tmp_path / name / f"{name}{suffix}"
    path.parent.mkdir()
    if len(os.fsencode(path.name)) > 255:
        pytest.fail("the name is too long for the test itself")
    volume = Volume(VOXELS[np.newaxis], Geometry(SHAPE, np.diag([1.0, 2, 3, 1])))
    write(volume, path)
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert np.array_equal(read(path).array, volume.array)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_an_odd_name_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.nii"
    path.write_bytes(b"no scan")
    with pytest.raises(BoundarySegError) as caught:
        read(path)
    assert str(caught.value).isprintable()
    assert str(tmp_path) not in str(caught.value)
    str(caught.value).encode("utf-8")


@pytest.mark.parametrize("shape", [(6, 7, 9), (7, 7, 8), (6, 6, 8)])
def test_labels_one_voxel_larger_or_smaller_are_refused_with_both_sizes(tmp_path: Path, shape: tuple[int, ...]) -> None:
    (tmp_path / "scan.nii").write_bytes(nifti())
    (tmp_path / "seg.nii").write_bytes(nifti(np.zeros(shape, np.uint8), AFFINE))
    both = f"{' x '.join(map(str, shape))} voxels against 6 x 7 x 8"
    scan = read(tmp_path / "scan.nii")
    refused(lambda: read_labels(tmp_path / "seg.nii", scan), "seg.nii", both, tmp_path)


ELSEWHERE = {
    "above": "../secret.raw",
    "absolute": "/etc/passwd",
    "missing": "gone.raw",
    "linked out": "link.raw",
    "many files": "LIST",
    "a pattern": "part%03d.raw 1 100000 1",
}


@pytest.mark.parametrize("place", ELSEWHERE.values(), ids=ELSEWHERE)
@pytest.mark.parametrize("name", ["a.nhdr", "a.mhd"])
def test_voxels_in_another_folder_or_in_many_files_are_refused(tmp_path: Path, name: str, place: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "secret.raw").write_bytes(RAW)
    (folder / "link.raw").symlink_to(tmp_path / "secret.raw")
    data = nrrd(b"", data_file=place) if name == "a.nhdr" else meta(b"").replace(b"LOCAL", place.encode())
    (folder / name).write_bytes(data)
    refused(lambda: read(folder / name), name, "", tmp_path)


@pytest.mark.parametrize("less", [1, 100, len(RAW)])
@pytest.mark.parametrize("name", ["a.nrrd", "a.mha"])
def test_voxels_that_are_missing_are_refused_with_both_counts(tmp_path: Path, name: str, less: int) -> None:
    data = RAW[: len(RAW) - less]
    (tmp_path / name).write_bytes(nrrd(data) if name == "a.nrrd" else meta(data))
    fault = refused(lambda: read(tmp_path / name), name, str(len(RAW)), tmp_path)
    assert str(len(RAW) - less) in str(fault)


def test_a_header_without_an_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.nrrd").write_bytes(b"NRRD0004\n" + b"#" * (2 << 20))
    refused(lambda: read(tmp_path / "a.nrrd"), "a.nrrd", "header", tmp_path)


def test_segments_that_overlap_are_never_merged(tmp_path: Path) -> None:
    data = nrrd(
        np.zeros((2, *SHAPE), np.uint8).tobytes(),
        type="uchar",
        dimension="4",
        sizes="2 6 7 8",
        space_directions="none (1,0,0) (0,1,0) (0,0,1)",
        kinds="list domain domain domain",
    )
    (tmp_path / "a.seg.nrrd").write_bytes(data)
    refused(lambda: read_labels(tmp_path / "a.seg.nrrd"), "a.seg.nrrd", "", tmp_path)
