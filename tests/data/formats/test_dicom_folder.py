"""What is left of a slice in a DICOM folder is never taken for a file that belongs to something else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from napari_boundaryseg.data.formats import read
from napari_boundaryseg.errors import InputError

pydicom = pytest.importorskip("pydicom")

COUNT = 40


@pytest.fixture
def series(sample_data: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_data / "pelvis_dicom", tmp_path / "case"))


@pytest.fixture
def without_suffix(series: Path) -> Path:
    for path in list(series.iterdir()):
        path.rename(path.with_name("IM" + path.stem.removeprefix("slice_")))
    return series


def refused(folder: Path, file: Path) -> None:
    with pytest.raises(InputError, match=rf"^{file.name}: it is cut short or damaged\. Export the series again"):
        read(folder)


@pytest.mark.parametrize("at", [0, -1], ids=["first", "last"])
@pytest.mark.parametrize("size", [0, 100, 130, 132, 200, 400, 900, 1200])
def test_an_end_slice_cut_short_is_named(series: Path, at: int, size: int) -> None:
    file = sorted(series.iterdir())[at]
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(InputError, match=rf"^{file.name}: "):
        read(series)


@pytest.mark.parametrize("at", [0, -1], ids=["first", "last"])
@pytest.mark.parametrize("size", [0, 100])
def test_also_where_slices_have_no_suffix(without_suffix: Path, at: int, size: int) -> None:
    file = sorted(without_suffix.iterdir())[at]
    file.write_bytes(file.read_bytes()[:size])
    refused(without_suffix, file)


@pytest.mark.parametrize("at", [0, -1], ids=["first", "last"])
def test_an_end_slice_of_zeros_is_named(without_suffix: Path, at: int) -> None:
    file = sorted(without_suffix.iterdir())[at]
    file.write_bytes(bytes(file.stat().st_size))
    refused(without_suffix, file)


def test_another_file_with_the_ending_of_a_slice_is_named(series: Path) -> None:
    file = series / "slice_041.dcm"
    file.write_bytes(b"<html>Not found</html>" * 40)
    refused(series, file)


def test_files_of_other_kinds_are_left_alone(series: Path) -> None:
    (series / "README.txt").write_text("")
    (series / "README").write_text("notes")
    (series / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    (series / "preview.bin").write_bytes(bytes(600))
    assert read(series).array.shape[3] == COUNT


def test_an_index_of_the_folder_is_no_slice(series: Path) -> None:
    from pydicom.fileset import FileSet

    index = FileSet()
    for path in sorted(series.iterdir()):
        found = pydicom.dcmread(path)
        found.InstanceNumber = found.get("InstanceNumber", 1)
        index.add(found)
    target = series.parent / "set"
    index.write(target)
    assert (target / "DICOMDIR").is_file()
    assert read(target).array.shape[3] == COUNT
