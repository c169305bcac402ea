"""NIfTI: what is read, what is refused with which sentence, and labels on the exact grid of their scan."""

from __future__ import annotations

import gzip
import os
import struct
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from napari_boundaryseg.data.formats import read, read_labels, write, write_map
from napari_boundaryseg.data.formats.format import case_name, suffixes
from napari_boundaryseg.data.formats.nifti.raw import read_raw
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Cancelled

SHAPE = (6, 7, 8)
AFFINE = np.array([[-0.5, 0.1, 0, 20], [0.1, 0.5, 0, -30], [0, 0, 3, 5], [0, 0, 0, 1.0]])
VOXELS = np.arange(np.prod(SHAPE)).reshape(SHAPE).astype(np.int16)
DIM, PIXDIM, DATATYPE, BITPIX, OFFSET, SLOPE, INTER = 40, 76, 70, 72, 108, 112, 116
QCODE, SCODE, QUATERN, SROW, UNITS = 252, 254, 256, 280, 123


def nifti_bytes(array: np.ndarray = VOXELS, affine: np.ndarray = AFFINE, kind: type = nib.Nifti1Image) -> bytes:
    image = kind(array, affine, dtype=array.dtype)
    image.header.set_xyzt_units("mm")
    image.set_qform(affine, 1)
    image.set_sform(affine, 2)
    return image.to_bytes()


def put(offset: int, code: str, *values: float) -> Callable[[bytes], bytes]:
    """Change some fields of a header."""

    def change(data: bytes) -> bytes:
        changed = bytearray(data)
        struct.pack_into("<" + code, changed, offset, *values)
        return bytes(changed)

    return change


