"""What is left of a slice in a DICOM folder is never taken for a file that belongs to something else."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
from dicom_files import one_file, save, voxels  # noqa: E402
from dicom_files import series as make_series  # noqa: E402
from pydicom import uid  # noqa: E402
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402

from napari_boundaryseg.data.formats import read, read_labels  # noqa: E402
from napari_boundaryseg.errors import InputError  # noqa: E402
from napari_boundaryseg.progress import Cancelled  # noqa: E402

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


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a damaged head": lambda data: np.random.default_rng(7).bytes(200) + data[200:],
    "an HTML page": lambda data: b"<html>Not found</html>" * 99,
    "a text": lambda data: b"quota exceeded",
    "nothing": lambda data: b"",
    "zeros": lambda data: bytes(len(data)),
    "other bytes of the same size": lambda data: np.random.default_rng(8).bytes(len(data)),
    "cut at its pixels": lambda data: data[: len(data) // 2],
    "cut in its head": lambda data: data[:700],
}
NAMES = {
    "with .dcm": lambda n: f"slice_{n:03}.dcm",
    "IM0001": lambda n: f"IM{n:04}",
    "IM1 without zeros": lambda n: f"IM{n}",
    "numbers": lambda n: f"{n:05}",
    "UIDs": lambda n: f"1.2.840.113619.2.{n * 77}.{n % 3}.{n}",
    "MR and a UID": lambda n: f"MR.1.2.840.{n}",
    ".IMA": lambda n: f"A.MR.HEAD.{n:04}.2020.IMA",
    "hashes": lambda n: hashlib.sha256(bytes([n])).hexdigest()[:32],
    "codes": lambda n: hashlib.sha256(bytes([n])).hexdigest()[:7].upper().replace("A", "Z9")[:7],
}


@pytest.mark.parametrize("at", [0, -1], ids=["first", "last"])
@pytest.mark.parametrize("names", NAMES)
def test_an_end_slice_that_is_damaged_or_replaced_is_named(tmp_path: Path, names: str, at: int) -> None:
    file = rename(make_series(tmp_path / "case", 6, name="made-{}"), NAMES[names])[at]
    whole = file.read_bytes()
    assert read(tmp_path / "case").warnings == ()
    for damage, change in DAMAGE.items():
        file.write_bytes(change(whole))
        with pytest.raises(InputError) as caught:
            read(tmp_path / "case")
        assert str(caught.value).startswith(f"{file.name}: "), damage


def rename(folder: Path, name: Callable[[int], str]) -> list[Path]:
    """The files in the order of their slices."""
    return [path.rename(folder / name(n + 1)) for n, path in enumerate(sorted(folder.iterdir()))]


@pytest.mark.parametrize("ending", [".part", ".crdownload", ".tmp"])
def test_an_end_slice_that_was_not_copied_whole_is_named(tmp_path: Path, ending: str) -> None:
    folder = make_series(tmp_path / "case", 6)
    (folder / "IM0005").rename(folder / f"IM0005{ending}").write_bytes(b"half of it")
    with pytest.raises(InputError, match=rf"^IM0005\{ending}: it is cut short or damaged"):
        read(folder)


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_an_end_slice_that_is_a_link_to_nothing_is_named(tmp_path: Path) -> None:
    folder = make_series(tmp_path / "case", 6)
    (folder / "IM0005").rename(tmp_path / "elsewhere")
    (folder / "IM0005").symlink_to(tmp_path / "elsewhere")
    assert read(folder).warnings == ()
    (tmp_path / "elsewhere").unlink()
    with pytest.raises(InputError, match=r"^IM0005: it is a link to a file that is not there"):
        read(folder)


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="rights")
def test_an_end_slice_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    folder = make_series(tmp_path / "case", 6)
    (folder / "IM0005").chmod(0)
    with pytest.raises(InputError, match=r"^IM0005: it cannot be read: Permission denied"):
        read(folder)


def test_looking_for_files_can_be_cancelled(tmp_path: Path) -> None:
    folder = make_series(tmp_path / "case", 6)
    for n in range(300):
        (folder / f"{n}.txt").touch()

    def stop(fraction: float, text: str = "") -> None:
        assert text == "looking for files"
        raise Cancelled

    with pytest.raises(Cancelled):
        read(folder, progress=stop)


def test_an_error_of_the_disk_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_series(tmp_path / "case", 6)
    whole = Path.open

    def failing(path: Path, *arguments: Any, **more: Any) -> Any:
        if path.name == "IM0005":
            raise OSError(5, "Input/output error")
        return whole(path, *arguments, **more)

    monkeypatch.setattr(Path, "open", failing)
    with pytest.raises(InputError, match=r"^IM0005: it cannot be read: Input/output error"):
        read(folder)


def test_files_of_other_kinds_are_left_alone(series: Path) -> None:
    (series / "README.txt").write_text("")
    (series / "README").write_text("notes")
    (series / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    (series / ".DS_Store").write_bytes(bytes(600))
    for name in ("LOCKFILE", "VERSION", "series.json", "report.pdf", "labels.nii.gz", "preview.JPG"):
        (series / name).write_bytes(b"something")
    scan = read(series)
    assert (scan.array.shape[3], scan.warnings) == (COUNT, ())


def test_a_file_that_nobody_knows_is_said(series: Path) -> None:
    (series / "preview.bin").write_bytes(bytes(600))
    (series / "notes").write_text("seen by nobody")
    scan = read(series)
    assert (scan.array.shape[3], scan.warnings) == (COUNT, ("Not read, because no DICOM: notes, preview.bin.",))


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_folders_that_are_not_looked_into_are_said(tmp_path: Path) -> None:
    folder = make_series(tmp_path / "case", 6)
    deep = folder.joinpath(*"abcdef")
    deep.mkdir(parents=True)
    (folder / "loop").symlink_to(folder)
    assert read(folder).warnings == ("Not looked into, because links or too many folders deep: f, loop.",)


# --- DICOM files that are no slices --------------------------------------------------------------------------------


def beside(folder: Path, name: str = "OTHER", **tags: Any) -> Path:
    """Another object in the folder, of a series of its own."""
    ds = one_file(0, voxels(1)[0])
    ds.SeriesInstanceUID = "1.2.3"
    for keyword, value in tags.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    return save(ds, folder / name)


NO_PLACE = {"ImagePositionPatient": None, "ImageOrientationPatient": None, "PixelSpacing": None}
NO_PIXELS = {"Rows": None, "Columns": None, "PixelData": None, **NO_PLACE}
OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "screenshot": ({"SOPClassUID": uid.SecondaryCaptureImageStorage, "Modality": "OT", **NO_PLACE}, "a screenshot (s"),
    "colour screenshot": ({"SOPClassUID": uid.SecondaryCaptureImageStorage, "SamplesPerPixel": 3,
                           "PhotometricInterpretation": "RGB", "PixelData": bytes(90), **NO_PLACE}, "a screenshot (s"),
    "film of screenshots": ({"SOPClassUID": uid.MultiFrameTrueColorSecondaryCaptureImageStorage, "NumberOfFrames": 4,
                             **NO_PLACE}, "a screenshot (s"),
    "dose report": ({"SOPClassUID": uid.CTImageStorage, "Modality": "CT", **NO_PLACE,
                     "ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "a screenshot"),
    "report": ({"SOPClassUID": uid.XRayRadiationDoseSRStorage, "Modality": "SR", **NO_PIXELS}, "a report"),
    "presentation state": ({"SOPClassUID": uid.GrayscaleSoftcopyPresentationStateStorage, "Modality": "PR",
                            **NO_PIXELS}, "a presentation state"),
    "structure set": ({"SOPClassUID": uid.RTStructureSetStorage, "Modality": "RTSTRUCT", **NO_PIXELS},
                      "a structure set"),
    "segmentation": ({"SOPClassUID": uid.SegmentationStorage, "Modality": "SEG", "NumberOfFrames": 3},
                     "a segmentation"),
    "dose": ({"SOPClassUID": uid.RTDoseStorage, "Modality": "RTDOSE", "NumberOfFrames": 3}, "a dose"),
    "document": ({"SOPClassUID": uid.EncapsulatedPDFStorage, "Modality": "OT", **NO_PIXELS}, "a document"),
    "raw data": ({"SOPClassUID": uid.RawDataStorage, **NO_PIXELS}, "raw data"),
    "picture without a place": (NO_PLACE, "a picture that does not say where it lies"),
    "localiser": ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"], "ImageOrientationPatient": [0, 1, 0, 0, 0, 1]},
                  "a localiser"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_slice_is_left_out_and_said(tmp_path: Path, name: str) -> None:
    tags, what = OTHERS[name]
    folder = make_series(tmp_path / "case", 6)
    beside(folder, **tags)
    scan = read(folder)
    assert np.array_equal(scan.array[0], voxels(6).transpose(2, 1, 0))
    assert len(scan.warnings) == 1
    assert scan.warnings[0].startswith(f"Left out, because no slices of this scan: OTHER ({what}")


@pytest.mark.parametrize("name", ["structure set", "segmentation", "report", "dose", "screenshot"])
def test_an_object_alone_is_refused_as_what_it_is(tmp_path: Path, name: str) -> None:
    tags, what = OTHERS[name]
    (tmp_path / "case").mkdir()
    file = beside(tmp_path / "case", **tags)
    with pytest.raises(InputError, match=f"^OTHER: it is {re.escape(what)}.*, not a scan"):
        read(file)
    with pytest.raises(InputError, match=f"^case: there is no DICOM image in this folder, only {re.escape(what)}"):
        read(file.parent)
    with pytest.raises(InputError, match=f"^OTHER: it is {re.escape(what)}.*, and labels are not read from DICOM yet"):
        read_labels(file)
    with pytest.raises(InputError, match=r"^case: it is a folder, and labels are one file"):
        read_labels(file.parent)


def test_a_slice_that_says_it_is_something_else_is_named(tmp_path: Path) -> None:
    def edit(ds: Any, n: int) -> None:
        ds.Modality = "PR" if n == 5 else "MR"

    with pytest.raises(InputError, match=r"^IM0005: it says that it is a presentation state, but it belongs to the sl"):
        read(make_series(tmp_path / "case", 6, edit))


def test_a_slice_without_its_place_is_named_also_beside_a_screenshot(tmp_path: Path) -> None:
    def edit(ds: Any, n: int) -> None:
        if n == 5:
            del ds.ImagePositionPatient

    folder = make_series(tmp_path / "case", 6, edit)
    beside(folder, **OTHERS["screenshot"][0])
    with pytest.raises(InputError, match=r"^IM0005: it does not say where in the patient it lies"):
        read(folder)


def test_a_multi_frame_object_beside_slices_is_named(tmp_path: Path) -> None:
    folder = make_series(tmp_path / "case", 6)
    beside(folder, NumberOfFrames=4)
    with pytest.raises(InputError, match=r"^OTHER: it is an enhanced \(multi-frame\) DICOM object"):
        read(folder)


def test_slices_that_are_secondary_captures_with_a_place_are_read(tmp_path: Path) -> None:
    def edit(ds: Any, n: int) -> None:
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = uid.SecondaryCaptureImageStorage

    assert read(make_series(tmp_path / "case", 6, edit)).array.shape[3] == 6


def test_an_index_that_points_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = make_series(tmp_path / "case", 6)
    outside = make_series(tmp_path / "secret", 1, name="outside{}")
    index = Dataset()
    index.file_meta = FileMetaDataset()
    index.file_meta.MediaStorageSOPClassUID = uid.MediaStorageDirectoryStorage
    index.file_meta.MediaStorageSOPInstanceUID = uid.generate_uid()
    index.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    record = Dataset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", ["..", "secret", "outside0"]
    index.DirectoryRecordSequence = [record]
    save(index, folder / "DICOMDIR")
    scan = read(folder)
    assert (scan.array.shape[3], scan.warnings) == (6, ())
    with pytest.raises(InputError, match=r"^DICOMDIR: it is an index \(DICOMDIR\), not a scan"):
        read(folder / "DICOMDIR")
    assert outside.is_dir()


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
