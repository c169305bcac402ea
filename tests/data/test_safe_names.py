"""Names of cases: visible, in one line, no device, and short enough for the results; else just as they are."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data.formats import read, write
from napari_boundaryseg.data.formats.format import case_name
from napari_boundaryseg.data.safe_names import MOST_BYTES, safe_name
from napari_boundaryseg.data.volume import Geometry, Volume

ODD = {
    "..nii.gz": "scan",
    "...nii.gz": "scan",
    ".nii.gz": "scan",
    " .nii.gz": "scan",
    ". . .nii.gz": "scan",
    ".hidden.nii.gz": "hidden",
    "..hidden_0000.nii.gz": "hidden",
    "a\nb.nii.gz": "a_b",
    "a\x1b[31mb.nii.gz": "a_[31mb",
    "gnp\u202e.nii.gz": "gnp_",
    "CON.nii.gz": "_CON",
    "nul.nii.gz": "_nul",
    "com1.v2.nii.gz": "_com1.v2",
    ".aux .nii.gz": "_aux ",
}


@pytest.mark.parametrize("file", ODD)
@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_a_case_has_a_name_that_every_system_shows(tmp_path: Path, file: str, suffix: str) -> None:
    path = tmp_path / file.replace(".nii.gz", suffix)
    write(Volume(np.zeros((1, 4, 5, 6), np.int16), Geometry((4, 5, 6), np.eye(4))), path)
    assert read(path).name == case_name(path) == ODD[file]


def test_channels_and_folders_too(tmp_path: Path) -> None:
    for n in range(2):
        write(Volume(np.zeros((1, 4, 5, 6), np.int16), Geometry((4, 5, 6), np.eye(4))), tmp_path / f".h_000{n}.nii")
    paths = [tmp_path / f".h_000{n}.nii" for n in range(2)]
    assert read(*paths).name == case_name(*paths) == "h"
    (tmp_path / ".series").mkdir()
    assert case_name(tmp_path / ".series") == "series"


@pytest.mark.parametrize(
    "name", ["case 7", "a.b", "é", "\N{BRAIN}", "_0000", "-rf", "$(id)", "CONE", "com10", "x" * MOST_BYTES, "日本" * 30]
)
def test_other_names_stay_as_they_are(name: str) -> None:
    assert safe_name(name) == name


@pytest.mark.parametrize("name", ["x" * 181, "x" * 248, "\N{BRAIN}" * 60, "é" * 124, "\udcff" * 200])
def test_long_names_are_cut_and_stay_distinct(name: str) -> None:
    short = safe_name(name)
    assert len(os.fsencode(short)) <= MOST_BYTES
    assert short == safe_name(short), "once is enough"
    assert short != safe_name(f"{name[:-1]}y")
