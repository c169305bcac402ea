"""NRRD and MetaImage: exact against SimpleITK, and every byte counted before it is believed."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from text_header_cases import EXPECTED, RAW, SHAPE, VOXELS, meta, nrrd

from napari_boundaryseg.data.formats import read, read_labels, write
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.errors import InputError

sitk = pytest.importorskip("SimpleITK")

OBLIQUE = np.eye(4)
OBLIQUE[:3, :3] = Rotation.from_euler("xyz", (10, -20, 130), degrees=True).as_matrix() * (0.5, 0.75, 3)
OBLIQUE[:3, 3] = (12.5, -33.25, 101)
LIST_FIRST = {"dimension": "4", "sizes": "2 4 5 6", "kinds": "list domain domain domain",
              "space_directions": "none (0.5,0,0) (0,0.75,0) (0,0,3)"}  # fmt: skip
SOUND: dict[str, tuple[str, bytes]] = {
    "raw": ("a.nrrd", nrrd()),
    "gzip": ("a.nrrd", nrrd(gzip.compress(RAW), "gzip")),
    "big-endian": ("a.nrrd", nrrd(VOXELS.astype(">i2").tobytes(order="F"), endian="big")),
    "LPS": ("a.nrrd", nrrd(space="left-posterior-superior", space_directions="(-0.5,0,0) (0,-0.75,0) (0,0,3)",
                           space_origin="(-1,-2,3)")),
    "LAS": ("a.nrrd", nrrd(space="left-anterior-superior", space_directions="(-0.5,0,0) (0,0.75,0) (0,0,3)",
                           space_origin="(-1,2,3)")),
    "bzip2": ("a.nrrd", nrrd(bz2.compress(RAW), "bzip2")),
    "bzip2 in two streams": ("a.nrrd", nrrd(bz2.compress(RAW[:99]) + bz2.compress(RAW[99:]), "bz2")),
    "the last bytes": ("a.nrrd", nrrd(b"of another program" + RAW, byte_skip="-1")),
    "skipped bytes": ("a.nrrd", nrrd(b"four" + RAW, byte_skip="4")),
    "skipped lines and bytes": ("a.nrrd", nrrd(b"one\ntwo\nfour" + RAW, line_skip="2", byte_skip="4")),
    "skipped bytes inside a packed stream": ("a.nrrd", nrrd(gzip.compress(b"four" + RAW), "gzip", byte_skip="4")),
    "names without blanks": ("a.nrrd", nrrd().replace(b"space directions", b"spacedirections")),
    "capitals": ("A.NRRD", nrrd().replace(b"sizes", b"SIZES")),
    "lines that end as on Windows": ("a.nrrd", nrrd(b"").replace(b"\n", b"\r\n") + RAW),
    "notes": ("a.nrrd", nrrd().replace(b"kinds", b"# kinds: no\nspace:=of another program\nkinds")),
    "a note with a colon": ("a.nrrd", nrrd().replace(b"kinds", b"data file:patient:=A^B\nkind:=space: x\nkinds")),
    "time of one": ("a.nrrd", nrrd(dimension="4", sizes="4 5 6 1", kinds="domain domain domain time", space="RAST",
                                   space_directions="(0.5,0,0,0) (0,0.75,0,0) (0,0,3,0) (0,0,0,2)",
                                   space_origin="(1,2,3,0)")),
    "a list of one": ("a.nrrd", nrrd(dimension="4", sizes="1 4 5 6", kinds="list domain domain domain",
                                     space_directions="none (0.5,0,0) (0,0.75,0) (0,0,3)")),
    "mha": ("a.mha", meta()),
    "mha in capitals": ("A.MHA", meta()),
    "mha big-endian": ("a.mha", meta(VOXELS.astype(">i2").tobytes(order="F"), BinaryDataByteOrderMSB="",
                                     ElementByteOrderMSB="True")),
    "mha, the last bytes": ("a.mha", meta(b"of another program" + RAW, HeaderSize="-1")),
    "mha, other names": ("a.mha", meta(TransformMatrix="", Orientation="-1 0 0 0 -1 0 0 0 1", Offset="",
                                       Position="-1 -2 3", ElementSpacing="", ElementSize="0.5 0.75 3")),
    "mha, Rotation and Origin": ("a.mha", meta(TransformMatrix="", Rotation="-1 0 0 0 -1 0 0 0 1", Offset="",
                                               Origin="-1 -2 3")),
    "mha, the same said twice": ("a.mha", meta(Origin="-1  -2 3")),
    "mha, four axes of which the last is one": (
        "a.mha", meta(NDims="4", DimSize="4 5 6 1", TransformMatrix="-1 0 0 0 0 -1 0 0 0 0 1 0 0 0 0 1",
                      Offset="-1 -2 3 9", ElementSpacing="0.5 0.75 3 7")),
    "mha compressed": ("a.mha", meta(zlib.compress(RAW), CompressedData="True",
                                     CompressedDataSize=str(len(zlib.compress(RAW))))),
    "mha compressed as gzip": ("a.mha", meta(gzip.compress(RAW), CompressedData="True",
                                             CompressedDataSize=str(len(gzip.compress(RAW))))),
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
def test_sound_files(tmp_path: Path, name: str) -> None:
    file, data = SOUND[name]
    (tmp_path / file).write_bytes(data)
    volume = read(tmp_path / file)
    assert np.array_equal(volume.array[0], VOXELS)
    assert volume.array.dtype == np.int16
    assert np.allclose(volume.affine, EXPECTED, atol=1e-12)
    assert volume.warnings == ()
    assert volume.name.lower() == "a"


def spoiled(data: bytes, at: int = -6) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at:][1:]


GZIPPED, ZLIB = nrrd(gzip.compress(RAW), "gzip"), meta(zlib.compress(RAW), CompressedData="True")
FAULTS: dict[str, tuple[str, bytes, str]] = {
    "empty nrrd": ("a.nrrd", b"", "the file is empty"),
    "empty mha": ("a.mha", b"", "the file is empty"),
    "text": ("a.mha", b"hello, no scan\n" * 9, "no MetaImage or NRRD file but text"),
    "short nrrd": ("a.nrrd", nrrd()[:-1], "its header promises 240 bytes of voxels, it holds 239"),
    "short mha": ("a.mha", meta()[:-100], "its header promises 240 bytes of voxels, it holds 140"),
    "header only": ("a.nrrd", nrrd(b""), "it holds 0 bytes"),
    "compressed nrrd cut": ("a.nrrd", GZIPPED[:-20], "cut short: the compressed stream has no end"),
    "compressed nrrd short inside": ("a.nrrd", nrrd(gzip.compress(RAW[:-4]), "gzip"), "bytes of voxels, it holds 236"),
    "compressed nrrd spoiled": ("a.nrrd", spoiled(GZIPPED), "compressed content is damaged (CRC check failed"),
    "compressed mha cut": ("a.mha", ZLIB[:-20], "cut short: the compressed stream has no end"),
    "compressed mha short inside": ("a.mha", meta(zlib.compress(RAW[:-4]), CompressedData="True"), "it holds 236"),
    "compressed mha spoiled": ("a.mha", spoiled(ZLIB, -1), "its compressed content is damaged"),
    "bzip2 cut": ("a.nrrd", nrrd(bz2.compress(RAW)[:-9], "bzip2"), "the compressed stream has no end"),
    "absurd": ("a.nrrd", nrrd(sizes="99999 99999 99999"), "promises 2000 TB of voxels"),
    "absurd mha": ("a.mha", meta(DimSize="99999 99999 99999"), "promises 2000 TB of voxels"),
    "2-D": ("a.nrrd", nrrd(dimension="2", sizes="4 5"), "it is no volume"),
    "zero size": ("a.nrrd", nrrd(sizes="4 5 0"), "its header says sizes: 4 5 0"),
    "no size": ("a.mha", meta(DimSize=""), "does not say where its voxels are"),
    "unknown type": ("a.nrrd", nrrd(type="block"), "blocks of bytes, not numbers"),
    "no type": ("a.nrrd", nrrd(type="string"), "the type of its voxels is not known"),
    "text encoding": ("a.nrrd", nrrd(encoding="ascii"), "its voxels are stored as text"),
    "NaN directions": ("a.nrrd", nrrd(space_directions="(nan,0,0) (0,1,0) (0,0,1)"), "space directions"),
    "zero spacing nrrd": ("a.nrrd", nrrd(space="", space_directions="", space_origin="", spacings="1 0 1"), "spacings"),
    "zero direction": ("a.nrrd", nrrd(space_directions="(0,0,0) (0,1,0) (0,0,1)"), "its voxel size is 0 x 1 x 1 mm"),
    "sheared mha": ("a.mha", meta(TransformMatrix="1 0 0 0.2 0.98 0 0 0 1"), "degrees off the right angle"),
    "zero spacing mha": ("a.mha", meta(ElementSpacing="1 1 0"), "ElementSpacing: 1 1 0"),
    "NaN offset": ("a.mha", meta(Offset="nan 0 0"), "Offset"),
    "sheared": ("a.nrrd", nrrd(space_directions="(0.5,0,0) (0.2,0.75,0) (0,0,3)"), "14.93 degrees off the right angle"),
    "colours": ("a.nrrd", nrrd(type="uchar", dimension="4", sizes="3 4 5 6", kinds="RGB-color domain domain domain",
                               space_directions="none (1,0,0) (0,1,0) (0,0,1)", data=bytes(360)), "colours"),
    "elsewhere": ("a.nhdr", nrrd(b"", data_file="../../etc/passwd"), "its voxels lie in another folder"),
    "elsewhere, absolute": ("a.mhd", meta(b"", ElementDataFile="/etc/passwd"), "its voxels lie in another folder"),
    "data missing": ("a.mhd", meta(b"", ElementDataFile="a.raw"), "the file with its voxels, a.raw, is not there"),
    "many files": ("a.nhdr", nrrd(b"", data_file="LIST"), "spread over many files"),
    "skipped beyond the end": ("a.nrrd", nrrd(byte_skip="4"), "promises 240 bytes of voxels, it holds 236 bytes"),
    "skipped lines beyond the end": ("a.nrrd", nrrd(line_skip="9"), "promises 240 bytes of voxels, it holds 0 bytes"),
    "last bytes of too few": ("a.nrrd", nrrd(RAW[:99], byte_skip="-1"), "promises 240 bytes of voxels, it holds 99"),
    "last bytes, packed": ("a.nrrd", nrrd(gzip.compress(RAW), "gzip", byte_skip="-1"), "where in its packed bytes"),
    "endless header": ("a.nrrd", b"NRRD0004\n" + b"#" * (2 << 20), "its header does not end"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_faulty_files_are_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    file, data, reason = FAULTS[name]
    (tmp_path / file).write_bytes(data)
    for reader in (read, read_labels):
        with pytest.raises(InputError) as caught:
            reader(tmp_path / file)
        text = str(caught.value)
        assert text.startswith(f"{file}: ")
        assert reason in text
        assert str(tmp_path) not in text


@pytest.mark.parametrize(
    ("data", "warning"),
    [
        (nrrd(space="", space_directions="", space_origin="", spacings="1 1 2"), "how it is oriented"),
        (nrrd(space="scanner-xyz"), "scanner-xyz, is not tied to the patient"),
        (nrrd(space_units='"ell" "ell" "ell"'), "unit of length is ell"),
    ],
)
def test_doubtful_files_say_so(tmp_path: Path, data: bytes, warning: str) -> None:
    (tmp_path / "a.nrrd").write_bytes(data)
    assert warning in read(tmp_path / "a.nrrd").warnings[0]


@pytest.mark.parametrize(("file", "data"), [("a.nhdr", nrrd(b"", data_file="a.raw")),
                                           ("a.mhd", meta(b"", ElementDataFile="a.raw"))])  # fmt: skip
def test_voxels_in_a_file_beside_the_header(tmp_path: Path, file: str, data: bytes) -> None:
    (tmp_path / file).write_bytes(data)
    (tmp_path / "a.raw").write_bytes(RAW)
    assert np.array_equal(read(tmp_path / file).array[0], VOXELS)
    (tmp_path / "a.raw").write_bytes(RAW[:-1])
    with pytest.raises(InputError, match="240 bytes of voxels, it holds 239"):
        read(tmp_path / file)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_bytes(RAW)
    (tmp_path / "in" / "a.raw").symlink_to(tmp_path / "secret")
    (tmp_path / "in" / "a.mhd").write_bytes(meta(b"", ElementDataFile="a.raw"))
    with pytest.raises(InputError, match="lie in another folder"):
        read(tmp_path / "in" / "a.mhd")


# --- writing and reading back -----------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
@pytest.mark.parametrize("affine", [np.eye(4), np.diag([-0.5, 0.7, -3, 1]), OBLIQUE, OBLIQUE[:, [1, 0, 2, 3]]])
@pytest.mark.parametrize("channels", [1, 2])
def test_write_and_read_and_what_simpleitk_says(tmp_path: Path, suffix: str, affine: np.ndarray, channels: int) -> None:
    array = np.stack([VOXELS + 7 * n for n in range(channels)])
    volume = Volume(array, Geometry(SHAPE, affine), tuple(f"c{n}" for n in range(channels)))
    path = tmp_path / f"a{suffix}"
    write(volume, path)
    again = read(path)
    assert np.array_equal(again.array, array)
    assert np.allclose(again.affine, affine, atol=1e-9)
    image = sitk.ReadImage(str(path))
    for index in ((0, 0, 0), (3, 4, 5), (1, 0, 2)):
        x, y, z = image.TransformIndexToPhysicalPoint(index)
        assert np.allclose([-x, -y, z], (volume.affine @ [*index, 1])[:3], atol=1e-9)
        assert np.array_equal(np.ravel(image.GetPixel(index)), array[(slice(None), *index)])


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
@pytest.mark.parametrize("top", [3, 300])
def test_labels_come_back_on_the_same_grid(tmp_path: Path, suffix: str, top: int) -> None:
    labels = LabelMap(np.where(VOXELS % 5 == 1, top, 0), Geometry(SHAPE, OBLIQUE))
    write(labels, tmp_path / f"seg{suffix}")
    scan = Volume(np.zeros((1, *SHAPE), np.int16), labels.geometry)
    again = read_labels(tmp_path / f"seg{suffix}", scan)
    assert np.array_equal(again.array, labels.array)
    assert again.array.dtype == labels.array.dtype
    assert again.geometry is scan.geometry


@pytest.mark.parametrize(
    "kind", ["unsigned short", "ushort", "uint16", "uint16_t", "unsigned short int", "short int", "signed short"]
)
def test_the_many_names_of_a_type(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.nrrd").write_bytes(nrrd(type=kind))
    assert np.array_equal(read(tmp_path / "a.nrrd").array[0], VOXELS)


def test_nifti_and_nrrd_of_one_scan_are_the_same_grid(tmp_path: Path) -> None:
    volume = Volume(VOXELS[np.newaxis], Geometry(SHAPE, OBLIQUE))
    write(volume, tmp_path / "a.nii.gz")
    write(volume, tmp_path / "b.nrrd")
    one, two = read(tmp_path / "a.nii.gz"), read(tmp_path / "b.nrrd")
    assert one.geometry.same_as(two.geometry)
    assert np.array_equal(one.array, two.array)
    native = sitk.ReadImage(str(tmp_path / "a.nii.gz"))
    assert np.allclose(native.GetOrigin(), sitk.ReadImage(str(tmp_path / "b.nrrd")).GetOrigin(), atol=1e-4)


def test_overlapping_segments_are_no_label_map(tmp_path: Path) -> None:
    data = nrrd(np.zeros((2, *SHAPE), np.uint8).tobytes(), type="uchar", dimension="4", sizes="2 4 5 6",
                space_directions="none (1,0,0) (0,1,0) (0,0,1)", kinds="list domain domain domain")  # fmt: skip
    (tmp_path / "a.seg.nrrd").write_bytes(data)
    with pytest.raises(InputError, match="2 values per voxel"):
        read_labels(tmp_path / "a.seg.nrrd")


def sheared() -> LabelMap:
    affine = np.eye(4)
    affine[0, 1] = 0.3
    return LabelMap(np.ones(SHAPE, np.uint8), Geometry(SHAPE, affine))


@pytest.mark.parametrize(
    ("name", "labels", "reason"),
    [
        ("a.nrrd", sheared, "not at right angles. Save it as .nii.gz"),
        ("a.mhd", lambda: LabelMap(np.ones(SHAPE, np.uint8), Geometry(SHAPE, np.eye(4))), "header apart"),
        (
            "a.seg.nrrd",
            lambda: LabelMap(np.ones(SHAPE, np.uint8), Geometry(SHAPE, np.eye(4))),
            "a segmentation with named segments is not written. Use .nrrd, .mha or .nii.gz",
        ),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, name: str, labels: Callable[[], LabelMap], reason: str) -> None:
    (tmp_path / name).write_bytes(b"old")
    with pytest.raises(InputError, match=reason):
        write(labels(), tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"old"


def test_values_that_are_not_numbers_are_counted(tmp_path: Path) -> None:
    values = np.zeros(SHAPE, "<f4")
    values[1, 2, 3], values[0, 0, :2] = np.nan, np.inf
    (tmp_path / "a.nrrd").write_bytes(nrrd(values.tobytes(order="F"), type="float"))
    (tmp_path / "a.mha").write_bytes(meta(values.tobytes(order="F"), ElementType="MET_FLOAT"))
    for name in ("a.nrrd", "a.mha"):
        assert read(tmp_path / name).warnings == ("3 of its voxels are not numbers (NaN or infinite).",)


def test_whole_numbers_that_float32_lacks_are_told(tmp_path: Path) -> None:
    values = np.full(SHAPE, 0.1)
    values[1, 2, 3] = 2**24 + 1
    (tmp_path / "a.nrrd").write_bytes(nrrd(values.tobytes(order="F"), type="double"))
    volume = read(tmp_path / "a.nrrd")
    assert volume.array.dtype == np.float32
    assert volume.warnings == ("1 of its values do not fit into float32: 16777217 became 16777216, for example.",)


def test_real_segmentations(shared_data: Path) -> None:
    labels = read_labels(shared_data / "dicom_seg" / "partial_overlaps-1.nrrd")
    image = sitk.ReadImage(str(shared_data / "dicom_seg" / "partial_overlaps-1.nrrd"))
    assert np.array_equal(labels.array, sitk.GetArrayFromImage(image).transpose(2, 1, 0))
    assert labels.geometry.orientation == "LPS"


@pytest.mark.parametrize("size_mm", [2e-3, 0.05, 900.0])
def test_voxels_of_a_microscope_and_of_a_map_are_no_fault(tmp_path: Path, size_mm: float) -> None:
    turn = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1.0]])
    affine = np.eye(4)
    affine[:3, :3] = turn * size_mm
    scan = Volume(np.arange(24, dtype=np.int16).reshape(1, 2, 3, 4), Geometry((2, 3, 4), affine))
    for suffix in (".nrrd", ".mha"):
        write(scan, tmp_path / f"scan{suffix}")
        np.testing.assert_allclose(read(tmp_path / f"scan{suffix}").affine, affine, rtol=1e-9, atol=1e-12)