def both(*changes: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        for one in changes:
            data = one(data)
        return data

    return change


def flip(n: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:n] + bytes([data[n] ^ 0xFF]) + data[n + 1 :]


GZ = gzip.compress(nifti_bytes(), mtime=0)
FAULTS: dict[str, tuple[str, bytes, str]] = {
    "empty": ("a.nii", b"", "the file is empty"),
    "empty compressed": ("a.nii.gz", gzip.compress(b""), "the file is empty"),
    "text": ("a.nii", b"hello, this is no scan\n" * 40, "it is no NIfTI file but text"),
    "png": ("a.nii.gz", b"\x89PNG\r\n\x1a\n" + bytes(600), "a PNG picture"),
    "dicom": ("a.nii", bytes(128) + b"DICM" + bytes(600), "a DICOM file"),
    "header only": ("a.nii", nifti_bytes()[:352], "its header promises 672 bytes of voxels, the file holds 352"),
    "half a header": ("a.nii", nifti_bytes()[:200], "200 bytes of a header of 348"),
    "half the voxels": ("a.nii", nifti_bytes()[:700], "promises 672 bytes of voxels, it holds 348"),
    "one byte short": ("a.nii", nifti_bytes()[:-1], "promises 672 bytes of voxels, it holds 671"),
    "compressed, cut": ("a.nii.gz", GZ[: len(GZ) // 2], "it is cut short"),
    "compressed, cut in the checksum": ("a.nii.gz", GZ[:-5], "it is cut short: the compressed stream has no end"),
    "compressed, short inside": (
        "a.nii.gz", gzip.compress(nifti_bytes()[:-9]), "promises 672 bytes of voxels, it holds 663"),
    "bad checksum": ("a.nii.gz", flip(len(GZ) - 6)(GZ), "its compressed content is damaged (CRC check failed"),
    "bad length": ("a.nii.gz", flip(len(GZ) - 2)(GZ), "its compressed content is damaged (Incorrect length of data"),
    "ndim 9": ("a.nii", put(DIM, "h", 9)(nifti_bytes()), "its header says 9 dimensions"),
    "ndim 0": ("a.nii", put(DIM, "h", 0)(nifti_bytes()), "its header says 0 dimensions"),
    "2-D": ("a.nii", put(DIM, "h", 2)(nifti_bytes()), "it is a 2-D picture of 6 x 7, not a volume"),
    "5-D": ("a.nii", put(DIM, "6h", 5, 6, 7, 2, 2, 2)(nifti_bytes()), "it has 5 axes (6 x 7 x 2 x 2 x 2)"),
    "zero size": ("a.nii", put(DIM + 2, "h", 0)(nifti_bytes()), "its size is 0 x 7 x 8"),
    "negative size": ("a.nii", put(DIM + 4, "h", -7)(nifti_bytes()), "its size is 6 x -7 x 8"),
    "absurd size": ("a.nii", put(DIM, "4h", 3, 32767, 32767, 32767)(nifti_bytes()), "promises 70.36 TB of voxels"),
    "absurd size, compressed": (
        "a.nii.gz", gzip.compress(put(DIM, "4h", 3, 32767, 32767, 32767)(nifti_bytes())),
        "promises 70.36 TB of voxels"),
    "unknown type": ("a.nii", put(DATATYPE, "h", 9999)(nifti_bytes()), "its data type 9999 is not known"),
    "colours": ("a.nii", put(DATATYPE, "h", 128)(nifti_bytes()), "its voxels are colours (RGB)"),
    "complex": ("a.nii", nifti_bytes(VOXELS.astype(np.complex64)), "its voxels are complex numbers"),
    "bits": ("a.nii", put(DATATYPE, "h", 1)(nifti_bytes()), "its voxels are single bits"),
    "offset in the header": ("a.nii", put(OFFSET, "f", 100)(nifti_bytes()), "begin at byte 100, inside its header"),
    "offset NaN": ("a.nii", put(OFFSET, "f", np.nan)(nifti_bytes()), "begin at byte nan"),
    "offset far away": ("a.nii", put(OFFSET, "f", 1e12)(nifti_bytes()), "after its end"),
    "offset past the end": ("a.nii", put(OFFSET, "f", 5000)(nifti_bytes()), "after its end"),
    "NaN sform": ("a.nii", put(SROW, "f", np.nan)(nifti_bytes()), "holds values that are not numbers"),
    "flat sform": ("a.nii", put(SROW, "12f", *[1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])(nifti_bytes()), "is flat"),
    "zero sform, no qform": (
        "a.nii", both(put(SROW, "12f", *[0] * 12), put(QCODE, "h", 0))(nifti_bytes()), "holds only zeros"),
    "NaN spacing": ("a.nii", put(PIXDIM + 4, "f", np.nan)(nifti_bytes()), "its voxel size is nan x"),
    "zero spacing": ("a.nii", put(PIXDIM + 12, "f", 0)(nifti_bytes()), "x 0 mm"),
    "negative spacing": ("a.nii", put(PIXDIM + 8, "f", -1)(put(SCODE, "h", 0)(nifti_bytes())), "x -1 x"),
    "bad quaternion": (
        "a.nii", both(put(SCODE, "h", 0), put(QUATERN, "3f", 1, 1, 1))(nifti_bytes()), "quaternion is not usable"),
    "half of a pair": ("a.nii", nifti_bytes()[:344] + b"ni1\0" + nifti_bytes()[348:], "a pair of .hdr and .img"),
    "Analyze": ("a.nii", nifti_bytes()[:344] + bytes(4) + nifti_bytes()[348:], "an Analyze file"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_faulty_files_are_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    file, data, reason = FAULTS[name]
    path = tmp_path / file
    path.write_bytes(data)
    for reader in (read, read_labels):
        with pytest.raises(InputError) as caught:
            reader(path)
        text = str(caught.value)
        assert text.startswith(f"{file}: ")
        assert reason in text
        assert str(tmp_path) not in text
        assert "\n" not in text
        assert caught.value.advice


def test_no_memory_is_taken_for_what_cannot_be_there(tmp_path: Path) -> None:
    path = tmp_path / "bomb.nii.gz"
    path.write_bytes(gzip.compress(put(DIM, "4h", 3, 2000, 2000, 1)(nifti_bytes()) + bytes(100)))
    tracemalloc.start()
    with pytest.raises(InputError, match="promises 8 MB"):
        read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6_000_000


def test_more_than_the_free_memory_is_refused_with_both_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_boundaryseg.data.formats.memory.free_memory", lambda: 1000)
    path = tmp_path / "a.nii"
    path.write_bytes(nifti_bytes())
    with pytest.raises(InputError, match="it needs 672 bytes of memory, 1 kB is free"):
        read(path)


def test_a_packed_bomb_behind_the_voxels_is_not_unpacked_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(gzip.compress(nifti_bytes() + bytes(60_000_000), 1))
    tracemalloc.start()
    assert "More bytes follow" in read(path).warnings[0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000_000


def test_the_checksum_behind_much_more_than_promised_is_compared(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    packed = gzip.compress(nifti_bytes() + bytes(30_000_000), 1)
    path.write_bytes(flip(len(packed) - 6)(packed))
    with pytest.raises(InputError, match=r"its compressed content is damaged \(CRC check failed"):
        read(path)


WARNINGS: dict[str, tuple[str, bytes, str]] = {
    "no orientation": ("a.nii", put(QCODE, "2h", 0, 0)(nifti_bytes()), "does not say how it is oriented"),
    "zero sform, qform there": ("a.nii", put(SROW, "12f", *[0] * 12)(nifti_bytes()), "sform is empty"),
    "two matrices": ("a.nii", put(SROW + 12, "f", 25)(nifti_bytes()), "differ by up to 5 mm"),
    "two voxel sizes": (
        "a.nii", both(put(QCODE, "h", 0), put(PIXDIM + 4, "f", 9))(nifti_bytes()), "two different voxel sizes"),
    "bad quaternion beside an sform": (
        "a.nii", put(QUATERN, "3f", 1, 1, 1)(nifti_bytes()), "quaternion is not usable: the sform is used"),
    "sheared": ("a.nii", put(SROW, "f", -0.9)(nifti_bytes()), "degrees off the right angle"),
    "bitpix": ("a.nii", put(BITPIX, "h", 8)(nifti_bytes()), "contradicts itself"),
    "slope infinite": ("a.nii", put(SLOPE, "2f", np.inf, 0)(nifti_bytes()), "not usable"),
    "garbage behind": ("a.nii.gz", GZ + b"garbage", "follow the end of the compressed file"),
    "more voxels": ("a.nii", nifti_bytes() + bytes(50), "More bytes follow its last voxel"),
    "not compressed": ("a.nii.gz", nifti_bytes(), "not compressed although"),
    "compressed": ("a.nii", GZ, "compressed although"),
    "tiny": ("a.nii", put(UNITS, "B", 3)(nifti_bytes()), "the unit of its voxel size may be wrong"),
    "unknown unit": ("a.nii", put(UNITS, "B", 7)(nifti_bytes()), "unit of length is not known"),
}  # fmt: skip


@pytest.mark.parametrize("name", WARNINGS)
def test_doubtful_files_are_read_and_say_so(tmp_path: Path, name: str) -> None:
    file, data, warning = WARNINGS[name]
    (tmp_path / file).write_bytes(data)
    volume = read(tmp_path / file)
    assert any(warning in text for text in volume.warnings), volume.warnings
    assert np.array_equal(volume.array[0], VOXELS)


def test_a_sound_file_has_no_warnings(tmp_path: Path) -> None:
    for name, data in (("a.nii", nifti_bytes()), ("a.nii.gz", GZ), ("two.nii.gz", _members())):
        (tmp_path / name).write_bytes(data)
        volume = read(tmp_path / name)
        assert volume.warnings == ()
        assert volume.array.dtype == np.int16
        assert np.array_equal(volume.array[0], VOXELS)
        assert np.allclose(volume.affine, AFFINE, atol=1e-6)
        assert volume.channels == ("image",)


def _members() -> bytes:
    """The same content in two gzip members and zeros behind them, as tapes and parallel packers leave it."""
    data = nifti_bytes()
    return gzip.compress(data[:500]) + gzip.compress(data[500:]) + bytes(512)


def test_no_orientation_keeps_the_voxel_size(tmp_path: Path) -> None:
    (tmp_path / "a.nii").write_bytes(put(QCODE, "2h", 0, 0)(nifti_bytes()))
    assert read(tmp_path / "a.nii").spacing_mm == pytest.approx(np.linalg.norm(AFFINE[:3, :3], axis=0), rel=1e-6)


def test_micrometres_become_millimetres(tmp_path: Path) -> None:
    big = AFFINE @ np.diag([1000, 1000, 1000, 1.0])
    (tmp_path / "a.nii").write_bytes(put(UNITS, "B", 3)(nifti_bytes(affine=big)))
    assert read(tmp_path / "a.nii").spacing_mm == pytest.approx(np.linalg.norm(AFFINE[:3, :3], axis=0), rel=1e-6)


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_every_type_order_and_version(tmp_path: Path, dtype: str, order: str, kind: type) -> None:
    array = (VOXELS % 120).astype(dtype)
    header = kind.header_class(endianness=order)
    header.set_data_dtype(np.dtype(dtype).newbyteorder(order))
    image = kind(array, AFFINE, header, dtype=np.dtype(dtype).newbyteorder(order))
    (tmp_path / "a.nii").write_bytes(image.to_bytes())
    volume = read(tmp_path / "a.nii")
    assert np.array_equal(volume.array[0], array)
    assert volume.array.dtype == (np.float32 if dtype == "f8" else np.dtype(dtype))
    assert volume.array.dtype.isnative
    assert np.allclose(volume.affine, AFFINE, atol=1e-6)


def test_slope_and_intercept_are_applied(tmp_path: Path) -> None:
    (tmp_path / "a.nii").write_bytes(put(SLOPE, "2f", 2.5, -1024)(nifti_bytes()))
    volume = read(tmp_path / "a.nii")
    assert volume.array.dtype == np.float32
    assert np.array_equal(volume.array[0], VOXELS * np.float32(2.5) - 1024)


@pytest.mark.parametrize("slope", [0.0, np.nan])
def test_no_slope_means_stored_values(tmp_path: Path, slope: float) -> None:
    (tmp_path / "a.nii").write_bytes(put(SLOPE, "2f", slope, slope)(nifti_bytes()))
    volume = read(tmp_path / "a.nii")
    assert volume.array.dtype == np.int16
    assert volume.warnings == ()


def test_values_that_are_not_numbers_are_counted(tmp_path: Path) -> None:
    array = VOXELS.astype(np.float32)
    array[0, 0, :3] = (np.nan, np.inf, -np.inf)
    (tmp_path / "a.nii").write_bytes(nifti_bytes(array))
    assert read(tmp_path / "a.nii").warnings == ("3 of its voxels are not numbers (NaN or infinite).",)


def test_a_fourth_axis_is_channels_and_a_single_one_is_none(tmp_path: Path) -> None:
    (tmp_path / "two.nii").write_bytes(nifti_bytes(np.stack([VOXELS, -VOXELS], 3)))
    (tmp_path / "one.nii").write_bytes(nifti_bytes(VOXELS[..., np.newaxis, np.newaxis]))
    two, one = read(tmp_path / "two.nii"), read(tmp_path / "one.nii")
    assert two.channels == ("channel 1", "channel 2")
    assert np.array_equal(two.array, [VOXELS, -VOXELS])
    assert one.array.shape == (1, *SHAPE)
    with pytest.raises(InputError, match="it holds 2 volumes"):
        read_labels(tmp_path / "two.nii")


def test_nothing_is_mapped_so_the_file_may_change(tmp_path: Path) -> None:
    path = tmp_path / "a.nii"
    path.write_bytes(nifti_bytes())
    volume = read(path)
    path.write_bytes(b"")
    assert np.array_equal(volume.array[0], VOXELS)
    base = volume.array
    while isinstance(base, np.ndarray):
        assert not isinstance(base, np.memmap)
        base = base.base


def test_reading_can_be_cancelled(tmp_path: Path) -> None:
    (tmp_path / "a.nii").write_bytes(nifti_bytes())

    def stop(fraction: float, text: str = "") -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        read(tmp_path / "a.nii", progress=stop)


# --- labels -----------------------------------------------------------------------------------------------------


def test_labels_must_be_whole_numbers(tmp_path: Path) -> None:
    near = (VOXELS % 3).astype(np.float32) + np.float32(9e-4)
    (tmp_path / "near.nii").write_bytes(nifti_bytes(near))
    assert np.array_equal(read_labels(tmp_path / "near.nii").array, VOXELS % 3)
    for name, array in (("far", near + np.float32(0.01)), ("nan", np.where(near > 1, np.nan, 0).astype(np.float32))):
        (tmp_path / f"{name}.nii").write_bytes(nifti_bytes(array))
        with pytest.raises(InputError, match=rf"{name}.nii: it holds values that are not whole numbers"):
            read_labels(tmp_path / f"{name}.nii")


def test_scaled_labels_count_only_when_whole(tmp_path: Path) -> None:
    (tmp_path / "a.nii").write_bytes(put(SLOPE, "2f", 2, 1)(nifti_bytes(VOXELS % 5)))
    assert np.array_equal(read_labels(tmp_path / "a.nii").array, (VOXELS % 5) * 2 + 1)
    (tmp_path / "b.nii").write_bytes(put(SLOPE, "2f", 2.5, 0)(nifti_bytes(VOXELS % 5)))
    with pytest.raises(InputError, match="whole numbers"):
        read_labels(tmp_path / "b.nii")


@pytest.mark.parametrize(("value", "dtype"), [(255, np.uint8), (256, np.uint16), (65534, np.uint16)])
def test_large_labels_do_not_wrap(tmp_path: Path, value: int, dtype: type) -> None:
    array = np.zeros(SHAPE, np.int64)
    array[1, 1, 1] = value
    (tmp_path / "a.nii").write_bytes(nifti_bytes(array, kind=nib.Nifti2Image))
    labels = read_labels(tmp_path / "a.nii")
    assert labels.array.dtype == dtype
    assert labels.array.max() == value


@pytest.mark.parametrize("value", [70000, 65535, -3])
def test_labels_out_of_range_are_refused_with_the_file(tmp_path: Path, value: int) -> None:
    array = np.zeros(SHAPE, np.int32)
    array[1, 1, 1] = value
    (tmp_path / "a.nii").write_bytes(nifti_bytes(array))
    with pytest.raises(InputError, match=r"a\.nii: labels run from"):
        read_labels(tmp_path / "a.nii")


def test_a_scan_is_no_label_map(tmp_path: Path) -> None:
    many = np.arange(1200, dtype=np.int16).reshape(10, 10, 12)
    (tmp_path / "a.nii").write_bytes(nifti_bytes(many))
    with pytest.raises(InputError, match=r"a\.nii: it holds 1199 different integers, so it is a scan"):
        read_labels(tmp_path / "a.nii")


def scan(tmp_path: Path, data: bytes | None = None) -> Volume:
    (tmp_path / "scan.nii").write_bytes(nifti_bytes() if data is None else data)
    return read(tmp_path / "scan.nii")


def shifted(mm: float) -> bytes:
    affine = AFFINE.copy()
    affine[2, 3] += mm
    return nifti_bytes(VOXELS % 3, affine)


def test_labels_on_the_same_grid_get_the_scans_geometry(tmp_path: Path) -> None:
    volume = scan(tmp_path)
    (tmp_path / "seg.nii").write_bytes(shifted(0.0005))
    labels = read_labels(tmp_path / "seg.nii", volume, preset("hippocampus"))
    assert labels.geometry is volume.geometry
    assert labels.warnings == ()
    assert labels.scheme.name == preset("hippocampus").name


def test_labels_half_a_voxel_off_are_taken_with_a_warning(tmp_path: Path) -> None:
    volume = scan(tmp_path)
    (tmp_path / "seg.nii").write_bytes(shifted(0.2))
    labels = read_labels(tmp_path / "seg.nii", volume)
    assert labels.geometry is volume.geometry
    assert "up to 0.2 mm off" in labels.warnings[0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (shifted(0.3), "corners up to 0.3 mm apart"),
        (nifti_bytes(VOXELS % 3, AFFINE @ np.diag([-1, 1, 1, 1])), "corners up to"),
        (nifti_bytes(np.zeros((6, 7, 9), np.uint8)), "6 x 7 x 9 voxels against 6 x 7 x 8"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    volume = scan(tmp_path)
    (tmp_path / "seg.nii").write_bytes(data)
    with pytest.raises(InputError, match=rf"seg.nii: the labels do not fit scan: {reason}"):
        read_labels(tmp_path / "seg.nii", volume)


def test_integers_that_the_scheme_lacks_are_refused_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "seg.nii").write_bytes(nifti_bytes(np.full(SHAPE, 77, np.uint8)))
    with pytest.raises(InputError, match=r"seg\.nii: the label map holds \[77\]"):
        read_labels(tmp_path / "seg.nii", None, preset("prostate"))


# --- saving -----------------------------------------------------------------------------------------------------

GEOMETRY_FIELDS = ("pixdim", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d", "qoffset_x",
                   "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z", "xyzt_units")  # fmt: skip


def planted() -> bytes:
    """A scan whose free texts and extension hold what must not be carried over."""
    image = nib.Nifti1Image(VOXELS, AFFINE)
    image.set_qform(AFFINE, 3)
    image.set_sform(AFFINE @ np.diag([1, 1, 1.001, 1]), 4)
    image.header["descrip"], image.header["db_name"] = b"DOE^JOHN 1960", b"SECRET-DB"
    image.header["aux_file"], image.header["intent_name"] = b"SECRET-AUX", b"SECRET-INTENT"
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"SECRET-EXTENSION"))
    image.header["toffset"], image.header["pixdim"][4] = 12.5, 2.25
    return image.to_bytes()


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("change", [None, put(QCODE, "2h", 0, 0), put(SCODE, "h", 0), put(QCODE, "h", 0),
                                    put(PIXDIM, "f", -1), put(UNITS, "B", 0)])  # fmt: skip
def test_a_saved_label_has_its_scans_geometry_fields_bit_by_bit(
    tmp_path: Path, suffix: str, change: Callable[[bytes], bytes] | None
) -> None:
    data = planted() if change is None else change(planted())
    volume = scan(tmp_path, data)
    labels = volume.with_labels(VOXELS % 4)
    path = tmp_path / f"seg{suffix}"
    write(labels, path)
    before, after = nib.load(tmp_path / "scan.nii").header, nib.load(path).header
    for field in GEOMETRY_FIELDS:
        assert before[field].tobytes() == after[field].tobytes(), field
    assert after.get_data_dtype() == np.uint8
    assert nib.load(path).shape == SHAPE
    assert after.get_intent()[0] == "label"
    stored = gzip.decompress(path.read_bytes()) if suffix == ".nii.gz" else path.read_bytes()
    for text in (b"SECRET", b"DOE", b"1960"):
        assert text not in stored
    again = read_labels(path, volume)
    assert np.array_equal(again.array, labels.array)


def test_a_nifti_2_scan_gets_labels_without_rounding(tmp_path: Path) -> None:
    affine = AFFINE + 1e-9
    affine[3] = (0, 0, 0, 1)
    image = nib.Nifti2Image(VOXELS, affine)
    image.set_sform(affine, 1)
    volume = scan(tmp_path, image.to_bytes())
    write(volume.with_labels(VOXELS % 2), tmp_path / "seg.nii.gz")
    assert np.array_equal(nib.load(tmp_path / "seg.nii.gz").affine, volume.affine)


def test_labels_of_a_scan_that_was_no_nifti_get_code_1_twice(tmp_path: Path) -> None:
    labels = LabelMap(VOXELS % 300, Geometry(SHAPE, AFFINE))
    write(labels, tmp_path / "seg.nii.gz")
    header = nib.load(tmp_path / "seg.nii.gz").header
    assert (header["qform_code"], header["sform_code"], header["xyzt_units"]) == (1, 1, 2)
    assert np.allclose(header.get_qform(), AFFINE, atol=1e-5)
    assert np.allclose(header.get_sform(), AFFINE, atol=1e-5)
    assert header.get_data_dtype() == np.uint16


def test_far_away_grids_are_not_rounded(tmp_path: Path) -> None:
    affine = AFFINE.copy()
    affine[:3, 3] = (123456.789, -98765.4321, 55555.5555)
    labels = LabelMap(VOXELS % 3, Geometry(SHAPE, affine))
    write(labels, tmp_path / "seg.nii.gz")
    assert read_labels(tmp_path / "seg.nii.gz").geometry.same_as(labels.geometry)


def test_a_cropped_grid_is_not_saved_with_the_old_fields(tmp_path: Path) -> None:
    whole = scan(tmp_path).geometry
    affine = whole.affine.copy()
    affine[:3, 3] += 7
    crop = Geometry((3, 3, 3), affine, whole.nifti)
    write(LabelMap(np.ones((3, 3, 3), np.uint8), crop), tmp_path / "seg.nii.gz")
    assert read_labels(tmp_path / "seg.nii.gz").geometry.same_as(crop)


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_saving_onto_its_own_source_works(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(planted())
    volume = read(path)
    write(volume, path)
    assert np.array_equal(read(path).array, volume.array)
    assert np.array_equal(read(path).affine, volume.affine)
    write(volume.with_labels(VOXELS % 3), path)
    assert np.array_equal(read_labels(path).array, VOXELS % 3)


def test_voxels_that_are_not_numbers_are_written_and_verified_as_they_are(tmp_path: Path) -> None:
    volume = scan(tmp_path)
    array = volume.array.astype(np.float32)
    array[0, 0, 0, 0] = np.nan
    write(replace(volume, array=array), tmp_path / "again.nii.gz")
    np.testing.assert_array_equal(nib.load(tmp_path / "again.nii.gz").get_fdata(dtype=np.float32), array[0])


def test_a_failed_verification_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_boundaryseg.data.formats.nifti import write as nifti_write

    volume = scan(tmp_path)
    path = tmp_path / "seg.nii.gz"
    write(volume.with_labels(VOXELS % 3), path)
    old = path.read_bytes()

    def wrong(stream, header, array) -> None:
        array = array.copy()
        array[0, 0, 0] += 1
        put_rightly(stream, header, array)

    put_rightly = nifti_write._put
    monkeypatch.setattr(nifti_write, "_put", wrong)
    with pytest.raises(InputError, match="does not read back the same"):
        write(volume.with_labels(VOXELS % 5), path)
    assert path.read_bytes() == old
    assert sorted(p.name for p in tmp_path.iterdir()) == ["scan.nii", "seg.nii.gz"]


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "i8", "f4", "?", "f2"])
@pytest.mark.parametrize("channels", [1, 3])
def test_write_and_read_a_scan(tmp_path: Path, dtype: str, channels: int) -> None:
    array = np.stack([(VOXELS % 100 + n).astype(dtype) for n in range(channels)])
    volume = Volume(array, Geometry(SHAPE, AFFINE), tuple(f"c{n}" for n in range(channels)))
    write(volume, tmp_path / "a.nii.gz")
    again = read(tmp_path / "a.nii.gz")
    assert np.array_equal(again.array, array)
    assert again.array.dtype == {"?": np.uint8, "f2": np.float32}.get(dtype, np.dtype(dtype))
    assert again.geometry.same_as(volume.geometry)


def test_maps_are_float32_with_the_number_of_maps_last(tmp_path: Path) -> None:
    grid = Geometry(SHAPE, AFFINE)
    maps = np.random.default_rng(0).random((2, *SHAPE))
    write_map(maps, grid, tmp_path / "contours.nii.gz")
    write_map(maps[0], grid, tmp_path / "edges.nii.gz")
    assert nib.load(tmp_path / "contours.nii.gz").shape == (*SHAPE, 2)
    assert nib.load(tmp_path / "contours.nii.gz").get_data_dtype() == np.float32
    assert np.array_equal(read(tmp_path / "contours.nii.gz").array, maps.astype(np.float32))
    assert np.array_equal(read(tmp_path / "edges.nii.gz").array[0], maps[0].astype(np.float32))
    for bad in (maps[:, 1:], np.zeros((1, 1, *SHAPE))):
        with pytest.raises(InputError, match="one value per voxel"):
            write_map(bad, grid, tmp_path / "x.nii.gz")
    with pytest.raises(InputError, match=r"end in .nii.gz"):
        write_map(maps, grid, tmp_path / "x.nrrd")


def test_the_same_labels_give_the_same_bytes(tmp_path: Path) -> None:
    labels = scan(tmp_path).with_labels(VOXELS % 3)
    write(labels, tmp_path / "a.nii.gz")
    write(labels, tmp_path / "b.nii.gz")
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_unknown_endings_are_refused(tmp_path: Path) -> None:
    labels = scan(tmp_path).with_labels(VOXELS % 3)
    with pytest.raises(InputError, match=r"cannot be written\. Use one of: \.nrrd, \.mha, \.nii\.gz, \.nii\.$"):
        write(labels, tmp_path / "seg.tif")


# --- finding the format -----------------------------------------------------------------------------------------


def test_the_format_is_known_by_content_where_the_name_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "scan").write_bytes(GZ)
    assert np.array_equal(read(tmp_path / "scan").array[0], VOXELS)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "cannot be opened: No such file"),
        (lambda path: path.write_bytes(b"text\n"), "it is no scan but text"),
        (lambda path: path.write_bytes(b""), "the file is empty"),
        (lambda path: path.write_bytes(bytes(128) + b"DICM" + bytes(600)), "it is cut short or damaged"),
        (lambda path: os.mkfifo(path), "a device or pipe"),
    ],
)
def test_paths_that_are_no_scan(tmp_path: Path, make: Callable[[Path], object], reason: str) -> None:
    make(tmp_path / "thing")
    with pytest.raises(InputError, match=rf"^thing: .*{reason}"):
        read(tmp_path / "thing")


def test_a_name_that_is_no_name() -> None:
    with pytest.raises(InputError, match="not valid"):
        read("a\0b.nii")
    with pytest.raises(InputError, match="no file was given"):
        read()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("x/case.nii.gz", "case"), ("case_0000.nii.gz", "case"), ("case_0012.nii", "case_0012"), ("A.B.NII.GZ", "A.B"),
        ("a.seg.nrrd", "a"), ("é 1.mha", "é 1"), ("series", "series"), ("_0000.nii", "_0000"),
        ("case_00001.nii", "case_00001"), ("amos_0004.nii.gz", "amos_0004"),
    ],
)  # fmt: skip
def test_case_names(path: str, name: str) -> None:
    assert case_name(path) == name


