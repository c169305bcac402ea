"""NRRD and MetaImage headers that lie: the voxels are right and it is said, or the file is refused truly."""

from __future__ import annotations

import bz2
import gzip
import os
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from text_header_cases import EXPECTED, RAW, SHAPE, VOXELS, meta, nrrd

from napari_boundaryseg.data.formats import can_read, read, read_labels
from napari_boundaryseg.errors import InputError

PACKED = zlib.compress(RAW)


def save(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def refusal(path: Path) -> str:
    """What is said of a file that neither reader takes."""
    said = []
    for reader in (read, read_labels):
        with pytest.raises(InputError) as caught:
            reader(path)
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert caught.value.advice
    assert "\n" not in said[0]
    return said[0]


# --- numbers of axes, which ended the process in foreign code -----------------------------------------------------


@pytest.mark.parametrize("number", ["-1", "0", "2", "4", "100", "65536", "9" * 30, "three", "3 3", "3.0", "", "+-3"])
def test_a_number_of_axes_that_is_not_theirs_is_refused(tmp_path: Path, number: str) -> None:
    for name, data in (("a.mha", meta(NDims=number)), ("a.nrrd", nrrd(dimension=number))):
        assert refusal(save(tmp_path / name, data)).startswith(f"{name}: its header ")


# --- packed voxels ------------------------------------------------------------------------------------------------


def packed_mha(size: str, data: bytes = PACKED) -> bytes:
    return meta(data, CompressedData="True", CompressedDataSize=size)


@pytest.mark.parametrize(
    "size", ["", "0", "1", "10", str(len(PACKED) - 1), str(len(PACKED) + 1), "5000", "-1", "1e-30", "many", "9" * 40]
)
def test_packed_voxels_are_whole_whatever_the_header_says_of_their_size(tmp_path: Path, size: str) -> None:
    volume = read(save(tmp_path / "a.mha", packed_mha(size)))
    assert np.array_equal(volume.array[0], VOXELS)
    assert len(volume.warnings) == 1
    assert "a wrong size of its packed voxels" in volume.warnings[0]


def test_the_right_size_needs_no_word(tmp_path: Path) -> None:
    assert read(save(tmp_path / "a.mha", packed_mha(str(len(PACKED))))).warnings == ()


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at:][1:]


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes], Callable[[bytes], bytes], int]] = {
    "gzip": ("a.nrrd", gzip.compress, lambda data: nrrd(data, "gzip"), -6),
    "bzip2": ("a.nrrd", bz2.compress, lambda data: nrrd(data, "bzip2"), -3),
    "zlib": ("a.mha", zlib.compress, lambda data: packed_mha(str(len(data)), data), -2),
    "gzip in MetaImage": ("a.mha", gzip.compress, lambda data: packed_mha(str(len(data)), data), -6),
}


@pytest.mark.parametrize("name", PACKERS)
def test_more_than_promised_is_read_to_the_end_and_its_checksum_compared(tmp_path: Path, name: str) -> None:
    file, pack, wrap, checksum = PACKERS[name]
    more = pack(RAW + bytes(5000))
    volume = read(save(tmp_path / file, wrap(more)))
    assert np.array_equal(volume.array[0], VOXELS)
    assert volume.warnings == ("More bytes follow its last voxel than its header announces.",)
    assert "its compressed content is damaged" in refusal(save(tmp_path / file, wrap(flipped(more, checksum))))


@pytest.mark.parametrize("name", PACKERS)
def test_fewer_than_promised_are_refused_with_both_counts(tmp_path: Path, name: str) -> None:
    file, pack, wrap, _ = PACKERS[name]
    said = refusal(save(tmp_path / file, wrap(pack(RAW[:-7]))))
    assert "its header promises 240 bytes of voxels, it holds 233 bytes" in said
    assert "the compressed stream has no end" in refusal(save(tmp_path / file, wrap(pack(RAW)[:-2])))


@pytest.mark.parametrize("name", PACKERS)
def test_every_damaged_byte_of_a_packed_stream_is_noticed_or_harmless(tmp_path: Path, name: str) -> None:
    file, pack, wrap, _ = PACKERS[name]
    whole = pack(RAW)
    refused = 0
    for at in range(len(whole)):
        path = save(tmp_path / file, wrap(flipped(whole, at)))
        try:
            assert np.array_equal(read(path).array[0], VOXELS), at
        except InputError:
            refused += 1
    assert refused > len(whole) - 12  # the time and the name of a program, in the head of gzip


