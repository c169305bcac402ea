"""DICOM series for tests, made in code: one MR or CT slice per file, each changed as a test wants."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

Edit = Callable[[Dataset, int], object]
SERIES, STUDY, FRAME = generate_uid(), generate_uid(), generate_uid()
WORDS = "SECRET^NAME"
"""Stands where a patient's or a person's own words may stand; must never be shown."""


def voxels(count: int = 20, rows: int = 6, columns: int = 5) -> np.ndarray:
    """(slices, rows, columns), every value another."""
    return np.arange(count * rows * columns, dtype=np.int16).reshape(count, rows, columns)


def one_file(n: int, array: np.ndarray, modality: str = "MR", step: float = 1.5) -> Dataset:
    """One slice at n steps above (1, 2, -7)."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = CTImageStorage if modality == "CT" else MRImageStorage
    ds.SOPInstanceUID = generate_uid()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = STUDY, SERIES, FRAME
    ds.Modality, ds.PatientID, ds.PatientName = modality, "SECRET-1", WORDS
    ds.InstanceNumber, ds.AcquisitionNumber, ds.SeriesNumber = n + 1, 1, 1
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [1, 2, -7 + step * n], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [0.5, 0.75], step
    ds.Rows, ds.Columns, ds.SamplesPerPixel = *array.shape, 1
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.RescaleSlope, ds.RescaleIntercept = 1, 0
    ds.PixelData = array.astype("<i2").tobytes()
    return ds


def series(
    folder: Path,
    count: int = 20,
    edit: Edit | None = None,
    modality: str = "MR",
    step: float = 1.5,
    name: str = "IM{:04}",
) -> Path:
    """A folder of slices; ``edit(dataset, number)`` changes each before it is written."""
    folder.mkdir(exist_ok=True)
    array = voxels(count)
    for n in range(count):
        ds = one_file(n, array[n], modality, step)
        if edit is not None:
            edit(ds, n)
        save(ds, folder / name.format(n))
    return folder


def save(ds: Dataset, path: Path, **arguments: Any) -> Path:
    """Write a dataset, also one that breaks the rules."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds.save_as(path, **(arguments or {"enforce_file_format": True}))
    return path