def test_suffixes_hold_every_format() -> None:
    assert {".nii", ".nii.gz", ".nrrd", ".mha"} <= set(suffixes())


# --- channels ---------------------------------------------------------------------------------------------------


def test_channels_of_one_case(tmp_path: Path) -> None:
    for name in ("case-t1.nii", "case-t1c.nii"):
        (tmp_path / name).write_bytes(nifti_bytes())
    volume = read(tmp_path / "case-t1.nii", tmp_path / "case-t1c.nii")
    assert volume.channels == ("t1", "t1c")
    assert volume.array.shape == (2, *SHAPE)
    assert volume.name == "case"
    assert len(volume.source) == 2


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (shifted(0.1), "corners up to 0.1 mm apart"),
        (nifti_bytes(VOXELS[:, :, 1:]), "6 x 7 x 7 voxels against 6 x 7 x 8"),
    ],
)
def test_channels_on_different_grids_are_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "a.nii").write_bytes(nifti_bytes())
    (tmp_path / "b.nii").write_bytes(data)
    with pytest.raises(InputError, match=rf"b.nii: its grid is not that of a.nii: {reason}"):
        read(tmp_path / "a.nii", tmp_path / "b.nii")


# --- whatever the header holds ----------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 347), st.integers(0, 255)), min_size=1, max_size=4))
@example(changes=[(255, 128), (327, 127)])  # a signalling NaN in the sform
def test_no_header_does_more_than_be_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(nifti_bytes())
    for where, value in changes:
        data[where] = value
    path = tmp_path_factory.getbasetemp() / "fuzzed.nii"
    path.write_bytes(data)
    try:
        volume = read(path)
    except InputError as error:
        assert str(error).startswith("fuzzed.nii: ")
    else:
        assert np.isfinite(volume.affine).all()
        assert min(volume.spacing_mm) > 0
        assert len(volume.geometry.orientation) == 3