@pytest.mark.parametrize("name", PACKERS)
def test_bytes_behind_a_packed_stream_are_told(tmp_path: Path, name: str) -> None:
    file, pack, wrap, _ = PACKERS[name]
    volume = read(save(tmp_path / file, wrap(pack(RAW)) + b"garbage"))
    assert np.array_equal(volume.array[0], VOXELS)
    assert volume.warnings == ("Bytes that do not belong to it follow the end of its packed voxels.",)


def peak_of(action: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", PACKERS)
def test_a_bomb_behind_the_voxels_takes_no_memory(tmp_path: Path, name: str) -> None:
    file, pack, wrap, _ = PACKERS[name]
    path = save(tmp_path / file, wrap(pack(RAW + bytes(60_000_000))))
    assert peak_of(lambda: read(path)) < 12_000_000
    assert "More bytes follow" in read(path).warnings[0]


@pytest.mark.parametrize("name", PACKERS)
def test_voxels_that_exceed_the_free_memory_are_refused_before_any_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    file, pack, wrap, _ = PACKERS[name]
    data = wrap(pack(bytes(60_000_000))).replace(b"4 5 6", b"300 1000 100")
    monkeypatch.setattr("napari_boundaryseg.data.formats.memory.free_memory", lambda: 50_000_000)
    path = save(tmp_path / file, data)
    said: list[str] = []
    assert peak_of(lambda: said.append(refusal(path))) < 8_000_000
    assert "it needs 60 MB of memory, 50 MB is free" in said[0]


def test_an_endless_header_line_takes_no_memory(tmp_path: Path) -> None:
    for name, start in (("a.nrrd", b"NRRD0004\ncontent: "), ("a.mha", b"ObjectType = Image\nComment = ")):
        path = save(tmp_path / name, start)
        os.truncate(path, 1 << 30)  # zeros without an end of line, which take no place on the disk
        said: list[str] = []
        assert peak_of(lambda path=path, said=said: said.append(refusal(path))) < 12_000_000
        assert "its header does not end" in said[0]


# --- the file with the voxels -------------------------------------------------------------------------------------


def headers(name: str) -> dict[str, bytes]:
    return {"a.nhdr": nrrd(b"", data_file=name), "a.mhd": meta(b"", ElementDataFile=name)}


@pytest.mark.parametrize("header", ["a.nhdr", "a.mhd"])
@pytest.mark.parametrize("name", ["scan.raw", "./scan.raw", "two  blanks.raw", "50%.raw", "LIST.raw", "é.raw"])
def test_voxels_in_the_same_folder_are_found(tmp_path: Path, header: str, name: str) -> None:
    save(tmp_path / name, RAW)
    volume = read(save(tmp_path / header, headers(name)[header]))
    assert np.array_equal(volume.array[0], VOXELS)
    assert volume.warnings == ()


@pytest.mark.parametrize("header", ["a.nhdr", "a.mhd"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("{folder}/out.raw", "its voxels lie in another folder"),
        ("../out.raw", "its voxels lie in another folder"),
        ("./../out.raw", "its voxels lie in another folder"),
        ("sub/scan.raw", "its voxels lie in another folder"),
        ("..", "its voxels lie in another folder"),
        ("link.raw", "its voxels lie in another folder"),
        ("circle.raw", "circle.raw, is not there"),
        ("missing.raw", "the file with its voxels, missing.raw, is not there"),
        ("LIST", "its voxels are spread over many files"),
        ("LIST 2", "its voxels are spread over many files"),
        ("scan%03d.raw 1 10 1", "its voxels are spread over many files"),
        ("scan%d.raw 0 1000000000 1", "its voxels are spread over many files"),
        ("a\0b.raw", "the name of the file with its voxels is not valid"),
        ("a\x1b[31m.raw", "the name of the file with its voxels is not valid"),
        ("x" * 5000, "the name of the file with its voxels is not valid"),
        ("pipe.raw", "pipe.raw, which should hold its voxels, is no file"),
        ("sub", "sub, which should hold its voxels, is no file"),
        ("a.nhdr", "it names itself as the file with its voxels"),
    ],
)
def test_voxels_elsewhere_are_refused(tmp_path: Path, header: str, name: str, said: str) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    for file in (tmp_path / "out.raw", folder / "sub" / "scan.raw", folder / "scan001.raw"):
        save(file, RAW)
    (folder / "link.raw").symlink_to(tmp_path / "out.raw")
    (folder / "circle.raw").symlink_to(folder / "circle.raw")
    os.mkfifo(folder / "pipe.raw")
    name = name.replace("a.nhdr", header).format(folder=tmp_path)
    if "circle" in name:
        said = "its voxels lie in another folder|circle.raw, is not there"
    text = refusal(save(folder / header, headers(name)[header]))
    assert any(part in text for part in said.split("|")), text
    assert str(tmp_path) not in text


# --- fields that contradict each other, or are not understood ----------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.mha", meta(ElementByteOrderMSB="True"), "differently, and both mean the same"),
        ("a.mha", meta(Position="0 0 0"), "says Offset and Position: differently, and both mean the same"),
        ("a.mha", meta(Rotation="1 0 0 0 1 0 0 0 1"), "says TransformMatrix and Rotation: differently"),
        ("a.mha", meta().replace(b"DimSize", b"DimSize = 6 5 4\nDimSize"), "says DimSize: twice, and differently"),
        ("a.nrrd", nrrd().replace(b"sizes", b"sizes: 6 5 4\nsizes"), "says sizes: twice, and differently"),
        ("a.mha", meta(BinaryDataByteOrderMSB="perhaps"), "neither as True nor as False"),
        ("a.mha", meta(CompressedData="2"), "neither as True nor as False"),
        ("a.mha", meta(BinaryData="False"), "its voxels are stored as text"),
        ("a.mha", meta(ObjectType="Mesh"), "holds no image"),
        ("a.mha", meta(ElementType="MET_OTHER"), "the type of its voxels is not known, or they are no numbers"),
        ("a.mha", meta(ElementType="MET_STRING"), "the type of its voxels is not known, or they are no numbers"),
        ("a.mha", meta(ElementSpacing="1 1"), "says ElementSpacing: with 2 numbers, not 3"),
        ("a.mha", meta(ElementSpacing="1 1 -2"), "says ElementSpacing: 1 1 -2"),
        ("a.mha", meta(ElementSpacing="1 1 inf"), "says ElementSpacing: 1 1 inf"),
        ("a.mha", meta(ElementSpacing="1, 1, 2"), "says ElementSpacing: with words that are not numbers"),
        ("a.mha", meta(ElementSpacing="1_0 1 2"), "says ElementSpacing: with words that are not numbers"),
        ("a.mha", meta(Offset="1 2 3 4"), "says Offset: with 4 numbers, not 3"),
        ("a.mha", meta(TransformMatrix="1 0 0 1"), "says TransformMatrix: with 4 numbers, not 9"),
        ("a.mha", meta(TransformMatrix="0 0 0 0 1 0 0 0 1"), "its voxel size is 0 x 0.75 x 3 mm"),
        ("a.mha", meta(TransformMatrix="1 0 0 1 0 0 0 0 1"), "two of its axes point the same way"),
        ("a.mha", meta(ElementNumberOfChannels="0"), "says ElementNumberOfChannels: 0"),
        ("a.mha", meta(ElementNumberOfChannels="2"), "promises 480 bytes of voxels, it holds 240 bytes"),
        ("a.mha", meta(ElementToIntensityFunctionSlope="0"), "says ElementToIntensityFunctionSlope: 0"),
        ("a.mha", meta(ElementToIntensityFunctionSlope="nan"), "says ElementToIntensityFunctionSlope: nan"),
        ("a.mha", meta(HeaderSize="-2"), "says HeaderSize: -2"),
        ("a.mha", meta(HeaderSize="10"), "says HeaderSize: 10, inside the header"),
        ("a.mha", meta(HeaderSize="99999"), "promises 240 bytes of voxels, it holds 0 bytes"),
        ("a.mha", meta(PACKED, CompressedData="True", HeaderSize="-1"), "where its compressed voxels begin"),
        ("a.mha", meta(NDims="4", DimSize="4 5 3 2"), "it has 4 axes"),
        ("a.mha", meta(DimSize="4 5 -6"), "says DimSize: 4 5 -6"),
        ("a.mha", meta(DimSize="4 5 6000000000000000000000"), "says DimSize: without whole numbers"),
        ("a.mha", meta(DimSize="4 5 6000000000"), "says DimSize: 4 5 6000000000"),
        ("a.nrrd", nrrd(endian=""), "does not say its byte order (endian)"),
        ("a.nrrd", nrrd(endian="middle"), "does not say its byte order (endian)"),
        ("a.nrrd", nrrd(encoding="hex"), "its voxels are stored as text"),
        ("a.nrrd", nrrd(encoding="zrl"), "compressed in a way that is not read"),
        ("a.nrrd", nrrd(RAW, "gzip"), "it is no gzip stream"),
        ("a.nrrd", nrrd(RAW, "bzip2"), "its compressed content is damaged"),
        ("a.nrrd", nrrd().replace(b"NRRD0004", b"NRRD0009"), "its version of NRRD is not known"),
        ("a.nrrd", nrrd(spacings="1 1 1"), "its header gives its voxel size twice"),
        ("a.nrrd", nrrd(space_directions="(1,0,0) (0,1,0)"), "no direction or voxel size"),
        ("a.nrrd", nrrd(space_directions="(1,0,0) none (0,1,0)"), "no direction or voxel size"),
        ("a.nrrd", nrrd(space_directions="(1,0) (0,1) (1,1)"), "says space directions: with 2 numbers, not 3"),
        ("a.nrrd", nrrd(space_origin="(1,2)"), "says space origin: with 2 numbers, not 3"),
        ("a.nrrd", nrrd(space_origin="(1,2,nan)"), "says space origin: 1 2 nan"),
        ("a.nrrd", nrrd(kinds="domain domain"), "says kinds: for 2 axes, not 3"),
        ("a.nrrd", nrrd(kinds="domain domain hyperspace"), "a kind of axis that is not known"),
        ("a.nrrd", nrrd(kinds="domain domain time"), "it is no volume: its size is 4 x 5"),
        ("a.nrrd", nrrd(dimension="5", sizes="4 5 6 1 1", kinds=""), "it has 5 axes"),
        ("a.nrrd", nrrd(byte_skip="-2"), "says byte skip: -2"),
        ("a.nrrd", nrrd(line_skip="-1"), "says line skip: -1"),
        ("a.nrrd", nrrd(line_skip="99999999999"), "says line skip: 99999999999"),
        ("a.nrrd", nrrd(sizes="4 5 six"), "says sizes: without whole numbers"),
    ],
)  # fmt: skip
def test_each_refusal_says_what_is_wrong(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    assert said in refusal(save(tmp_path / name, data))


def four_axes(kind: str, n: int, last: bool = False, **fields: str) -> bytes:
    """An NRRD file whose first or last axis has ``n`` values of a kind."""
    voxels = np.arange(120 * n, dtype="<i2").reshape((*SHAPE, n) if last else (n, *SHAPE))
    vectors = "(0.5,0,0) (0,0.75,0) (0,0,3)"
    return nrrd(voxels.tobytes(order="F"), **{
        "dimension": "4", "sizes": f"4 5 6 {n}" if last else f"{n} 4 5 6",
        "kinds": f"domain domain domain {kind}" if last else f"{kind} domain domain domain",
        "space_directions": f"{vectors} none" if last else f"none {vectors}", **fields,
    })  # fmt: skip


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(
    ("kind", "n", "said"),
    [
        ("RGB-color", 3, "its voxels are colours"),
        ("RGBA-color", 4, "its voxels are colours"),
        ("complex", 2, "complex numbers or matrices"),
        ("3D-symmetric-matrix", 6, "complex numbers or matrices"),
        ("time", 2, "it holds 2 times"),
        ("3-vector", 2, "a kind of 3 values for an axis of 2"),
        ("domain", 2, "it has 4 axes"),
    ],
)
def test_a_fourth_axis_that_is_no_channel_is_refused(tmp_path: Path, kind: str, n: int, last: bool, said: str) -> None:
    assert said in refusal(save(tmp_path / "a.nrrd", four_axes(kind, n, last)))


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("kind", ["list", "vector", "2-vector", "point", "covariant-vector", "none", "???"])
def test_several_values_per_voxel_are_channels_and_never_one_label_map(tmp_path: Path, kind: str, last: bool) -> None:
    path = save(tmp_path / "a.seg.nrrd", four_axes(kind, 2, last))
    volume = read(path)
    stored = np.arange(240).reshape((*SHAPE, 2) if last else (2, *SHAPE))
    assert np.array_equal(volume.array, np.moveaxis(stored, 3, 0) if last else stored)
    assert np.allclose(volume.affine, EXPECTED)
    with pytest.raises(InputError, match="it holds 2 values per voxel"):
        read_labels(path)


def test_many_values_per_voxel_are_told(tmp_path: Path) -> None:
    volume = read(save(tmp_path / "a.nrrd", four_axes("list", 30)))
    assert volume.warnings == ("Its 30 volumes are taken as 30 channels: is it a series in time?",)


# --- what is doubtful is said -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "warning"),
    [
        ("a.mha", meta(ElementSpacing=""), "does not say how large its voxels are: 1 mm is assumed"),
        ("a.mha", meta(TransformMatrix=""), "does not say how it is oriented"),
        ("a.mha", meta(BinaryDataByteOrderMSB=""), "does not say its byte order: little-endian is assumed"),
        ("a.mha", meta(TransformMatrix="-2 0 0 0 -2 0 0 0 2"), "Its directions are not of length 1"),
        ("a.mha", meta(RAW + b"more"), "More bytes follow its last voxel"),
        ("a.nrrd", nrrd(space="", space_directions="", space_origin=""), "does not say how large its voxels are"),
        ("a.nrrd", nrrd(space=""), "does not say how it is oriented"),
        ("a.nrrd", nrrd(space="3D-right-handed"), "Its space, 3d-right-handed, is not tied to the patient"),
        ("a.nrrd", nrrd(space="somewhere"), "Its space is not tied to the patient"),
        ("a.nrrd", nrrd(RAW + b"more"), "More bytes follow its last voxel"),
        ("a.nrrd", nrrd(old_min="0", old_max="70000"), "Its values were made from others"),
        ("a.nrrd", meta(), "The file is a MetaImage file although its name ends in .nrrd"),
        ("a.mha", nrrd(), "The file is an NRRD file although its name ends in .mha"),
        ("a.MHA", nrrd(), "The file is an NRRD file although its name ends in .mha"),
    ],
)
def test_doubts_are_told_and_the_voxels_are_right(tmp_path: Path, name: str, data: bytes, warning: str) -> None:
    volume = read(save(tmp_path / name, data))
    assert np.array_equal(volume.array[0], VOXELS)
    assert any(warning in text for text in volume.warnings), volume.warnings
    assert len(volume.warnings) == (2 if "how large" in warning and name == "a.nrrd" else 1)


