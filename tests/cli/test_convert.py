"""`boundaryseg convert` keeps every voxel where it is."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest


@pytest.mark.parametrize("suffix", [".nii", ".nrrd", ".mha"])
def test_there_and_back(boundaryseg, study: Path, tmp_path: Path, suffix: str) -> None:
    source = study / "images" / "case0.nii.gz"
    assert boundaryseg("convert", source, tmp_path / f"scan{suffix}").status == 0
    assert boundaryseg("convert", tmp_path / f"scan{suffix}", tmp_path / "back.nii.gz").status == 0
    before, after = nib.load(source), nib.load(tmp_path / "back.nii.gz")
    np.testing.assert_array_equal(before.get_fdata(), after.get_fdata())
    np.testing.assert_allclose(before.affine, after.affine, atol=1e-5)


def test_an_empty_word_is_not_the_current_folder(boundaryseg, study: Path, tmp_path: Path) -> None:
    for words in (("convert", "", tmp_path / "x.nii.gz"), ("convert", study / "images" / "case0.nii.gz", "")):
        done = boundaryseg(*words)
        assert (done.status, done.err[:36]) == (1, "error: command line: one of its word")
    assert not (tmp_path / "x.nii.gz").exists()


def test_an_unknown_suffix_is_refused(boundaryseg, study: Path, tmp_path: Path) -> None:
    done = boundaryseg("convert", study / "images" / "case0.nii.gz", tmp_path / "scan.xyz")
    assert (done.status, done.err.startswith("error: scan.xyz: ")) == (1, True)
    assert not (tmp_path / "scan.xyz").exists()
