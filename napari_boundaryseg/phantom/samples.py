"""Write the sample data: synthetic scans of every kind that the program reads, each with its labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_boundaryseg.data import saving
from napari_boundaryseg.data.formats import write
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.phantom import brain, pelvis, two_part_structure
from napari_boundaryseg.phantom.dicom_series import write_series
from napari_boundaryseg.progress import Progress, silent

README = """\
# Sample data: synthetic

Every scan in this folder was computed by `python -m napari_boundaryseg.phantom` from ellipsoids, tubes and
smooth random fields. **No patient was scanned**; names and dates in the DICOM files are invented. BSD-3-Clause, like
the program.

| file | what | labels |
|---|---|---|
| `pelvis_mr.nii.gz` | male pelvis, T2-like, 320 x 320 x 30, 0.7 x 0.7 x 3 mm, stack tilted by 9 degrees | `pelvis_mr_labels.nii.gz`: 1 bladder, 2 prostate, 3 rectum |
| `pelvis_ct.nii.gz` | male pelvis, CT-like, HU, 200 x 160 x 36, 1.5 x 1.5 x 3 mm | `pelvis_ct_labels.nii.gz`: as above, 4 left and 5 right femoral head |
| `pelvis_dicom/` | male pelvis, T2-like, a DICOM series of 128 x 128 x 40, 1.5 x 1.5 x 2.5 mm, tilted by 6 degrees | `pelvis_dicom_labels.nii.gz`: 1 bladder, 2 prostate, 3 rectum |
| `brain_t1.nii.gz`, `brain_t1c.nii.gz`, `brain_t2.nii.gz`, `brain_flair.nii.gz` | brain with a tumour, four channels of 64 x 64 x 64, 2.5 mm | `brain_labels.nii.gz`: 1 necrotic core, 2 oedema, 3 enhancing tumour |
| `two_parts.nii.gz` | brain structure of two touching parts, T1-like, 36 x 50 x 36, 1 mm | `two_parts_labels.nii.gz`: 1 anterior, 2 posterior |

The border of the prostate fades on purpose: over at least 40 % of it the scan has the same brightness on both sides.
"""  # noqa: E501


def write_samples(folder: Path, *, progress: Progress = silent) -> None:
    """Write all samples with their labels and a README into a folder; existing files of these names are replaced.

    Raises
    ------
    MissingExtra
        Without pydicom.
    InputError
        When a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(folder, "this folder could not be made", "Choose another place") from error
    progress(0.0, "Pelvis, T2-like")
    _save(folder, "pelvis_mr", *pelvis(20, tilt_deg=9.0))
    progress(0.4, "Pelvis, CT-like")
    _save(folder, "pelvis_ct", *pelvis(22, (200, 160, 36), (1.5, 1.5, 3.0), "ct"))
    progress(0.6, "Pelvis, DICOM series")
    scan, labels = pelvis(23, (128, 128, 40), (1.5, 1.5, 2.5), tilt_deg=-6.0)
    write_series(_whole(scan), folder / "pelvis_dicom")
    write(labels, folder / "pelvis_dicom_labels.nii.gz")
    progress(0.8, "Brain")
    _save_brain(folder)
    progress(0.9, "Structure of two parts")
    _save(folder, "two_parts", *two_part_structure(25))
    saving.atomic_text(folder / "README.md", README)
    progress(1.0, "Done")


def _save(folder: Path, name: str, scan: Volume, labels: LabelMap) -> None:
    write(_whole(scan), folder / f"{name}.nii.gz")
    write(labels, folder / f"{name}_labels.nii.gz")


def _save_brain(folder: Path) -> None:
    scan, labels = brain(24)
    for index, channel in enumerate(scan.channels):
        one = Volume(scan.array[index : index + 1], scan.geometry, (channel,), f"brain_{channel}", scan.modality)
        write(_whole(one), folder / f"brain_{channel}.nii.gz")
    write(labels, folder / "brain_labels.nii.gz")


def _whole(scan: Volume) -> Volume:
    """The scan in whole numbers, int16."""
    array = np.rint(scan.array).astype(np.int16)
    return Volume(array, scan.geometry, scan.channels, scan.name, scan.modality)
