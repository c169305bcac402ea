"""Values that float32 does not hold: told in the same words, or kept, whatever the format."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from dicom_files import one_file, save
from text_header_cases import meta

from napari_boundaryseg.data.formats import read
from napari_boundaryseg.data.volume import Volume

SHAPE = (4, 5, 6)
"""(I, J, K)"""
KINDS = ["dicom", "nifti", "mha"]


def scan(folder: Path, kind: str, stored: np.ndarray, slope: float = 1.0, inter: float = 0.0) -> Volume:
    """Stored 32-bit integers, (I, J, K), with one slope and intercept, as the format keeps them."""
    if kind == "nifti":
        image = nib.Nifti1Image(stored, np.eye(4))
        image.header.set_slope_inter(slope, inter)
        nib.save(image, folder / "a.nii")
        path = folder / "a.nii"
        data = bytearray(path.read_bytes())  # nibabel leaves out the scaling of integers
        data[112:120] = np.array([slope, inter], "<f4").tobytes()
        path.write_bytes(data)
        return read(path)
    if kind == "mha":
        scaling = {"ElementToIntensityFunctionSlope": repr(slope), "ElementToIntensityFunctionOffset": repr(inter)}
        type_ = "MET_INT" if stored.dtype.kind == "i" else "MET_UINT"
        raw = stored.astype(stored.dtype.newbyteorder("<")).tobytes(order="F")
        (folder / "a.mha").write_bytes(meta(raw, ElementType=type_, **scaling))
        return read(folder / "a.mha")
    (folder / "a").mkdir()
    for n in range(stored.shape[2]):
        ds = one_file(n, np.zeros((stored.shape[1], stored.shape[0]), np.int16))
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = 32, 32, 31
        ds.PixelRepresentation = int(stored.dtype.kind == "i")
        ds.RescaleSlope, ds.RescaleIntercept = repr(slope), repr(inter)
        ds.PixelData = stored[:, :, n].astype(stored.dtype.newbyteorder("<")).tobytes(order="F")
        save(ds, folder / "a" / f"{n}")
    return read(folder / "a")


def values(dtype: str, *odd: int) -> np.ndarray:
    array = np.arange(np.prod(SHAPE), dtype=dtype).reshape(SHAPE)
    array[1, 2, 3 : 3 + len(odd)] = odd
    return array


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("dtype", "odd"), [("int32", (2**24 + 1, -(2**31))), ("uint32", (2**24 + 1, 2**31 + 1, 2**32 - 1))]
)
def test_whole_numbers_of_32_bits_are_kept(tmp_path: Path, kind: str, dtype: str, odd: tuple[int, ...]) -> None:
    stored = values(dtype, *odd)
    volume = scan(tmp_path, kind, stored)
    assert np.array_equal(volume.array[0], stored)
    assert volume.array.dtype == dtype
    assert volume.warnings == ()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("slope", "inter"), [(3.0, 0.0), (3.0, 2.0)])
def test_whole_numbers_that_float32_lacks_are_told(tmp_path: Path, kind: str, slope: float, inter: float) -> None:
    stored = values("uint32", 2**24 + 1, 2**24 + 3)
    volume = scan(tmp_path, kind, stored, slope, inter)
    exact = stored * slope + inter
    assert volume.array.dtype == np.float32
    assert np.array_equal(volume.array[0], exact.astype(np.float32))
    lost = [value for value in exact.ravel().tolist() if float(np.float32(value)) != value]
    example = f"{lost[0]:.9g} became {np.float32(lost[0]):.9g}"
    assert volume.warnings == (f"{len(lost)} of its values do not fit into float32: {example}, for example.",)


@pytest.mark.parametrize("kind", KINDS)
def test_last_digits_of_decimals_are_no_warning(tmp_path: Path, kind: str) -> None:
    volume = scan(tmp_path, kind, values("int32", 2**20 + 1), 0.1, -1024.0)
    assert volume.array.dtype == np.float32
    assert volume.warnings == ()


def test_a_slice_that_is_rounded_alone_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    stored = values("uint32", 2**24 + 1)
    for n in range(SHAPE[2]):
        ds = one_file(n, np.zeros((SHAPE[1], SHAPE[0]), np.int16))
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 32, 32, 31, 0
        ds.RescaleSlope = 3 if n == 3 else 0.5
        ds.PixelData = stored[:, :, n].astype("<u4").tobytes(order="F")
        save(ds, tmp_path / "a" / f"{n}")
    told = [text for text in read(tmp_path / "a").warnings if "float32" in text]
    assert told == ["1 of its values do not fit into float32: 50331651 became 50331652, for example."]
