"""DICOM slices in old transfer syntaxes: the values that pydicom and GDCM see, or a refusal where these differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_files import one_file, save, voxels
from pydicom import dcmread, uid
from pydicom.dataset import Dataset

from napari_boundaryseg.data.formats import read
from napari_boundaryseg.errors import InputError

sitk = pytest.importorskip("SimpleITK")
COUNT = 6


def implicit(ds: Dataset, path: Path) -> None:
    ds.file_meta.TransferSyntaxUID = uid.ImplicitVRLittleEndian
    save(ds, path, implicit_vr=True, little_endian=True, enforce_file_format=True)


def big_endian(ds: Dataset, path: Path, pixels: bytes, bits: int = 16, kind: str = "OW") -> None:
    ds.file_meta.TransferSyntaxUID = uid.ExplicitVRBigEndian
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    ds.PixelRepresentation = int(bits > 8)
    ds.PixelData = pixels
    ds["PixelData"].VR = kind
    save(ds, path, implicit_vr=False, little_endian=False, enforce_file_format=True)


def sixteen(ds: Dataset, path: Path) -> None:
    big_endian(ds, path, ds.pixel_array.astype(">i2").tobytes())


def bytes_alone(ds: Dataset, path: Path) -> None:
    big_endian(ds, path, ds.pixel_array.astype("u1").tobytes(), 8, "OB")


def bytes_in_words(ds: Dataset, path: Path) -> None:
    big_endian(ds, path, ds.pixel_array.astype("u1").reshape(-1, 2)[:, ::-1].tobytes(), 8)


def thirty_two(ds: Dataset, path: Path) -> None:
    big_endian(ds, path, ds.pixel_array.astype(">i4").tobytes(), 32)


def series(folder: Path, how) -> Path:
    folder.mkdir()
    for n in range(COUNT):
        how(one_file(n, voxels(COUNT)[n]), folder / f"IM{n:04}")
    return folder


@pytest.mark.parametrize("how", [implicit, sixteen, bytes_alone, bytes_in_words])
def test_values_are_those_of_pydicom_and_of_gdcm(tmp_path: Path, how) -> None:
    folder = series(tmp_path / "case", how)
    scan = read(folder)
    assert np.array_equal(scan.array[0].transpose(2, 1, 0), voxels(COUNT))
    theirs = np.stack([dcmread(path).pixel_array for path in sorted(folder.iterdir())])
    assert np.array_equal(scan.array[0].transpose(2, 1, 0), theirs)
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    assert np.array_equal(scan.array[0].transpose(2, 1, 0), sitk.GetArrayFromImage(sitk.ReadImage(names)))
    assert scan.warnings == ()


def test_big_endian_values_of_32_bits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="IM0000: its values of 32 bits are big-endian, which programs read differ"):
        read(series(tmp_path / "case", thirty_two))
