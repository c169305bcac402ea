"""Series of a DICOM folder of any depth, and one of several that lie in one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pydicom")

from dicom_files import Edit, one_file, save, series, voxels
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from napari_boundaryseg.data.formats import read
from napari_boundaryseg.data.formats.dicom.study import series_in
from napari_boundaryseg.errors import InputError


def other_series(number: int, description: str = "t2 tse/tra", **more: Any) -> Edit:
    """Slices of a series of its own, with values of their own."""
    uid = generate_uid()

    def edit(ds: Dataset, n: int) -> None:
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.SeriesDescription = uid, number, description
        ds.PixelData = (voxels(20)[n] + 1000 * number).astype("<i2").tobytes()
        for keyword, value in more.items():
            setattr(ds, keyword, value)

    return edit


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Two series and a third of one slice in one folder."""
    folder = series(tmp_path / "study", 6, other_series(3, "t2 tse/tra"), name="A{:04}.dcm")
    series(folder, 4, other_series(7, "adc"), step=3.0, name="B{:04}.dcm")
    return series(folder, 1, other_series(9, "lone"), name="C{:04}.dcm")


def test_a_file_stands_for_its_series(mixed: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it holds 3 series"):
        read(mixed)
    for letter, number, count, step in (("A", 3, 6, 1.5), ("B", 7, 4, 3.0)):
        for n in (0, count - 1):
            scan = read(mixed / f"{letter}{n:04}.dcm")
            wanted = (voxels(20)[:count] + 1000 * number).transpose(2, 1, 0)
            np.testing.assert_array_equal(scan.array[0], wanted)
            np.testing.assert_allclose(
                scan.affine, [[-0.75, 0, 0, -1], [0, -0.5, 0, -2], [0, 0, step, -7], [0, 0, 0, 1]]
            )
            assert scan.name == {"A": "study_t2_tse_tra_3", "B": "study_adc_7"}[letter]
    with pytest.raises(InputError, match="it is one slice of a DICOM series"):
        read(mixed / "C0000.dcm")


def test_slices_of_one_series_that_are_given_together_are_one_channel(tmp_path: Path) -> None:
    folder = series(tmp_path / "study", 5, other_series(3, "t2"), name="A{:04}.dcm")
    series(folder, 5, other_series(7, "adc"), name="B{:04}.dcm")
    slices = sorted(folder.iterdir())
    one = read(*slices[:5])
    assert one.array.shape == (1, 5, 6, 5)
    assert one.name == read(slices[0]).name
    np.testing.assert_array_equal(one.array, read(slices[0]).array)
    both = read(*slices)
    np.testing.assert_array_equal(both.array, np.concatenate([read(slices[0]).array, read(slices[5]).array]))


def test_a_file_of_the_only_series_is_named_as_its_folder(tmp_path: Path) -> None:
    folder = series(tmp_path / "case7", 5)
    alone, whole = read(folder / "IM0002"), read(folder)
    assert alone.name == whole.name == "case7"
    np.testing.assert_array_equal(alone.array, whole.array)


def test_slices_that_lack_are_noticed_from_a_file_too(mixed: Path) -> None:
    (mixed / "A0002.dcm").unlink()
    with pytest.raises(InputError, match="slice"):
        read(mixed / "A0000.dcm")


def test_a_damaged_file_beside_may_be_a_slice_of_the_series(mixed: Path) -> None:
    (mixed / "A0005.dcm").write_bytes((mixed / "A0005.dcm").read_bytes()[:200])
    with pytest.raises(InputError, match="A0005"):
        read(mixed / "A0000.dcm")


def test_every_series_of_a_tree_is_listed_and_reads_by_its_source(tmp_path: Path) -> None:
    root = tmp_path / "disk"
    for patient in ("one", "two"):
        for number, description in ((10, "t1"), (2, "t2 tse/tra")):
            folder = root / patient / f"S{number}"
            folder.parent.mkdir(parents=True, exist_ok=True)
            series(folder, 4 + number, other_series(number, description, PatientID=f"SECRET-{patient}"))
    found, said = series_in(root)
    assert said == ()
    assert [(one.words, one.modality, one.slices) for one in found] == 2 * [
        ("t2_tse_tra_2", "MR", 6),
        ("t1_10", "MR", 14),
    ]
    assert [one.source.relative_to(root).as_posix() for one in found] == ["one/S2", "one/S10", "two/S2", "two/S10"]
    assert {one.patient for one in found} == {"SECRET-one", "SECRET-two"}
    assert "SECRET" not in repr(found)
    for one in found:
        scan = read(one.source)
        assert scan.array.shape[-1] == one.slices
        assert one.voxel_mm == pytest.approx(scan.spacing_mm) == (0.75, 0.5, 1.5)
        assert not one.problem


def test_series_of_one_folder_are_listed_by_a_file_of_each(mixed: Path) -> None:
    found, _ = series_in(mixed)
    assert [(one.words, one.slices, one.source.name, one.problem) for one in found] == [
        ("t2_tse_tra_3", 6, "A0000.dcm", ""),
        ("adc_7", 4, "B0000.dcm", ""),
        ("lone_9", 1, "C0000.dcm", "it is one slice"),
    ]


def test_a_series_in_several_folders_reads_where_it_is_alone(tmp_path: Path) -> None:
    edit = other_series(5)
    (tmp_path / "s").mkdir()
    for n in range(4):
        ds = one_file(n, voxels(20)[n])
        edit(ds, n)
        (tmp_path / "s" / f"d{n % 2}").mkdir(exist_ok=True)
        save(ds, tmp_path / "s" / f"d{n % 2}" / f"{n}.dcm")
    ((one,), _) = series_in(tmp_path)
    assert (one.source, one.problem) == (tmp_path / "s", "")
    assert read(one.source).array.shape[-1] == 4
    series(tmp_path / "s" / "d0", 3, other_series(6), name="X{}.dcm")
    found, _ = series_in(tmp_path)
    assert {one.words: one.problem for one in found} == {
        "t2_tse_tra_5": "its slices lie in several folders, among others",
        "t2_tse_tra_6": "",
    }


def test_what_makes_no_volume_says_why_and_other_objects_are_no_series(mixed: Path) -> None:
    (mixed / "A0002.dcm").unlink()
    (mixed / "B0003.dcm").write_bytes((mixed / "B0003.dcm").read_bytes()[:200])
    plan = one_file(0, voxels(1)[0])
    plan.Modality, plan.SeriesInstanceUID = "RTSTRUCT", generate_uid()
    save(plan, mixed / "plan.dcm")
    frames = one_file(0, voxels(1)[0])
    frames.NumberOfFrames, frames.SeriesInstanceUID = 2, generate_uid()
    save(frames, mixed / "many.dcm")
    (mixed / "notes.txt").write_text("hello")
    found, said = series_in(mixed)
    problems = {one.words: one.problem for one in found}
    assert set(problems) == {"t2_tse_tra_3", "adc_7", "lone_9", "many"}
    assert "slice" in problems["t2_tse_tra_3"]
    assert problems["adc_7"] == ""
    assert problems["many"] == "it is an enhanced (multi-frame) DICOM object"
    assert said == ("1 DICOM files are damaged: B0003.dcm.",)


def test_words_that_a_person_typed_cannot_leave_a_name(tmp_path: Path) -> None:
    series(tmp_path / "s", 3, other_series(1, "../../etc/passwd \x1b[0m^Müller  " + "x" * 30))
    ((one,), _) = series_in(tmp_path)
    assert one.words == f"etc_passwd_0m_M_ller_{19 * 'x'}_1"