def test_a_slope_and_an_offset_are_applied(tmp_path: Path) -> None:
    scaled = {"ElementToIntensityFunctionSlope": "2.5", "ElementToIntensityFunctionOffset": "-1024"}
    volume = read(save(tmp_path / "a.mha", meta(**scaled)))
    assert volume.array.dtype == np.float32
    assert np.array_equal(volume.array[0], VOXELS * np.float32(2.5) - 1024)
    labels = meta((VOXELS % 3).tobytes(order="F"), ElementToIntensityFunctionSlope="2")
    assert np.array_equal(read_labels(save(tmp_path / "b.mha", labels)).array, VOXELS % 3 * 2)
    with pytest.raises(InputError, match="not whole numbers"):
        read_labels(save(tmp_path / "c.mha", meta(**scaled)))


def test_labels_beyond_every_integer_are_refused(tmp_path: Path) -> None:
    values = np.zeros(SHAPE, "<f8")
    values[1, 1, 1] = 1e300
    path = save(tmp_path / "a.nrrd", nrrd(values.tobytes(order="F"), type="double"))
    with pytest.raises(InputError, match=r"^a\.nrrd: labels run from 0 to 1e\+300"):
        read_labels(path)


def test_files_without_an_ending_are_known_by_their_first_bytes(tmp_path: Path) -> None:
    for name, data in (("nrrd", nrrd()), ("meta", meta())):
        path = save(tmp_path / name, data)
        assert can_read(path)
        assert np.array_equal(read(path).array[0], VOXELS)


