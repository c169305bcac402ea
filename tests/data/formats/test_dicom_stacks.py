"""Several stacks in one series are never read as one volume; what varies lawfully within a stack is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
from dicom_files import WORDS, Edit, series, voxels  # noqa: E402

from napari_boundaryseg.data.formats import read  # noqa: E402
from napari_boundaryseg.errors import InputError  # noqa: E402

COUNT = 20


def alternately(**values: tuple[Any, ...]) -> Edit:
    """Every slice the next of these values, in turn; None: not given."""

    def edit(ds: Any, n: int) -> None:
        for keyword, choices in values.items():
            value = choices[n % len(choices)]
            if value is None:
                if keyword in ds:
                    delattr(ds, keyword)
            else:
                setattr(ds, keyword, value)

    return edit


def private(group: int, creator: str, element: int, vr: str, values: tuple[Any, ...]) -> Edit:
    """An entry of a scanner's maker."""

    def edit(ds: Any, n: int) -> None:
        ds.private_block(group, creator, create=True).add_new(element, vr, values[n % len(values)])

    return edit


STACKS: dict[str, tuple[str, Edit, str]] = {
    "echo time": ("MR", alternately(EchoTime=(30, 80)), "10 slices with echo time 30 ms (IM0000, IM0002 and 8 more), "
                  "10 slices with echo time 80 ms (IM0001, IM0003 and 8 more)"),
    "echo time of three": ("MR", alternately(EchoTime=(2.3, 4.6, None)), "7 slices with echo time 2.3 ms"),
    "echo number": ("MR", alternately(EchoNumbers=(1, 2)), "10 slices with echo number 1"),
    "b-value": ("MR", alternately(DiffusionBValue=(50.0, 800.0)), "10 slices with b-value 800 s/mm²"),
    "b-value of Siemens": ("MR", private(0x19, "SIEMENS MR HEADER", 0x0C, "IS", (0, 1000)), "b-value 1000 s/mm²"),
    "b-value of GE": ("MR", private(0x43, "GEMS_PARM_01", 0x39, "IS", ([1000000050, 8, 0, 0], [1000000800, 8, 0, 0])),
                      "b-value 50 s/mm²"),
    "b-value of Philips": ("MR", private(0x2001, "Philips Imaging DD 001", 0x03, "FL", (0.0, 600.0)), "b-value 600"),
    "b-value of United Imaging": ("MR", private(0x65, "Image Private Header", 0x09, "FD", (0.0, 600.0)), "b-value 600"),
    "b-value in a name": ("MR", alternately(SequenceName=("*ep_b50t", "*ep_b1000#1")), "b-value 1000 s/mm²"),
    "magnitude and phase": ("MR", alternately(ImageType=(["ORIGINAL", "PRIMARY", "M", "ND"],
                                                         ["ORIGINAL", "PRIMARY", "P", "ND"])),
                            "10 slices with image type M (IM0000, IM0002 and 8 more), 10 slices with image type P"),
    "real and imaginary of GE": ("MR", private(0x43, "GEMS_PARM_01", 0x2F, "SS", (2, 3)), "part of the signal R"),
    "part of Philips": ("MR", private(0x2005, "Philips MR Imaging DD 001", 0x11, "CS", ("M", "P")), "of the signal P"),
    "water and fat": ("MR", alternately(ImageType=(["DERIVED", "PRIMARY", "DIXON", "WATER"],
                                                   ["DERIVED", "PRIMARY", "DIXON", "FAT"])), "image type FAT"),
    "inversion time": ("MR", alternately(InversionTime=(100, 2500)), "inversion time 2500 ms"),
    "flip angle": ("MR", alternately(FlipAngle=(5, 15)), "flip angle 15 degrees"),
    "kernel": ("CT", alternately(ConvolutionKernel=("B30f", "B70f")), "kernel B70f"),
    "kernel of two values": ("CT", alternately(ConvolutionKernel=(["Br40d", "3"], ["Br60d", "3"])), "kernel Br60d"),
    "tube voltage": ("CT", alternately(KVP=(80, 140)), "tube voltage 140 kV"),
    "thickness": ("CT", alternately(SliceThickness=(1.5, 5)), "slice thickness 5 mm"),
    "time point": ("MR", alternately(TemporalPositionIdentifier=(1, 2)), "time point 2"),
    "breathing": ("CT", alternately(NominalPercentageOfRespiratoryPhase=(0.0, 50.0)), "respiratory phase 50 %"),
    "fat saturation": ("MR", alternately(ScanOptions=("FS", None)), "no scan options"),
    "contrast agent": ("CT", alternately(ContrastBolusAgent=(WORDS, None)), "10 slices with one contrast agent"),
    "description": ("MR", alternately(SeriesDescription=("t1", WORDS)), "10 slices with another series description"),
    "contrast phase": ("CT", alternately(AcquisitionNumber=(2, 3)), "acquisition number 3"),
    "contrast phase by time": ("CT", alternately(AcquisitionTime=("120000", "120230")),
                               "10 slices with another acquisition time, +150 s"),
    "two at once": ("MR", alternately(EchoTime=(3, 3, 6, 6), ImageType=(["ORIGINAL", "PRIMARY", "M"],
                                                                      ["ORIGINAL", "PRIMARY", "P"])), "stacks that"),
}  # fmt: skip


