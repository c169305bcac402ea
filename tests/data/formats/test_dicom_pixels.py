"""Pixels of DICOM slices: stored bits to real values as pydicom and GDCM see them; what is no grey value is refused."""

from __future__ import annotations

import logging
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
from dicom_files import Edit, one_file, save, series, voxels  # noqa: E402
from pydicom import uid  # noqa: E402
from pydicom.dataset import Dataset  # noqa: E402
from pydicom.pixels import apply_rescale  # noqa: E402

from napari_boundaryseg.data.formats import read  # noqa: E402
from napari_boundaryseg.data.formats.dicom import file as dicom_file  # noqa: E402
from napari_boundaryseg.errors import InputError  # noqa: E402

COUNT, ROWS, COLUMNS = 6, 6, 5


def bits(allocated: int, stored: int, signed: bool, overlay: bool = False) -> Edit:
    """Random values of so many bits, the bits above filled with something else (an overlay of old) when asked."""

    def edit(ds: Dataset, n: int) -> None:
        rng = np.random.default_rng(n)
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = allocated, stored, stored - 1, int(signed)
        low = -(1 << stored - 1) if signed else 0
        values = rng.integers(low, low + (1 << stored), (ROWS, COLUMNS), np.int64)
        if overlay:
            values = values & ((1 << stored) - 1) | rng.integers(0, 1 << allocated - stored, values.shape) << stored
        ds.PixelData = values.astype({8: "u1", 16: "<u2", 32: "<u4"}[allocated]).tobytes()
        ds["PixelData"].VR = "OB" if allocated == 8 else "OW"

    return edit


def smooth(signed: bool) -> Edit:
    """Values that a codec can make smaller."""

    def edit(ds: Dataset, n: int) -> None:
        ds.PixelRepresentation = int(signed)
        ds.PixelData = (100 * n + np.arange(ROWS * COLUMNS) - 200 * signed).astype("<i2").tobytes()

    return edit


def several(*edits: Edit) -> Edit:
    def edit(ds: Dataset, n: int) -> None:
        for each in edits:
            each(ds, n)

    return edit


def rescaled(ds: Dataset, n: int) -> None:
    ds.RescaleSlope, ds.RescaleIntercept = round(0.37 + 0.013 * n, 4), -1024 + n / 4


def syntax(transfer_syntax: str) -> Edit:
    def edit(ds: Dataset, n: int) -> None:
        ds.file_meta.TransferSyntaxUID = transfer_syntax

    return edit


READ: dict[str, Edit] = {
    "12 of 16 bits": bits(16, 12, False),
    "12 of 16 bits with sign": bits(16, 12, True),
    "an overlay in the high bits": bits(16, 12, False, overlay=True),
    "an overlay above a sign": bits(16, 12, True, overlay=True),
    "16 bits": bits(16, 16, False),
    "16 bits with sign": bits(16, 16, True),
    "8 bits": bits(8, 8, False),
    "8 bits with sign": bits(8, 8, True),
    "31 of 32 bits": bits(32, 31, False),
    "signs on some slices only": lambda ds, n: bits(16, 16, bool(n % 2))(ds, n),
    "another scale on each slice": several(bits(16, 12, True), rescaled),
    "implicit": several(bits(16, 12, True), syntax(uid.ImplicitVRLittleEndian)),
    "deflated": several(bits(16, 12, True), syntax(uid.DeflatedExplicitVRLittleEndian)),
    "packed": several(bits(16, 12, True), rescaled, lambda ds, n: ds.compress(uid.RLELossless)),
    "packed with 8 bits": several(bits(8, 8, False), lambda ds, n: ds.compress(uid.RLELossless)),
    "JPEG-LS": several(smooth(False), rescaled, lambda ds, n: ds.compress(uid.JPEGLSLossless)),
    "JPEG-LS with sign": several(smooth(True), lambda ds, n: ds.compress(uid.JPEGLSLossless)),
}