def test_another_kind_of_file_is_named(tmp_path: Path) -> None:
    assert "but a NIfTI file" in refusal(save(tmp_path / "a.mha", bytes(344) + b"n+1\0" + bytes(600)))
    assert "but a PNG picture" in refusal(save(tmp_path / "a.nrrd", b"\x89PNG\r\n\x1a\n" + bytes(600)))
    assert "but a gzip archive" in refusal(save(tmp_path / "a.nrrd", gzip.compress(nrrd())))


FIELDS = (
    "type", "dimension", "space", "sizes", "space_directions", "kinds", "endian", "encoding",
    "space_origin", "spacings", "axis_mins", "centers", "space_units", "byte_skip", "line_skip",
    "data_file", "space_dimension", "old_min",
)  # fmt: skip
META_FIELDS = (
    "ObjectType", "NDims", "BinaryData", "BinaryDataByteOrderMSB", "CompressedData", "CompressedDataSize",
    "TransformMatrix", "Offset", "ElementSpacing", "DimSize", "ElementType", "ElementNumberOfChannels",
    "HeaderSize", "ElementDataFile", "DistanceUnits", "ElementSize", "ElementToIntensityFunctionSlope",
)  # fmt: skip
PATIENT = "DOE^JOHN"
VALUES = st.one_of(
    st.sampled_from(
        [PATIENT, "-1", "0", "1", "3", "4 5 6", "(1,0,0) (0,1,0) (0,0,1)", "nan", "1e400", "none", "True", "raw",
         "gzip", "((((", "(", "1 2", "65536", "9" * 300, "\0", "LOCAL", "list domain domain", "²", "٣", "-0"]
    ),
    st.text(max_size=12).map(lambda text: text.replace("\n", " ").replace("\r", " ")),
)  # fmt: skip


