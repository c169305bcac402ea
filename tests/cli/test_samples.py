"""The commands on the scans and models that ship."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_boundaryseg.engine.checkpoints import model_library


def test_a_model_that_ships_segments_a_sample_that_ships(boundaryseg, sample_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = boundaryseg(
        "predict",
        sample_data / "two_parts.nii.gz",
        "--model",
        "hippocampus-sgm",
        "-o",
        out,
        "--edges",
        "--contours",
        "--device",
        "cpu",
    )
    assert done.status == 0, done.err
    scan, labels = nib.load(sample_data / "two_parts.nii.gz"), nib.load(out / "two_parts_seg.nii.gz")
    assert labels.header.get_xyzt_units() == scan.header.get_xyzt_units()
    np.testing.assert_array_equal(labels.affine, scan.affine)
    assert set(np.unique(labels.get_fdata())) <= {0, 1, 2}
    report = json.loads((out / "two_parts.json").read_text())
    assert report["model"] == "hippocampus-sgm"
    assert report["contour_order"] == ["Hippocampus_A", "Hippocampus_P"]


def test_the_label_prior_is_printed_beside_the_score(boundaryseg, sample_data: Path, tmp_path: Path) -> None:
    boundaryseg(
        "predict", sample_data / "two_parts.nii.gz", "--model", "hippocampus-sgm", "-o", tmp_path, "--device", "cpu"
    )
    done = boundaryseg("evaluate", tmp_path / "two_parts_seg.nii.gz", sample_data / "two_parts_labels.nii.gz")
    assert done.status == 0, done.err
    assert "label prior dsc" in done.out
    card, _ = model_library.read_card(model_library.shipped()["hippocampus-sgm"])
    priors = [score.label_prior for score in card.scores if score.label_prior is not None]
    assert len(priors) == 2
    assert all(f"{prior:.3f}" in done.out for prior in priors)


def test_labels_against_themselves_are_perfect(boundaryseg, sample_data: Path, tmp_path: Path) -> None:
    labels = sample_data / "pelvis_mr_labels.nii.gz"
    done = boundaryseg("evaluate", labels, labels, "--scheme", "pelvis-mr", "--json", tmp_path / "scores.json")
    assert done.status == 0, done.err
    summary = json.loads((tmp_path / "scores.json").read_text())["summary"]
    assert {organ: row["dsc"]["mean"] for organ, row in summary.items()} == {"Bladder": 1, "Prostate": 1, "Rectum": 1}


def test_a_dicom_series_becomes_a_file(boundaryseg, sample_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    done = boundaryseg("convert", sample_data / "pelvis_dicom", tmp_path / "pelvis.nii.gz")
    assert done.status == 0, done.err
    made, labels = nib.load(tmp_path / "pelvis.nii.gz"), nib.load(sample_data / "pelvis_dicom_labels.nii.gz")
    assert made.shape == labels.shape
    np.testing.assert_allclose(made.affine, labels.affine, atol=1e-3)


def test_a_scan_far_larger_than_the_model_knows_gets_a_question(boundaryseg, sample_data: Path, tmp_path: Path) -> None:
    done = boundaryseg(
        "predict", sample_data / "pelvis_mr.nii.gz", "--model", "hippocampus-sgm", "-o", tmp_path / "out"
    )
    assert done.status == 1
    assert "--box" in done.err
    assert not (tmp_path / "out").exists()