@pytest.mark.parametrize("name", READ)
def test_values_are_those_of_pydicom_and_of_gdcm(tmp_path: Path, name: str) -> None:
    folder = series(tmp_path / "case", COUNT, READ[name], "CT")
    scan = read(folder)
    files = sorted(folder.iterdir())
    for n, path in enumerate(files):
        found = pydicom.dcmread(path)
        expected = apply_rescale(found.pixel_array, found).T
        assert np.allclose(scan.array[0, :, :, n], expected, atol=1e-3, rtol=1e-6), n
    sitk = pytest.importorskip("SimpleITK")
    if "packed" in name or name in ("JPEG-LS with sign", "31 of 32 bits"):
        return  # GDCM cannot read so few packed pixels, and loses the sign of JPEG-LS and the bit 15 of 31
    for n, path in enumerate(files):
        seen = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))[0].T
        assert np.allclose(scan.array[0, :, :, n], seen, atol=1e-3), n


def test_the_affine_is_that_of_gdcm(tmp_path: Path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    folder = series(tmp_path / "case", COUNT)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image, scan = reader.Execute(), read(folder)
    assert np.array_equal(sitk.GetArrayFromImage(image).transpose(2, 1, 0), scan.array[0])
    for index in [(0, 0, 0), (4, 5, 5), (2, 0, 3)]:
        point = np.diag([-1, -1, 1]) @ image.TransformIndexToPhysicalPoint(index)
        assert np.allclose(scan.affine @ [*index, 1], [*point, 1], atol=1e-4)


@pytest.mark.parametrize("signed", [False, True])
def test_monochrome1_is_turned_round_within_its_bits(tmp_path: Path, signed: bool) -> None:
    def edit(ds: Dataset, n: int) -> None:
        bits(16, 12, signed)(ds, n)
        ds.PhotometricInterpretation = "MONOCHROME1" if n % 2 else "MONOCHROME2"

    folder = series(tmp_path / "case", COUNT, edit)
    scan = read(folder)
    for n, path in enumerate(sorted(folder.iterdir())):
        stored = pydicom.dcmread(path).pixel_array.T.astype(int)
        top = -1 if signed else 4095
        assert np.array_equal(scan.array[0, :, :, n], top - stored if n % 2 else stored)
    assert "bright and dark were exchanged" in scan.warnings[0]


def modality_lut(ds: Dataset, n: int) -> None:
    table = Dataset()
    table.LUTDescriptor, table.ModalityLUTType = [256, 0, 16], "HU"
    table.add_new("LUTData", "US", list(range(256)))
    ds.ModalityLUTSequence = [table]


def palette(ds: Dataset, n: int) -> None:
    ds.PhotometricInterpretation = "PALETTE COLOR"
    for colour in ("Red", "Green", "Blue"):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(ds, f"{colour}PaletteColorLookupTableData", bytes(512))


def floating(ds: Dataset, n: int) -> None:
    del ds.PixelData
    ds.BitsAllocated, ds.FloatPixelData = 32, np.ones((ROWS, COLUMNS), "<f4").tobytes()


def only(at: int, **tags: Any) -> Edit:
    """One slice with other values; None takes the entry away."""

    def edit(ds: Dataset, n: int) -> None:
        for keyword, value in tags.items() if n == at else ():
            if value is None:
                delattr(ds, keyword)
            else:
                setattr(ds, keyword, value)

    return edit


def test_a_slice_that_is_scaled_unlike_most_is_named(tmp_path: Path) -> None:
    scan = read(series(tmp_path / "case", COUNT, only(3, RescaleSlope=7), "CT"))
    assert scan.warnings == ("Another rescale slope or intercept than most slices have: IM0003.",)
    assert scan.array[0, :, :, 3].max() == 7 * voxels(COUNT)[3].max()


REFUSED: dict[str, tuple[Edit, str]] = {
    "palette": (palette, "IM0000: its pixels are colours"),
    "palette on one slice": (only(3, PhotometricInterpretation="PALETTE COLOR"), "IM0003: its pixels are colours"),
    "RGB": (only(3, PhotometricInterpretation="RGB", SamplesPerPixel=3), "IM0003: its pixels are colours"),
    "YBR": (only(3, PhotometricInterpretation="YBR_FULL", SamplesPerPixel=3), "IM0003: its pixels are colours"),
    "YBR of one sample": (only(3, PhotometricInterpretation="YBR_FULL"), "IM0003: its pixels are colours"),
    "no kind": (only(3, PhotometricInterpretation=None), "IM0003: it does not say whether its pixels are grey"),
    "table": (modality_lut, "IM0000: its values need a table (Modality LUT)"),
    "float": (floating, "IM0000: its pixels are floating-point numbers"),
    "one bit": (only(3, BitsAllocated=1, BitsStored=1, HighBit=0), "IM0003: it says 1 of 1 bits are used"),
    "twelve bits packed": (only(3, BitsAllocated=12, BitsStored=12, HighBit=11), "it says 12 of 12 bits are used"),
    "more bits than room": (only(3, BitsStored=17, HighBit=16), "IM0003: it says 17 of 16 bits are used"),
    "high bit elsewhere": (only(3, BitsStored=12, HighBit=15), "IM0003: its 12 bits end at bit 15 instead of 11"),
    "sign 2": (only(3, PixelRepresentation=2), "IM0003: it does not say whether its values have a sign"),
    "fewer columns": (only(3, Columns=4), "differ in size"),
    "fewer columns everywhere": (lambda ds, n: setattr(ds, "Columns", 4), "it holds 60 bytes of pixels, its header s"),
    "more rows everywhere": (lambda ds, n: setattr(ds, "Rows", 7), "IM0000: it is cut short: 60 of 70 bytes of pixels"),
    "rows that no file holds": (lambda ds, n: setattr(ds, "Rows", 65000), "IM0000: it is cut short: "),
    "frames": (lambda ds, n: setattr(ds, "NumberOfFrames", 2), "IM0000: it is an enhanced (multi-frame)"),
    "empty slope": (only(3, RescaleSlope=""), "IM0003: its rescale slope or intercept is not a number"),
    "slope on some": (several(rescaled, only(3, RescaleSlope=None, RescaleIntercept=None)),
                      "IM0003: it gives no rescale slope and intercept, other slices do"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_give_wrong_values_is_refused(tmp_path: Path, name: str) -> None:
    edit, reason = REFUSED[name]
    with pytest.raises(InputError) as caught:
        read(series(tmp_path / "case", COUNT, edit))
    assert reason in str(caught.value)


def test_a_table_of_real_world_values_is_not_applied_and_said(tmp_path: Path) -> None:
    def edit(ds: Dataset, n: int) -> None:
        mapping = Dataset()
        mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = 3.0, 7.0
        ds.RealWorldValueMappingSequence = [mapping]

    scan = read(series(tmp_path / "case", COUNT, edit))
    assert np.array_equal(scan.array[0], voxels(COUNT).transpose(2, 1, 0))
    assert scan.warnings == (
        "It has a table of real-world values, which is not applied: the values are the rescaled ones.",
    )


# --- headers that lie ------------------------------------------------------------------------------------------------


def patched(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new))


def decimals(tag: tuple[int, int], value: bytes) -> bytes:
    """An entry of decimal text, as a file holds it."""
    return struct.pack("<HH2sH", *tag, b"DS", len(value)) + value


POSITION, SPACING = (0x20, 0x32), (0x28, 0x30)
GARBLED: dict[str, tuple[tuple[int, int], bytes]] = {
    "a position that is no number": (POSITION, b"1\\2\\nan "),
    "an infinite position": (POSITION, b"1\\2\\inf "),
    "an empty position": (POSITION, b""),
    "two numbers": (POSITION, b"1\\2 "),
    "four numbers": (POSITION, b"1\\2\\3\\4 "),
    "only backslashes": (POSITION, b"\\\\\\\\"),
    "an empty part": (POSITION, b"1\\\\-7"),
    "decimal commas": (POSITION, b"1\\2\\-5,5"),
    "letters": (POSITION, b"a\\b\\c "),
    "zeros": (POSITION, bytes(6)),
    "a position on the moon": (POSITION, b"1\\2\\3e8 "),
    "a position beyond numbers": (POSITION, b"1\\2\\1e999 "),
    "a spacing of one number": (SPACING, b"0.5 "),
    "a negative spacing": (SPACING, b"-0.5\\0.75 "),
    "a spacing that is no number": (SPACING, b"nan\\0.75"),
    "no spacing": (SPACING, b""),
}


@pytest.mark.parametrize("name", GARBLED)
def test_garbled_numbers_name_the_file(tmp_path: Path, name: str) -> None:
    tag, value = GARBLED[name]
    folder = series(tmp_path / "case", COUNT)
    file = folder / "IM0005"
    patched(file, decimals(POSITION, b"1.0\\2.0\\0.5 ") if tag == POSITION else decimals(SPACING, b"0.5\\0.75"),
            decimals(tag, value))  # fmt: skip
    with pytest.raises(InputError, match=r"^IM0005: "):
        read(folder)


def test_an_entry_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    folder = series(tmp_path / "case", COUNT)
    position = decimals(POSITION, b"1.0\\2.0\\0.5 ")
    patched(folder / "IM0005", position, position + decimals(POSITION, b"1\\2\\2.0 "))
    with pytest.raises(InputError, match=r"^IM0005: its header gives the same entry twice"):
        read(folder)


def test_a_size_above_16_bits_is_refused(tmp_path: Path) -> None:
    folder = series(tmp_path / "case", COUNT)
    rows = struct.pack("<HH2sHH", 0x28, 0x10, b"US", 2, ROWS)
    patched(folder / "IM0005", rows, struct.pack("<HH2sHI", 0x28, 0x10, b"UL", 4, 70_000))
    with pytest.raises(InputError, match=r"^IM0005: its size is 5 x 70000"):
        read(folder)


def test_a_deflated_file_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_file, "MOST_INFLATED", 1 << 22)
    folder = series(tmp_path / "case", COUNT, syntax(uid.DeflatedExplicitVRLittleEndian))
    assert read(folder).array.shape[3] == COUNT
    file = folder / "IM0005"
    data = file.read_bytes()
    start = 132 + 12 + struct.unpack("<I", data[140:144])[0]
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    whole = (
        zlib.decompress(data[start:], -15) + struct.pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, 1 << 24) + bytes(1 << 24)
    )
    file.write_bytes(data[:start] + bomb.compress(whole) + bomb.flush())
    with pytest.raises(InputError, match=r"^IM0005: it unpacks to more than 4\.19 MB"):
        read(folder)
    file.write_bytes(data[:start] + b"no stream at all")
    with pytest.raises(InputError, match=r"^IM0005: it is cut short or damaged"):
        read(folder)