@pytest.mark.parametrize("name", STACKS)
def test_stacks_that_lie_between_each_other_are_offered_instead_of_read(tmp_path: Path, name: str) -> None:
    modality, edit, found = STACKS[name]
    with pytest.raises(InputError) as caught:
        read(series(tmp_path / "case", COUNT, edit, modality))
    text = str(caught.value)
    assert "stacks that lie between each other: " in text
    assert found in text
    assert "SECRET" not in text
    assert "a folder of their own" in text


@pytest.mark.parametrize("name", ["echo time", "kernel"])
def test_one_of_the_stacks_is_read_when_it_lies_alone(tmp_path: Path, name: str) -> None:
    modality, edit, _ = STACKS[name]
    folder = series(tmp_path / "case", COUNT, edit, modality)
    for path in sorted(folder.iterdir())[1::2]:
        path.unlink()
    scan = read(folder)
    assert (scan.array.shape[3], scan.spacing_mm[2], scan.warnings) == (10, pytest.approx(3.0), ())


def test_each_contrast_phase_with_a_time_of_its_own_for_each_slice_is_found(tmp_path: Path) -> None:
    def edit(ds: Any, n: int) -> None:
        ds.AcquisitionDate, ds.AcquisitionTime = "20200131", f"12{n % 2 * 3:02}{n // 2:02}.500"

    with pytest.raises(InputError, match=r"10 slices with another acquisition time, \+180 s"):
        read(series(tmp_path / "case", COUNT, edit, "CT"))


def test_stacks_of_other_lengths_or_shifted_by_less_than_half_a_step_are_found_too(tmp_path: Path) -> None:
    def shifted(ds: Any, n: int) -> None:
        ds.EchoTime = (30, 80)[n % 2]
        if n % 2:
            ds.ImagePositionPatient = [1, 2, -7 + 1.5 * n - 0.9]

    with pytest.raises(InputError, match=r"2 stacks .* echo time 80 ms"):
        read(series(tmp_path / "shifted", COUNT, shifted))
    folder = series(tmp_path / "short", COUNT, alternately(EchoTime=(30, 80)))
    for path in sorted(folder.iterdir())[-9::2]:
        path.unlink()
    with pytest.raises(InputError, match=r"2 stacks .* 5 slices with echo time 80 ms"):
        read(folder)


