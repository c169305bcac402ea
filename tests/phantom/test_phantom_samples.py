"""The sample data: small, readable, each with labels that fit, and made again by one command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data.formats import read, read_labels
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.phantom import pelvis
from napari_boundaryseg.phantom.__main__ import main
from napari_boundaryseg.phantom.dicom_series import write_series

SAMPLES = {
    "pelvis_mr": (("pelvis_mr.nii.gz",), "pelvis-mr", (320, 320, 30)),
    "pelvis_ct": (("pelvis_ct.nii.gz",), "pelvis-ct", (200, 160, 36)),
    "pelvis_dicom": (("pelvis_dicom",), "pelvis-mr", (128, 128, 40)),
    "brain": (tuple(f"brain_{c}.nii.gz" for c in ("t1", "t1c", "t2", "flair")), "brats-2023", (64, 64, 64)),
    "two_parts": (("two_parts.nii.gz",), "hippocampus", (36, 50, 36)),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_reads_without_warnings_and_its_labels_fit(sample_data: Path, name: str) -> None:
    files, scheme, shape = SAMPLES[name]
    if name == "pelvis_dicom":
        pytest.importorskip("pydicom")
    scan = read(*(sample_data / file for file in files))
    labels = read_labels(sample_data / f"{name}_labels.nii.gz", scan, preset(scheme))
    assert scan.geometry.shape == shape
    assert scan.array.shape[0] == len(files)
    assert scan.warnings == ()
    assert all(volume > 0 for volume in labels.volumes_ml().values())


def test_the_full_size_sample_is_slightly_oblique(sample_data: Path) -> None:
    assert 2 < read(sample_data / "pelvis_mr.nii.gz").geometry.obliquity_deg < 20


def test_all_samples_take_at_most_12_mb_and_say_that_they_are_synthetic(sample_data: Path) -> None:
    assert sum(path.stat().st_size for path in sample_data.rglob("*") if path.is_file()) <= 12e6
    assert "No patient was scanned" in (sample_data / "README.md").read_text("utf-8")


def test_a_dicom_series_reads_back_as_it_was(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    scan, _ = pelvis(9, (40, 32, 8), (4.0, 3.0, 6.0), tilt_deg=7)
    whole = Volume(np.rint(scan.array).astype(np.int16), scan.geometry, scan.channels, scan.name, "MR")
    write_series(whole, tmp_path / "series")
    back = read(tmp_path / "series")
    assert np.array_equal(back.array, whole.array)
    assert back.geometry.distance_mm(whole.geometry) < 1e-3
    assert back.modality == "MR"
    header = pydicom.dcmread(tmp_path / "series" / "slice_001.dcm")
    assert "SYNTHETIC" in str(header.PatientName)
    assert header.SOPClassUID.name == "MR Image Storage"


def test_the_command_makes_what_ships(sample_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pydicom")
    assert main([str(tmp_path / "out")]) == 0
    made, shipped = (
        sorted(p.relative_to(f).as_posix() for p in f.rglob("*") if p.is_file())
        for f in (tmp_path / "out", sample_data)
    )
    assert made == shipped
    for name in SAMPLES:
        new, old = (read_labels(f / f"{name}_labels.nii.gz").array for f in (tmp_path / "out", sample_data))
        assert (new != old).mean() < 1e-4
    assert "100%" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("a file, not a folder", "utf-8")
    assert main([str(tmp_path / "taken")]) == 1
    assert "error: taken:" in capsys.readouterr().err