@given(changes=st.dictionaries(st.sampled_from(FIELDS), VALUES, min_size=1, max_size=3))
@example(changes={"space_directions": "(1e200,0,0) (0,1e200,0) (0,0,1e200)"})
@example(changes={"spacings": "nan nan nan", "space_directions": ""})
@example(changes={"space_dimension": "4"})
def test_no_nrrd_header_does_more_than_be_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, str]
) -> None:
    sound_or_refused(tmp_path_factory.getbasetemp() / "fuzzed.nrrd", nrrd(**changes), changes.get("data_file"))


@given(changes=st.dictionaries(st.sampled_from(META_FIELDS), VALUES, min_size=1, max_size=3))
@example(changes={"NDims": "65536"})
@example(changes={"CompressedData": "True"})
@example(changes={"ElementDataFile": "DOE^JOHN"})
def test_no_metaimage_header_does_more_than_be_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, str]
) -> None:
    sound_or_refused(tmp_path_factory.getbasetemp() / "fuzzed.mha", meta(**changes), changes.get("ElementDataFile"))


@given(
    places=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4), other=st.booleans()
)
def test_no_byte_of_a_header_does_more_than_be_refused(
    tmp_path_factory: pytest.TempPathFactory, places: list[tuple[int, int]], other: bool
) -> None:
    data = bytearray(meta() if other else nrrd())
    for where, value in places:
        data[where % len(data)] = value
    sound_or_refused(tmp_path_factory.getbasetemp() / f"bytes.{'mha' if other else 'nrrd'}", bytes(data))


def sound_or_refused(path: Path, data: bytes, file: str | None = None) -> None:
    """Nothing of a header is quoted but numbers, known words, and the name of a missing file."""
    path.write_bytes(data)
    try:
        volume = read(path)
    except InputError as error:
        assert str(error).startswith(f"{path.name}: ")
        assert PATIENT not in str(error) or file == PATIENT
        assert "\0" not in str(error)
    else:
        assert np.isfinite(volume.affine).all()
        assert min(volume.spacing_mm) > 0
        assert volume.array.nbytes <= len(data) * 2  # float64 of scaled bytes at most
        assert PATIENT not in "".join(volume.warnings)
