"""A scan as a DICOM series, one file per slice, with a patient who plainly does not exist."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_boundaryseg.data import saving
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import MissingExtra

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_ROOT = "2.25."
_LPS = np.diag([-1.0, -1.0, 1.0])


def write_series(scan: Volume, folder: Path) -> None:
    """Write the first channel of an MR scan as a series of MR images.

    Parameters
    ----------
    scan : Volume
        Whole numbers that fit int16; array axes at right angles.
    folder : Path
        Is made; gets ``slice_001.dcm`` and so on, bottom to top.

    Raises
    ------
    MissingExtra
        Without pydicom.
    """
    try:
        import pydicom
    except ModuleNotFoundError as error:
        raise MissingExtra("Writing DICOM", "dicom") from error
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(scan.geometry.shape[2]):
        stream = io.BytesIO()
        pydicom.dcmwrite(stream, _slice(scan, k), enforce_file_format=True)
        saving.atomic_bytes(folder / f"slice_{k + 1:03d}.dcm", stream.getvalue())


def _uid(*parts: object) -> str:
    """The same parts give the same UID, so that the samples are made again without a change."""
    from pydicom.uid import generate_uid

    return str(generate_uid(prefix=_ROOT, entropy_srcs=["napari-boundaryseg", *map(str, parts)]))


def _slice(scan: Volume, k: int) -> Dataset:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID = MRImageStorage
    image.SOPInstanceUID = _uid(scan.name, k)
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    _describe(image, scan.name)
    _place(image, scan, k)
    _pixels(image, scan.array[0, :, :, k])
    return image


def _describe(image: Dataset, name: str) -> None:
    values = {
        "SpecificCharacterSet": "ISO_IR 192", "ImageType": ["DERIVED", "SECONDARY", "OTHER"],
        "PatientName": "SYNTHETIC^NOT A PATIENT", "PatientID": "SYNTHETIC", "PatientBirthDate": "", "PatientSex": "M",
        "StudyDate": "20000101", "StudyTime": "000000", "StudyID": "1", "AccessionNumber": "",
        "ReferringPhysicianName": "", "Manufacturer": "napari-boundaryseg, synthetic", "Modality": "MR",
        "SeriesDescription": "Synthetic pelvis, T2-like", "SeriesNumber": 1, "PatientPosition": "HFS",
        "ScanningSequence": "SE", "SequenceVariant": "NONE", "ScanOptions": "", "MRAcquisitionType": "2D",
        "EchoTime": "100", "RepetitionTime": "4000", "EchoTrainLength": 16, "PositionReferenceIndicator": "",
    }  # fmt: skip
    for keyword, value in values.items():
        setattr(image, keyword, value)
    image.StudyInstanceUID = _uid(name, "study")
    image.SeriesInstanceUID = _uid(name, "series")
    image.FrameOfReferenceUID = _uid(name, "frame")


def _place(image: Dataset, scan: Volume, k: int) -> None:
    """DICOM's axes are LPS; rows of pixels run along i, columns along j."""
    spacing = scan.spacing_mm
    axes = _LPS @ (scan.affine[:3, :3] / spacing)
    corner = _LPS @ (scan.affine @ [0, 0, k, 1])[:3]
    image.ImageOrientationPatient = [f"{v:.9f}" for v in (*axes[:, 0], *axes[:, 1])]
    image.ImagePositionPatient = [f"{v:.9f}" for v in corner]
    image.PixelSpacing = [f"{spacing[1]:.6g}", f"{spacing[0]:.6g}"]
    image.SliceThickness = image.SpacingBetweenSlices = f"{spacing[2]:.6g}"
    image.SliceLocation = f"{float(corner @ np.cross(axes[:, 0], axes[:, 1])):.6f}"
    image.InstanceNumber = k + 1
    image.AcquisitionNumber = 1


def _pixels(image: Dataset, array: np.ndarray) -> None:
    image.Rows, image.Columns = array.shape[1], array.shape[0]
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 1
    low, high = np.percentile(array, (1, 99.5))
    image.WindowCenter, image.WindowWidth = f"{(low + high) / 2:.0f}", f"{max(high - low, 1):.0f}"
    image.PixelData = np.ascontiguousarray(array.T, dtype="<i2").tobytes()
