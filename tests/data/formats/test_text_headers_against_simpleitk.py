"""NRRD and MetaImage as SimpleITK reads and writes them: the same voxels, type and grid, both ways."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from text_header_cases import RAW, SHAPE, VOXELS, meta, nrrd

from napari_boundaryseg.data.formats import read, read_labels, write
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume

sitk = pytest.importorskip("SimpleITK")

DTYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")
SUFFIXES = (".nrrd", ".nhdr", ".mha", ".mhd")


def affines() -> list[np.ndarray]:
    """Axes in every order and direction, straight and turned, in voxels of three sizes."""
    made = []
    rng = np.random.default_rng(5)
    for n in range(24):
        axes = np.eye(3)[:, rng.permutation(3)] * rng.choice([-1, 1], 3)
        turned = Rotation.random(random_state=n).as_matrix() if n % 2 else np.eye(3)
        affine = np.eye(4)
        affine[:3, :3] = turned @ axes * rng.uniform(0.3, 4, 3)
        affine[:3, 3] = rng.uniform(-300, 300, 3)
        made.append(affine)
    return made


AFFINES = affines()


def image_of(array: np.ndarray, affine: np.ndarray) -> Any:
    """A SimpleITK image of (C, I, J, K) voxels on a RAS+ grid."""
    several = len(array) > 1
    ordered = array.transpose(3, 2, 1, 0) if several else array[0].transpose(2, 1, 0)
    image = sitk.GetImageFromArray(np.ascontiguousarray(ordered), isVector=several)
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    return image


def as_simpleitk_reads(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """(C, I, J, K) voxels and the RAS+ affine."""
    image = sitk.ReadImage(str(path))
    array = sitk.GetArrayFromImage(image)
    array = array.transpose(2, 1, 0)[np.newaxis] if array.ndim == 3 else array.transpose(3, 2, 1, 0)
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return array, np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def assert_same(volume: Volume, array: np.ndarray, affine: np.ndarray) -> None:
    assert np.array_equal(volume.array, array)
    assert volume.array.dtype == (np.float32 if array.dtype == np.float64 else array.dtype.newbyteorder("="))
    assert np.abs(volume.affine - affine).max() < 1e-9


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_simpleitk_writes_is_read_the_same(
    tmp_path: Path, dtype: str, channels: int, packed: bool, suffix: str
) -> None:
    rng = np.random.default_rng(channels)
    array = rng.integers(0, 120, (channels, *SHAPE)).astype(dtype)
    for n in range(DTYPES.index(dtype), len(AFFINES), len(DTYPES)):
        path = tmp_path / f"a{n}{suffix}"
        sitk.WriteImage(image_of(array, AFFINES[n]), str(path), packed)
        volume = read(path)
        assert volume.warnings == ()
        assert_same(volume, array, AFFINES[n])
        assert_same(volume, *as_simpleitk_reads(path))


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [*DTYPES, "?", "f2", ">i2", ">f4"])
def test_what_is_written_simpleitk_reads_the_same(tmp_path: Path, dtype: str, channels: int, suffix: str) -> None:
    array = np.random.default_rng(3).integers(0, 2 if dtype == "?" else 120, (channels, *SHAPE)).astype(dtype)
    stored = array.astype({"?": "u1", "f2": "f4"}.get(dtype, dtype))
    for n, affine in enumerate(AFFINES[::3]):
        path = tmp_path / f"a{n}{suffix}"
        write(Volume(array, Geometry(SHAPE, affine), ("c",) * channels), path)
        seen, grid = as_simpleitk_reads(path)
        assert np.array_equal(seen, stored)
        assert seen.dtype == stored.dtype.newbyteorder("=")
        assert np.abs(grid - affine).max() < 1e-9
        assert_same(read(path), stored, affine)


def test_one_scan_in_three_formats_and_three_programs_lies_in_one_place(tmp_path: Path) -> None:
    for n, affine in enumerate(AFFINES):
        array = (VOXELS % 90).astype(np.int16)[np.newaxis]
        sitk.WriteImage(image_of(array, affine), str(tmp_path / f"{n}.nii.gz"))
        sitk.WriteImage(image_of(array, affine), str(tmp_path / f"{n}.mha"))
        write(read(tmp_path / f"{n}.nii.gz"), tmp_path / f"{n}.nrrd")
        grids = [read(tmp_path / f"{n}{suffix}").geometry for suffix in (".nii.gz", ".mha", ".nrrd")]
        assert all(grid.same_as(grids[0]) for grid in grids)
        assert np.abs(nib.load(tmp_path / f"{n}.nii.gz").affine - grids[2].affine).max() < 1e-4
        assert np.abs(as_simpleitk_reads(tmp_path / f"{n}.nrrd")[1] - grids[2].affine).max() < 1e-9


def two(**fields: str) -> bytes:
    return nrrd((np.arange(240) % 200).astype("<i2").tobytes(), dimension="4", **fields)


HEADERS: dict[str, tuple[str, bytes]] = {
    "RAS": ("a.nrrd", nrrd()),
    "LPS": ("a.nrrd", nrrd(space="left-posterior-superior")),
    "LAS": ("a.nrrd", nrrd(space="LAS")),
    "no space of the patient": ("a.nrrd", nrrd(space="scanner-xyz")),
    "right-handed": ("a.nrrd", nrrd(space="3D-right-handed")),
    "oblique": ("a.nrrd", nrrd(space_directions="(0.36,0.48,0) (-0.8,0.6,0) (0,0,-2)")),
    "permuted": ("a.nrrd", nrrd(space_directions="(0,0.5,0) (0,0,-0.75) (3,0,0)")),
    "hardly sheared": ("a.nrrd", nrrd(space_directions="(0.5,0.0003,0) (0,0.75,0) (0,0,3)")),
    "spacings": ("a.nrrd", nrrd(space="", space_directions="", space_origin="", spacings="1 2 3")),
    "axis minima": ("a.nrrd", nrrd(space="", space_directions="", space_origin="", spacings="1 2 3",
                                   axis_mins="5 6 7")),
    "axis minima of nodes": ("a.nrrd", nrrd(space="", space_directions="", space_origin="", spacings="1 2 3",
                                            axis_mins="5 6 7", centers="node cell node")),
    "no sizes of voxels": ("a.nrrd", nrrd(space="", space_directions="", space_origin="")),
    "list first": ("a.nrrd", two(sizes="2 4 5 6", kinds="list domain domain domain",
                                 space_directions="none (0.5,0,0) (0,0.75,0) (0,0,3)")),
    "list last": ("a.nrrd", two(sizes="4 5 6 2", kinds="domain domain domain list",
                                space_directions="(0.5,0,0) (0,0.75,0) (0,0,3) none")),
    "list between": ("a.nrrd", two(sizes="4 2 5 6", kinds="domain list domain domain",
                                   space_directions="(0.5,0,0) none (0,0.75,0) (0,0,3)")),
    "list with spacings": ("a.nrrd", two(sizes="2 4 5 6", kinds="list domain domain domain", space="",
                                         space_directions="", space_origin="", spacings="nan 1 2 3")),
    "vector": ("a.nrrd", two(sizes="2 4 5 6", kinds="vector space space space",
                             space_directions="none (0.5,0,0) (0,0.75,0) (0,0,3)")),
    "gzip": ("a.nrrd", nrrd(gzip.compress(RAW), "gzip")),
    "skipped": ("a.nrrd", nrrd(b"one\ntwo\nfour" + RAW, line_skip="2", byte_skip="4")),
    "skipped in gzip": ("a.nrrd", nrrd(gzip.compress(b"four" + RAW), "gz", byte_skip="4")),
    "the last bytes": ("a.nrrd", nrrd(b"other" + RAW, byte_skip="-1")),
    "big-endian": ("a.nrrd", nrrd(endian="big")),
    "long long int": ("a.nrrd", nrrd(np.arange(120, dtype="<i8").tobytes(), type="unsigned long long int")),
    "notes": ("a.nrrd", nrrd().replace(b"kinds", b"# note\nSegment0_ID:=kinds: x\nkinds")),
    "a note with a colon": ("a.nrrd", nrrd().replace(b"kinds", b"data file:patient:=A^B\nkind:=space: x\nkinds")),
    "mha": ("a.mha", meta()),
    "mha permuted": ("a.mha", meta(TransformMatrix="0 1 0 -1 0 0 0 0 1")),
    "mha oblique": ("a.mha", meta(TransformMatrix="0.6 0.8 0 -0.8 0.6 0 0 0 -1")),
    "mha Orientation": ("a.mha", meta(TransformMatrix="", Orientation="0 1 0 -1 0 0 0 0 1")),
    "mha Rotation": ("a.mha", meta(TransformMatrix="", Rotation="0 1 0 -1 0 0 0 0 1")),
    "mha Position": ("a.mha", meta(Offset="", Position="4 5 6")),
    "mha Origin": ("a.mha", meta(Offset="", Origin="4 5 6")),
    "mha no Offset": ("a.mha", meta(Offset="")),
    "mha ElementSize": ("a.mha", meta(ElementSpacing="", ElementSize="1 2 3")),
    "mha ElementSize and ElementSpacing": ("a.mha", meta(ElementSize="9 9 9")),
    "mha no sizes of voxels": ("a.mha", meta(ElementSpacing="")),
    "mha scaled directions": ("a.mha", meta(TransformMatrix="2 0 0 0 2 0 0 0 2")),
    "mha no byte order": ("a.mha", meta(BinaryDataByteOrderMSB="")),
    "mha ElementByteOrderMSB": ("a.mha", meta(BinaryDataByteOrderMSB="", ElementByteOrderMSB="True")),
    "mha flags as numbers": ("a.mha", meta(BinaryDataByteOrderMSB="1", CompressedData="0")),
    "mha MET_LONG": ("a.mha", meta(np.arange(120, dtype="<i4").tobytes(), ElementType="MET_LONG")),
    "mha MET_ULONG": ("a.mha", meta(np.arange(120, dtype="<u4").tobytes(), ElementType="MET_ULONG")),
    "mha MET_LONG_LONG": ("a.mha", meta(np.arange(120, dtype="<i8").tobytes(), ElementType="MET_LONG_LONG")),
    "mha MET_ULONG_LONG": ("a.mha", meta(np.arange(120, dtype="<i8").tobytes(), ElementType="MET_ULONG_LONG")),
    "mha channels": ("a.mha", meta(RAW * 2, ElementNumberOfChannels="2")),
    "mha array of one": ("a.mha", meta(ElementType="MET_SHORT_ARRAY")),
    "mha the last bytes": ("a.mha", meta(b"other" + RAW, HeaderSize="-1")),
    "mha gzip": ("a.mha", meta(gzip.compress(RAW, mtime=0), CompressedData="True",
                               CompressedDataSize=str(len(gzip.compress(RAW, mtime=0))))),
    "mha size with zeros before it": ("a.mha", meta(zlib.compress(RAW), CompressedData="True",
                                                    CompressedDataSize=f"{len(zlib.compress(RAW)):020}")),
    "mha notes": ("a.mha", meta().replace(b"NDims", b"0008|0060 = MR\nComment = a = b\nNDims")),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_headers_that_simpleitk_understands_are_read_the_same(tmp_path: Path, name: str) -> None:
    file, data = HEADERS[name]
    (tmp_path / file).write_bytes(data)
    assert_same(read(tmp_path / file), *as_simpleitk_reads(tmp_path / file))


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_what_is_written_is_the_same_each_time_and_says_nothing_of_the_scan(tmp_path: Path, suffix: str) -> None:
    labels = LabelMap(VOXELS % 3, Geometry(SHAPE, AFFINES[1]), name="DOE^JOHN")
    for name in ("one", "two"):
        write(labels, tmp_path / f"{name}{suffix}")
    data = (tmp_path / f"one{suffix}").read_bytes()
    assert data == (tmp_path / f"two{suffix}").read_bytes()
    assert b"DOE" not in data
    assert b"one" not in data
    assert np.array_equal(read_labels(tmp_path / f"one{suffix}").array, VOXELS % 3)


@pytest.mark.parametrize("name", ["A.NRRD", "A.MHA", "a.Mha"])
def test_what_is_written_under_a_name_in_capitals_is_read(tmp_path: Path, name: str) -> None:
    write(LabelMap(VOXELS % 3, Geometry(SHAPE, AFFINES[1])), tmp_path / name)
    assert np.array_equal(read_labels(tmp_path / name).array, VOXELS % 3)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_a_write_that_reads_back_otherwise_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    from napari_boundaryseg.data.formats.text_headers import writing
    from napari_boundaryseg.errors import InputError

    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")
    rightly = writing._put
    monkeypatch.setattr(writing, "_put", lambda to, array: rightly(to, array + 1))
    with pytest.raises(InputError, match=rf"^a\{suffix}: what was written does not read back the same"):
        write(LabelMap(VOXELS % 3, Geometry(SHAPE, np.eye(4))), path)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
