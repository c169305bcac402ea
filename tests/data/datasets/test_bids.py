"""BIDS folders: subjects are groups, sessions and runs are cases, contrasts are channels, integers are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from study_folder import labels, scans

from napari_boundaryseg.data.datasets import load_case, read_dataset, with_channels
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.errors import InputError


def subject(folder: Path, name: str, *contrasts: str, session: str = "") -> None:
    place = folder / name.partition("_")[0] / session / "anat"
    start = f"{name}_{session}" if session else name
    scans(place, *(f"{start}_{contrast}.nii.gz" for contrast in contrasts))


def derivative(folder: Path, file: str, pipeline: str = "labels", **holding: tuple[int, ...]) -> Path:
    parts = file.split("_")
    session = next((part for part in parts if part.startswith("ses-")), "")
    place = folder / "derivatives" / pipeline / parts[0] / session / "anat"
    labels(place, f"{file}.nii.gz", **holding)
    return place


def test_subjects_with_labels_among_the_derivatives(tmp_path: Path) -> None:
    for name in ("sub-01", "sub-02", "sub-0003"):
        subject(tmp_path, name, "T1w")
    derivative(tmp_path, "sub-01_dseg")
    derivative(tmp_path, "sub-0003_space-T1w_desc-manual_dseg")
    (tmp_path / "dataset_description.json").write_text("{}")
    cases = read_dataset(tmp_path)
    assert [(case.name, case.group, case.channels, case.label is not None) for case in cases] == [
        ("sub-0003", "sub-0003", ("t1",), True),
        ("sub-01", "sub-01", ("t1",), True),
        ("sub-02", "sub-02", ("t1",), False),
    ]
    volume, drawn = load_case(cases[1], preset("hippocampus"))
    assert (volume.name, volume.channels) == ("sub-01", ("t1",))
    assert drawn is not None


def test_sessions_of_a_subject_are_cases_of_one_group(tmp_path: Path) -> None:
    for session in ("ses-1", "ses-2"):
        subject(tmp_path, "sub-01", "T1w", session=session)
        derivative(tmp_path, f"sub-01_{session}_dseg")
    cases = read_dataset(tmp_path)
    assert [(case.name, case.group) for case in cases] == [("sub-01_ses-1", "sub-01"), ("sub-01_ses-2", "sub-01")]
    assert all(case.label is not None and case.name in case.label.name for case in cases)


def test_contrasts_are_channels_by_name(tmp_path: Path) -> None:
    subject(tmp_path, "sub-01", "T2w", "FLAIR", "T1w", "ce-gadolinium_T1w")
    derivative(tmp_path, "sub-01_dseg")
    (case,) = read_dataset(tmp_path)
    assert case.channels == ("t1", "t1c", "t2", "flair")
    (one,) = with_channels([case], ("flair", "t1c"))
    assert [path.name for path in one.images] == ["sub-01_FLAIR.nii.gz", "sub-01_ce-gadolinium_T1w.nii.gz"]


def test_runs_are_cases_of_their_own(tmp_path: Path) -> None:
    subject(tmp_path, "sub-01", "run-1_T1w", "run-2_T1w")
    derivative(tmp_path, "sub-01_run-2_dseg")
    assert [(case.name, case.label is not None) for case in read_dataset(tmp_path)] == [
        ("sub-01_run-1", False),
        ("sub-01_run-2", True),
    ]


@pytest.mark.parametrize("beside", ["sub-01_dseg.tsv", "../../dseg.tsv"])
def test_the_table_of_integers_names_the_organs(tmp_path: Path, beside: str) -> None:
    subject(tmp_path, "sub-01", "T1w")
    place = derivative(tmp_path, "sub-01_dseg", holding=(1, 2))
    (place / beside).write_text("index\tname\tcolor\n0\tBackground\t#000\n1\tposterior\t#111\n2\tanterior\t#222\n")
    found = load_case(read_dataset(tmp_path)[0], preset("hippocampus"))[1]
    assert found is not None
    assert found.array.ravel()[:2].tolist() == [2, 1]


def test_a_mask_is_named_by_its_label(tmp_path: Path) -> None:
    subject(tmp_path, "sub-01", "T1w")
    derivative(tmp_path, "sub-01_label-tumor_mask", holding=(1,))
    (case,) = read_dataset(tmp_path)
    assert case.organs == ((1, "tumor"),)
    assert load_case(case, preset("sarcoma"))[1] is not None


def test_a_mask_of_the_brain_is_not_taken_for_an_organ(tmp_path: Path) -> None:
    subject(tmp_path, "sub-01", "T1w")
    derivative(tmp_path, "sub-01_desc-brain_mask", holding=(1,))
    with pytest.raises(InputError, match="names the labels brain, and none of them is GTV"):
        load_case(read_dataset(tmp_path)[0], preset("sarcoma"))


def test_a_segmentation_counts_before_a_mask_and_two_are_refused(tmp_path: Path) -> None:
    subject(tmp_path, "sub-01", "T1w")
    derivative(tmp_path, "sub-01_desc-brain_mask")
    derivative(tmp_path, "sub-01_dseg")
    (case,) = read_dataset(tmp_path)
    assert case.label is not None
    assert case.label.name == "sub-01_dseg.nii.gz"
    derivative(tmp_path, "sub-01_dseg", "another")
    with pytest.raises(InputError, match=r"^sub-01: it has 2 label maps: another: sub-01_dseg.*, labels: sub-01_dseg"):
        read_dataset(tmp_path)


def test_labels_without_a_scan_are_said_and_two_scans_of_one_name_refused(tmp_path: Path) -> None:
    subject(tmp_path, "sub-01", "T1w")
    derivative(tmp_path, "sub-09_dseg")
    assert read_dataset(tmp_path).warnings == ("1 labels have no scan: sub-09_dseg.nii.gz.",)
    scans(tmp_path / "sub-01" / "anat", "sub-01_T1w.nii")
    with pytest.raises(InputError, match="is the same channel of the same case"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    "text", ["index,name\n1,a\n", "index\tname\n1\ta\n1\tb\n", "index\tname\nx\ta\n", "index\tname\n1\t \n", "\xff"]
)
def test_a_table_that_names_nothing_is_refused(tmp_path: Path, text: str) -> None:
    subject(tmp_path, "sub-01", "T1w")
    place = derivative(tmp_path, "sub-01_dseg")
    (place / "sub-01_dseg.tsv").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"^sub-01_dseg\.tsv: "):
        read_dataset(tmp_path)