def test_stacks_at_the_same_places_are_told_apart(tmp_path: Path) -> None:
    def edit(ds: Any, n: int) -> None:
        ds.ImagePositionPatient, ds.EchoTime = [1, 2, 3.0 * (n // 2)], (30, 80)[n % 2]

    with pytest.raises(InputError, match=r"2 stacks .*: 10 slices with echo time 30 ms"):
        read(series(tmp_path / "case", COUNT, edit))


def test_of_a_double_slice_it_is_said_which_files_and_how_they_differ(tmp_path: Path) -> None:
    def edit(ds: Any, n: int) -> None:
        if n == 7:
            ds.ImagePositionPatient, ds.EchoTime, ds.AcquisitionNumber = [1, 2, -7 + 1.5 * 6], 80, 2

    with pytest.raises(InputError) as caught:
        read(series(tmp_path / "case", COUNT, edit))
    assert "two slices lie at 2.0 mm and differ in their echo time, acquisition number" in str(caught.value)
    assert "(IM0006 or IM0007)" in str(caught.value)


# --- what is lawful -------------------------------------------------------------------------------------------------


def packages(ds: Any, n: int) -> None:
    """One stack, measured in two packages of every second slice."""
    ds.EchoTime, ds.AcquisitionNumber, ds.SpacingBetweenSlices = 80, n % 2 + 1, 1.5
    ds.AcquisitionTime = f"1200{n % 2 * 30:02}"


def interleaved(ds: Any, n: int) -> None:
    """Every slice at its own time: the odd ones first."""
    ds.EchoTime, ds.AcquisitionTime = 80, f"1200{n // 2 + n % 2 * 10:02}.250"
    ds.ContentTime, ds.TriggerTime = ds.AcquisitionTime, 40.0 * n


def always_other(ds: Any, n: int) -> None:
    """What is another on each slice of one stack."""
    ds.WindowCenter, ds.WindowWidth, ds.SliceLocation = 100 + n, 300 + n, 1.5 * n
    ds.InstanceNumber, ds.XRayTubeCurrent, ds.Exposure = 50 - n, 200 + n % 7, 100 + n % 2
    ds.AcquisitionTime, ds.ContentTime = f"12{n:02}00", f"13{n:02}00"
    ds.ImageComments = ("one", "other")[n % 2]
    ds.RescaleSlope = 1 + n


def nearly_the_same(ds: Any, n: int) -> None:
    ds.EchoTime, ds.FlipAngle = 80 + 0.001 * (n % 2), 90 - 0.0004 * (n % 3)


LAWFUL: dict[str, tuple[str, Edit]] = {
    "packages": ("MR", packages),
    "interleaved acquisition": ("MR", interleaved),
    "what always varies": ("CT", always_other),
    "rounding": ("MR", nearly_the_same),
    "an inversion time for each slice": ("MR", lambda ds, n: setattr(ds, "InversionTime", 100 + 35 * n)),
    "numbers of no order": ("MR", lambda ds, n: setattr(ds, "InstanceNumber", n * 7 % 20)),
    "a receive coil for each part": ("MR", lambda ds, n: setattr(ds, "ReceiveCoilName", f"HE{n // 5}")),
    "two tube currents": ("CT", alternately(XRayTubeCurrent=(200, 220), Exposure=(10, 11))),
    "comments": ("MR", alternately(ImageComments=("a", "b"))),
    "acquisitions one after the other": ("CT", lambda ds, n: setattr(ds, "AcquisitionNumber", 1 + n // 4)),
    "four slices at a time": ("CT", lambda ds, n: setattr(ds, "AcquisitionTime", f"1200{n // 4:02}")),
}


@pytest.mark.parametrize("name", LAWFUL)
def test_what_varies_lawfully_is_read_without_a_word(tmp_path: Path, name: str) -> None:
    modality, edit = LAWFUL[name]
    scan = read(series(tmp_path / "case", COUNT, edit, modality))
    assert scan.warnings == ()
    assert scan.spacing_mm[2] == pytest.approx(1.5)
    if "varies" not in name:
        assert np.array_equal(scan.array[0], voxels(COUNT).transpose(2, 1, 0))


def test_packages_that_nothing_vouches_for_are_read_and_said(tmp_path: Path) -> None:
    scan = read(series(tmp_path / "case", COUNT, alternately(EchoTime=(80,), AcquisitionNumber=(1, 2))))
    assert scan.array.shape[3] == COUNT
    assert scan.warnings == (
        "Its slices alternate: 10 slices with acquisition number 1, 10 slices with acquisition number 2. "
        "Are they two stacks?",
    )


def test_packages_whose_slices_say_twice_the_distance_are_two_stacks(tmp_path: Path) -> None:
    edit = alternately(AcquisitionNumber=(1, 2), SpacingBetweenSlices=(3.0,))
    with pytest.raises(InputError, match=r"2 stacks .* acquisition number 2"):
        read(series(tmp_path / "case", COUNT, edit))


def test_slices_that_say_twice_the_distance_are_read_and_said(tmp_path: Path) -> None:
    scan = read(series(tmp_path / "case", COUNT, alternately(SpacingBetweenSlices=(3.0,))))
    assert scan.warnings == ("Its slices lie 1.50 mm apart but say 3.00 mm: they may be several stacks.",)


@pytest.mark.parametrize("down", [False, True])
def test_slices_numbered_as_two_stacks_are_read_and_said(tmp_path: Path, down: bool) -> None:
    def edit(ds: Any, n: int) -> None:
        number = n // 2 + n % 2 * 10
        ds.InstanceNumber = 30 - number if down else number

    scan = read(series(tmp_path / "case", COUNT, edit))
    assert scan.warnings == ("Every second slice is numbered after all others: are they two stacks?",)


@pytest.mark.parametrize("odd", [[7], [19], [3, 4, 11], list(range(10, 20))])
def test_some_slices_taken_otherwise_are_read_and_said(tmp_path: Path, odd: list[int]) -> None:
    scan = read(series(tmp_path / "case", COUNT, lambda ds, n: setattr(ds, "EchoTime", 80 if n in odd else 30)))
    what = "1 slice" if len(odd) == 1 else f"{len(odd)} slices"
    expected = f"{COUNT - len(odd)} slices with echo time 30 ms, {what} with echo time 80 ms"
    assert scan.warnings == (f"Its slices differ: {expected}.",)


COUNTED: dict[str, Edit] = {
    "all images": alternately(ImagesInAcquisition=(21,)),
    "slices": alternately(NumberOfSlices=(22,)),
    "Philips": private(0x2001, "Philips Imaging DD 001", 0x18, "SL", (21,)),
    "GE": private(0x25, "GEMS_SERS_01", 0x07, "SL", (21,)),
}


@pytest.mark.parametrize("name", COUNTED)
def test_fewer_slices_than_the_header_counts_are_said(tmp_path: Path, name: str) -> None:
    warning = read(series(tmp_path / "case", COUNT, COUNTED[name])).warnings
    expected = f"counts {22 if name == 'slices' else 21} slices, there are 20: the first or last may be missing."
    assert warning == (f"Its header {expected}",)


@pytest.mark.parametrize("counted", [20, 19, 40, 2000])
def test_a_count_of_something_else_is_no_matter(tmp_path: Path, counted: int) -> None:
    assert read(series(tmp_path / "case", COUNT, alternately(ImagesInAcquisition=(counted,)))).warnings == ()


@pytest.mark.parametrize("gone", [1, 2])
def test_a_first_slice_that_its_number_misses_is_said(tmp_path: Path, gone: int) -> None:
    folder = series(tmp_path / "case", COUNT)
    for n in range(gone):
        (folder / f"IM{n:04}").unlink()
    assert read(folder).warnings == (f"Its slices are numbered from {gone + 1}: the one before may be missing.",)


# --- one patient, one series -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keyword", "reason"),
    [
        ("PatientID", "case: its slices are of several patients: IM0019 differ"),
        ("StudyInstanceUID", "case: its slices are of several studies: IM0019 differ"),
        ("FrameOfReferenceUID", r"of several positions of the patient \(frames of reference\): IM0019 differ"),
        ("Modality", r"2 kinds of slice \(MR with 19 slices, CT with 1 slices\), the last is IM0019"),
        ("SeriesInstanceUID", r"2 series \(MR with 19 slices, MR with 1 slices\), the last is IM0019"),
    ],
)
def test_the_slice_of_another_patient_or_series_is_named(tmp_path: Path, keyword: str, reason: str) -> None:
    other = {"PatientID": "SECRET-2", "Modality": "CT"}.get(keyword, "1.2.3.4")
    with pytest.raises(InputError, match=reason) as caught:
        read(series(tmp_path / "case", COUNT, lambda ds, n: setattr(ds, keyword, other) if n == 19 else None))
    assert "SECRET" not in str(caught.value)


def test_many_series_are_listed_and_none_is_left_out_of_the_count(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"it holds 7 series \(MR with 3 slices, .*, 2 more\)"):
        read(series(tmp_path / "case", COUNT, lambda ds, n: setattr(ds, "SeriesInstanceUID", f"1.2.{n % 7}")))