# --- real files -------------------------------------------------------------------------------------------------


def test_odd_real_files_agree_with_nibabel(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "odd_files"
    files = [*sorted(folder.glob("niivue_orientations/*.nii.gz")), *sorted(folder.glob("nibabel/*.nii*"))]
    assert len(files) == 10
    for file in files:
        volume, image = read(file), nib.load(file)
        expected = np.asanyarray(image.dataobj)
        assert np.allclose(volume.array, np.moveaxis(expected, 3, 0) if expected.ndim == 4 else expected, atol=1e-4)
        assert np.array_equal(volume.affine, image.affine)
        labels = volume.with_labels(volume.array[0] > 0)
        write(labels, tmp_path / "seg.nii.gz")
        assert np.array_equal(read_labels(tmp_path / "seg.nii.gz", volume).array, labels.array)
        before, after = image.header, nib.load(tmp_path / "seg.nii.gz").header
        same = [
            before[field].astype("f8").tobytes() == after[field].astype("f8").tobytes() for field in GEOMETRY_FIELDS
        ]
        assert all(same), (file.name, same)


def test_six_orientations_show_the_same_brain(shared_data: Path) -> None:
    folder = shared_data / "odd_files" / "niivue_orientations"
    shown = {}
    for name in ("RAS", "LPS", "AIL", "PSR", "SLA", "RIP"):
        volume = read(folder / f"{name}.nii.gz")
        assert volume.geometry.orientation == name
        shown[name] = volume.geometry.display.to_display(volume.array[0])
    for name, array in shown.items():
        assert np.allclose(array, shown["RAS"], atol=0.5), name


def test_a_real_sheared_scan_says_so(shared_data: Path) -> None:
    volume = read(shared_data / "odd_files" / "niivue_orientations" / "shear.nii.gz")
    assert any("18.5 degrees off the right angle" in warning for warning in volume.warnings)


def test_raw_form_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.nii").write_bytes(planted())
    form = read_raw(tmp_path / "a.nii").geometry.nifti
    assert form is not None
    assert (form.qform_code, form.sform_code, form.pixdim[4]) == (3, 4, 2.25)