def test_a_series_of_odd_size_is_said(tmp_path: Path) -> None:
    def edit(ds: Dataset, n: int) -> None:
        ds.PixelSpacing, ds.ImagePositionPatient, ds.SliceThickness = [5e-5, 5e-5], [0, 0, 1e-1 * n], 0.1

    scan = read(series(tmp_path / "case", COUNT, edit))
    assert scan.warnings == ("It is 0.6 mm long: the unit of its voxel size may be wrong.",)


def test_distances_that_drift_are_uneven(tmp_path: Path) -> None:
    def edit(ds: Dataset, n: int) -> None:
        ds.ImagePositionPatient = [1, 2, 3.0 * n + 0.05 * min(n, 30)]

    with pytest.raises(InputError, match=r"unevenly spaced: 3\.00 to 3\.05 mm apart, which adds up to 0\.75 mm"):
        read(series(tmp_path / "case", 61, edit))


def test_a_file_alone_is_still_one_slice(tmp_path: Path) -> None:
    file = save(one_file(0, voxels(1)[0]), tmp_path / "IM0000.dcm")
    with pytest.raises(InputError, match="it is one slice of a DICOM series"):
        read(file)


def test_nothing_of_a_header_reaches_a_log_or_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    """pydicom quotes what breaks its rules, in warnings and in its log."""

    def edit(ds: Dataset, n: int) -> None:
        ds.Modality, ds.SeriesInstanceUID, ds.SequenceName = "secret^1", "1.2.secret", "secret 3 that is too long"

    folder = series(tmp_path / "case", COUNT, edit)
    caplog.clear()
    recwarn.clear()
    caplog.set_level("DEBUG")
    assert read(folder).modality == ""
    assert "secret" not in caplog.text
    assert logging.getLogger("pydicom").propagate
    assert [str(found.message) for found in recwarn if "secret" in str(found.message)] == []
