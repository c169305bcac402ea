"""Four digits at the end of a name: a channel's where labels, a list or a folder say so, else a patient's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from study_folder import SHAPE, labels, listing, scan, scans

from napari_boundaryseg.data.datasets import check_cases, load_case, read_dataset
from napari_boundaryseg.data.datasets.layouts.channel_numbers import grouped
from napari_boundaryseg.data.formats import read, write
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.errors import InputError


def files(folder: Path) -> dict[str, list[str]]:
    return {case.name: [image.name.removesuffix(".nii.gz") for image in case.images] for case in read_dataset(folder)}


def nii(*names: str) -> list[str]:
    return [f"{name}.nii.gz" for name in names]


def test_patients_of_amos_are_never_channels(tmp_path: Path) -> None:
    names = [f"amos_000{n}" for n in range(1, 6)]
    scans(tmp_path / "imagesTr", *nii(names[0], names[3], names[4]))
    labels(tmp_path / "labelsTr", *nii(names[0], names[3], names[4]))
    scans(tmp_path / "imagesTs", *nii(names[1], names[2]))
    assert files(tmp_path) == {name: [name] for name in names}


@pytest.mark.parametrize("labelled", [["case_0001"], ["case_0000", "case_0002"], ["case_0000"]])
def test_a_folder_that_is_half_labelled_holds_patients(tmp_path: Path, labelled: list[str]) -> None:
    scans(tmp_path / "images", *nii("case_0000", "case_0001", "case_0002"))
    labels(tmp_path / "labels", *nii(*labelled))
    assert files(tmp_path) == {f"case_000{n}": [f"case_000{n}"] for n in range(3)}


def test_without_any_label_they_are_apart_and_it_is_said(tmp_path: Path) -> None:
    scans(tmp_path / "images", *nii("x_0000", "x_0001", "y"))
    cases = read_dataset(tmp_path)
    assert [case.name for case in cases] == ["x_0000", "x_0001", "y"]
    assert cases.warnings == (
        "The digits of x_0000, x_0001 in images may be channels or patients: each is a case of its own.",
    )


def test_labels_without_the_digits_say_that_they_are_channels(tmp_path: Path) -> None:
    scans(tmp_path / "imagesTr", *nii("FLARE22_Tr_0001_0000", "FLARE22_Tr_0002_0000"))
    labels(tmp_path / "labelsTr", *nii("FLARE22_Tr_0001", "FLARE22_Tr_0002"))
    scans(tmp_path / "imagesTs", *nii("FLARETs_0001_0000"))
    assert files(tmp_path) == {name: [f"{name}_0000"] for name in
                               ("FLARE22_Tr_0001", "FLARE22_Tr_0002", "FLARETs_0001")}  # fmt: skip


def test_test_scans_follow_the_labelled_ones(tmp_path: Path) -> None:
    scans(tmp_path / "imagesTr", *nii("a_0000", "a_0001"))
    labels(tmp_path / "labelsTr", *nii("a"))
    scans(tmp_path / "imagesTs", *nii("b_0000", "b_0001", "c_0000", "d_0000", "d_0002"))
    cases = read_dataset(tmp_path)
    assert {case.name: len(case.images) for case in cases} == {"a": 2, "b": 2, "c_0000": 1, "d_0000": 1, "d_0002": 1}
    assert any("c_0000, d_0000, d_0002" in warning for warning in cases.warnings)


def test_one_channel_named_in_the_list_makes_two_files_two_patients(tmp_path: Path) -> None:
    listing(tmp_path, channel_names={"0": "CT"}, labels={"background": 0, "Spleen": 1})
    scans(tmp_path / "imagesTr", *nii("amos_0000", "amos_0001"))
    labels(tmp_path / "labelsTr", *nii("amos_0000", "amos_0001"), holding=(1,))
    scans(tmp_path / "imagesTs", *nii("p_0000", "p_0001"))
    assert files(tmp_path) == {name: [name] for name in ("amos_0000", "amos_0001", "p_0000", "p_0001")}


WRONG = {
    "a gap": (["a_0000", "a_0002"], ["a"], "a: channels numbered 0000, 0001 are needed, there is a_0000, a_0002"),
    "none is the first": (["a_0001"], ["a"], "a: channels numbered 0000 are needed, there is a_0001"),
    "one has fewer": (["a_0000", "a_0001", "b_0000"], ["a", "b"], "b: channels numbered 0000, 0001 are needed"),
    "both kinds of label": (["p_0000", "p_0001"], ["p", "p_0001"], "p_0000 may be channels of p or patients"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_told_apart_is_refused(tmp_path: Path, name: str) -> None:
    images, labelled, reason = WRONG[name]
    scans(tmp_path / "images", *nii(*images))
    labels(tmp_path / "labels", *nii(*labelled))
    with pytest.raises(InputError, match=reason):
        read_dataset(tmp_path)


def test_the_list_says_how_many_channels_there_are(tmp_path: Path) -> None:
    listing(tmp_path, channel_names={"0": "T1", "1": "T2"})
    scans(tmp_path / "imagesTr", *nii("a_0000"))
    labels(tmp_path / "labelsTr", *nii("a"))
    with pytest.raises(InputError, match="a: channels numbered 0000, 0001 are needed, there is a_0000"):
        read_dataset(tmp_path)


@pytest.mark.parametrize("place", ["images", "labels"])
def test_two_files_of_one_name_never_become_one(tmp_path: Path, place: str) -> None:
    scans(tmp_path / "images", *nii("a", "b"))
    labels(tmp_path / "labels", *nii("a", "b"))
    {"images": scans, "labels": labels}[place](tmp_path / place, "a.nii")
    with pytest.raises(InputError, match=r"^a\.nii(\.gz)?: a\.nii(\.gz)? beside it has the same name"):
        read_dataset(tmp_path)


def test_channels_on_two_grids_are_refused_with_both_names(tmp_path: Path) -> None:
    scans(tmp_path / "images", *nii("a_0000"))
    other = Volume(scan(5).array[:, :, :, 1:], Geometry((3, 4, 4), np.eye(4)))
    write(other, tmp_path / "images" / "a_0001.nii.gz")
    labels(tmp_path / "labels", *nii("a"))
    with pytest.raises(InputError, match=r"a_0001\.nii\.gz: its grid is not that of a_0000\.nii\.gz"):
        check_cases(read_dataset(tmp_path), preset("hippocampus"), 2)


def test_scans_bear_their_patients_number(tmp_path: Path) -> None:
    scans(tmp_path, *nii("amos_0001", "amos_0004", "c_0000", "c_0001", "d_0000"))
    names = [read(tmp_path / f"{name}.nii.gz").name for name in ("amos_0001", "amos_0004", "c_0000", "c_0001")]
    assert names == ["amos_0001", "amos_0004", "c_0000", "c_0001"]
    assert read(tmp_path / "d_0000.nii.gz").name == "d"
    both = read(tmp_path / "c_0000.nii.gz", tmp_path / "c_0001.nii.gz")
    assert (both.name, both.channels, both.array.shape) == ("c", ("channel 1", "channel 2"), (2, *SHAPE))


def test_groups_never_lose_or_merge_a_file() -> None:
    rng = np.random.default_rng(3)
    pool = ["a", "b", "a_0000", "a_0001", "a_0002", "b_0000", "b_0003", "a_0000_0000", "a_0000_0001", "c_1"]
    refused = 0
    for _ in range(400):
        names = [name for name in pool if rng.random() < 0.5]
        labelled = {name for name in [*pool, "c"] if rng.random() < 0.3}
        try:
            found = grouped("images", names, labelled, [None, [0], [0, 1]][rng.integers(3)])
        except InputError:
            refused += 1
            continue
        assert sorted(name for parts in found.cases.values() for name in parts) == sorted(names)
        for case, parts in found.cases.items():
            assert parts in ([case], [f"{case}_{n:04}" for n in range(len(parts))])
            assert len(parts) < 2 or not set(parts) & labelled, "a label's own scan is no channel"
    assert 0 < refused < 300


def test_folders_of_two_studies_are_refused_with_names_of_both(tmp_path: Path) -> None:
    scans(tmp_path / "images", *nii("hip_1", "hip_2"))
    labels(tmp_path / "labels", *nii("liver_7", "liver_8"))
    with pytest.raises(InputError, match="scans are called hip_1, hip_2, labels in labels liver_7, liver_8"):
        read_dataset(tmp_path)


def test_scans_and_labels_without_a_partner_are_said(tmp_path: Path) -> None:
    scans(tmp_path / "images", *nii("a", "b", "c"))
    labels(tmp_path / "labels", *nii("a", "x"))
    cases = read_dataset(tmp_path)
    assert [(case.name, case.label is not None) for case in cases] == [("a", True), ("b", False), ("c", False)]
    assert cases.warnings == (
        "2 of 3 scans in images have no label: b, c.",
        "1 of 2 labels in labels have no scan: x.",
    )
    assert load_case(cases[0])[0].name == "a"
