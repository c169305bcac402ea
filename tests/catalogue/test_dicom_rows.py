"""Rows 51 to 64 of the catalogue, as far as no test of the DICOM reader makes the fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_boundaryseg.data.formats import read
from napari_boundaryseg.errors import InputError

from .helpers import PATIENT, refused

pydicom = pytest.importorskip("pydicom")
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402
from pydicom.uid import (  # noqa: E402
    CTImageStorage,
    ExplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
    RTStructureSetStorage,
    SegmentationStorage,
)

SERIES = "1.2.826.0.1.98.1"


def one_slice(n: int, **tags: Any) -> Dataset:
    """An axial CT slice of 4 x 5 pixels, all of them n."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = CTImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = f"1.2.826.0.1.99.{n + 1}"
    ds.SeriesInstanceUID, ds.Modality, ds.PatientName = SERIES, "CT", PATIENT
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 3 * n], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness, ds.InstanceNumber = [1, 1], 3, n
    ds.Rows, ds.Columns, ds.SamplesPerPixel = 4, 5, 1
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.PhotometricInterpretation, ds.RescaleSlope, ds.RescaleIntercept = "MONOCHROME2", 1, 0
    ds.PixelData = np.full((4, 5), n, "<i2").tobytes()
    for name, value in tags.items():
        setattr(ds, name, value)
    return ds


def series(folder: Path, slices: list[Dataset]) -> Path:
    folder.mkdir(parents=True)
    for n, ds in enumerate(slices):
        ds.save_as(folder / f"IM{n}.dcm", enforce_file_format=True)
    return folder


def test_an_index_that_points_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = series(tmp_path / "study" / "case", [one_slice(n) for n in range(3)])
    one_slice(3).save_as(tmp_path / "secret.dcm", enforce_file_format=True)
    index = Dataset()
    index.file_meta = FileMetaDataset()
    index.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    index.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    index.file_meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.96.1"
    record = Dataset()
    record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", ["..", "..", "secret.dcm"]
    record.ReferencedSOPClassUIDInFile, record.ReferencedSOPInstanceUIDInFile = CTImageStorage, "1.2.826.0.1.99.4"
    index.DirectoryRecordSequence = [record]
    index.save_as(folder / "DICOMDIR", enforce_file_format=True)
    assert read(folder).array.shape == (1, 5, 4, 3)


@pytest.mark.parametrize(
    ("tags", "name", "reason"),
    [
        ({"Rows": 0}, "IM1.dcm", "its size is"),
        ({"BitsStored": 20}, "IM1.dcm", "20 of 16 bits"),
        ({"Rows": 60000, "Columns": 60000}, "IM1.dcm", "it is cut short: "),
    ],
)
def test_impossible_sizes_are_refused_without_memory_for_them(
    tmp_path: Path, tags: dict, name: str, reason: str
) -> None:
    folder = series(tmp_path / "case", [one_slice(0), one_slice(1, **tags), one_slice(2)])
    refused(lambda: read(folder), name, reason, tmp_path)


@pytest.mark.parametrize("kind", [RTStructureSetStorage, SegmentationStorage])
def test_contours_and_segmentations_are_not_taken_for_a_scan(tmp_path: Path, kind: str) -> None:
    one = one_slice(0, Modality="RTSTRUCT" if kind == RTStructureSetStorage else "SEG")
    one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = kind
    del one.PixelData
    folder = series(tmp_path / "case", [one])
    with pytest.raises(InputError, match="case: "):
        read(folder)
