"""Names of channels and organs, copies, lists in sentences: each rule by itself, at its limits."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.datasets.case import Case, some
from napari_boundaryseg.data.datasets.channel_names import doubt, places, plain
from napari_boundaryseg.data.datasets.checks import check_cases
from napari_boundaryseg.data.datasets.copies import copied, marks
from napari_boundaryseg.data.datasets.files import entries
from napari_boundaryseg.data.datasets.loading import load_labelled, with_channels
from napari_boundaryseg.data.datasets.organ_names import named, refuse_other_integers
from napari_boundaryseg.data.datasets.reading import read_dataset
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.errors import InputError


@pytest.mark.parametrize(
    ("have", "wanted", "found"),
    [
        (["T1", "T2"], ["t2", "t1"], [1, 0]),
        (["T1-Gd", "t1"], ["t1", "t1c"], [1, 0]),
        (["t1", "t1"], ["t1"], None),
        (["t1", "flair"], ["t2"], None),
        (["in phase", "OUT PHASE"], ["out phase"], [1]),
    ],
)
def test_channels_are_found_by_name_when_each_is_there_once(
    have: list[str], wanted: list[str], found: list[int] | None
) -> None:
    assert places(have, wanted) == found


@pytest.mark.parametrize(
    ("have", "wanted", "doubtful"),
    [
        (["MRI"], ["t2"], True),
        (["MRI"], ["image"], False),  # no name says anything
        (["t2"], ["image"], False),  # one channel, of which nothing is asked
        (["t1", "t2"], ["first", "second"], True),
        (["a", "b"], ["t1", "t2"], True),
        (["t2", "t1"], ["t1", "t2"], False),  # found by name
        (["t1", "flair"], ["t1", "t2"], False),  # every name is known: another check refuses it
        (["t1", "b"], ["t1", "t2"], True),
        (["t1"], ["t1", "t2"], False),  # their number is refused elsewhere
        (["t1", "t2", "b"], ["t1", "t2"], False),
    ],
)
def test_channels_that_are_taken_by_their_order_are_told(have: list[str], wanted: list[str], doubtful: bool) -> None:
    assert bool(doubt(have, wanted)) is doubtful
    assert not doubtful or doubt(have, wanted).startswith(f"Its channels {', '.join(have)} are taken as")


def test_every_way_to_write_a_channel_is_one_channel() -> None:
    assert {plain(name) for name in ("T1ce", "t1-Gd", "T1 post", "t1c")} == {"t1c"}
    assert plain("ADC") == "adc" and plain("Dixon W") == "dixon w"


def test_three_names_are_listed_and_the_others_counted() -> None:
    assert [some("abcdef"[:n]) for n in (1, 3, 4, 6)] == ["a", "a, b, c", "a, b, c and 1 more", "a, b, c and 3 more"]


def test_eight_labels_of_a_data_set_are_named_in_a_refusal() -> None:
    names = [f"thing {n}" for n in range(1, 10)]
    for count, end in ((8, "thing 8, and"), (9, "thing 8 and more, and")):
        with pytest.raises(InputError, match=end):
            named(list(enumerate(names[:count], start=1)), preset("hippocampus"), "dataset.json")


def test_an_integer_that_a_listing_gives_to_another_organ_is_refused_with_both() -> None:
    scheme = preset("hippocampus")
    refuse_other_integers([(1, "anterior"), (2, "Hippocampus_P"), (7, "something else")], scheme, "dataset.json")
    with pytest.raises(InputError, match="the integer 2 is anterior there, and hippocampus has Hippocampus_A as 1"):
        refuse_other_integers([(2, "anterior")], scheme, "dataset.json")
    with pytest.raises(InputError, match="the integer 1 is body there, and x has two as 5") as refused:
        other = scheme.model_copy(update={"name": "x", "organs": ()})
        organ = scheme.organs[0].model_copy(update={"id": 5, "name": "two", "aliases": ("body",)})
        refuse_other_integers([(1, "body")], other.model_copy(update={"organs": (organ,)}), "labels.txt")
    assert refused.value.subject == "labels.txt"


def test_a_data_set_of_a_long_name_keeps_what_a_scheme_may_be_called() -> None:
    assert named([(1, "thing")], None, "x" * 80).name == "x" * 64


def test_only_the_names_that_stand_twice_are_told(tmp_path: Path) -> None:
    for name in ("a.nii.gz", "b.nii.gz"):
        formats.write(volume(np.arange(60, dtype=np.int16).reshape(1, 3, 4, 5)), tmp_path / name)
    entries_of = [{"image": name} for name in ("a.nii.gz", "b.nii.gz", "./a.nii.gz")]
    (tmp_path / "dataset.json").write_text(json.dumps({"training": entries_of}), "utf-8")
    with pytest.raises(InputError, match=r"two cases are named a\. "):
        read_dataset(tmp_path)


def test_a_case_that_was_read_is_not_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Case("a", (), None).name = "b"  # type: ignore[misc]


def volume(array: np.ndarray, affine: np.ndarray | None = None) -> Volume:
    return Volume(array, Geometry(array.shape[1:], np.eye(4) if affine is None else affine))


def test_scans_that_differ_in_one_voxel_anywhere_are_no_copies() -> None:
    base = np.zeros((1, 3, 4, 5), np.int16)
    found = []
    for voxel in itertools.product((0, 2), (0, 3), (0, 4)):
        array = base.copy()
        array[(0, *voxel)] = -7
        found.append((str(voxel), marks(volume(array))))
    assert len(list(copied(found, found[:1]))) == 1
    assert all(names for _, names in found), "a single voxel that differs is enough to be known again"
    assert list(copied(found[:4], found[4:])) == []
    assert marks(volume(base)) == marks(volume(base + 3)) == frozenset(), "a constant scan is like any other"


def test_a_copy_is_known_in_any_type_that_holds_its_values() -> None:
    array = np.arange(60, dtype=np.int16).reshape(1, 3, 4, 5) - 30
    one = [("one", marks(volume(array)))]
    for kind in (np.int32, np.float32, np.float64, ">i2"):
        assert list(copied(one, [("two", marks(volume(array.astype(kind))))])) == ["two is the same scan as one"]
    signed = array.astype(np.float32)
    signed[signed == 0] = -0.0
    assert list(copied(one, [("two", marks(volume(signed)))])) == ["two is the same scan as one"]


def test_channels_are_chosen_by_name_among_files_and_within_one() -> None:
    files = (Path("a.nii"), Path("b.nii"))
    several = Case("a", files, None, channels=("t1", "t2"))
    one = Case("b", files[:1], None, channels=("t1", "t2"))
    unnamed = Case("c", files[:1], None)
    chosen = with_channels([several, one, unnamed], ["t2"])
    assert [(case.images, case.channels, case.wanted) for case in chosen] == [
        ((Path("b.nii"),), ("t2",), ()),
        (files[:1], ("t1", "t2"), ("t2",)),
        (files[:1], (), ()),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three scans, two of them labelled."""
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    rng = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        scan = volume(rng.normal(size=(1, 4, 5, 6)).astype(np.float32))
        formats.write(scan, tmp_path / "images" / f"{name}.nii.gz")
        if name != "c":
            drawn = np.ones((4, 5, 6), np.uint8)
            drawn[2:] = 2
            formats.write(LabelMap(drawn, scan.geometry), tmp_path / "labels" / f"{name}.nii.gz")
    return tmp_path


def test_only_labelled_cases_are_loaded_and_a_folder_of_labels_is_no_scan(folder: Path) -> None:
    cases = read_dataset(folder)
    assert [case.name for case in cases] == ["a", "b", "c"]
    assert len(list(load_labelled(cases, preset("hippocampus")))) == 2
    (folder / "labels.nii.gz").write_bytes((folder / "images" / "a.nii.gz").read_bytes())
    (folder / "series").mkdir()
    assert [path.name for path in entries(folder)] == ["images", "labels.nii.gz", "series"]


def test_checking_says_how_far_it_is_and_how_many_cases_are_wrong(folder: Path) -> None:
    cases = read_dataset(folder)
    said: list[tuple[float, str]] = []
    check_cases(
        cases[:2], preset("hippocampus"), judging=cases[2:], progress=lambda part, text: said.append((part, text))
    )
    assert said == [(0.0, "Checking a"), (pytest.approx(1 / 3), "Checking b"), (pytest.approx(2 / 3), "Checking c")]
    for name in ("a", "c"):
        formats.write(volume(np.full((1, 4, 5, 6), 3.0, np.float32)), folder / "images" / f"{name}.nii.gz")
    with pytest.raises(InputError, match="2 of 3 cases: a: the image is the same everywhere; c: the image") as refused:
        check_cases(cases[:2], preset("hippocampus"), judging=cases[2:])
    assert refused.value.subject == "2 of 3 cases"


def test_a_channel_that_is_the_same_but_for_one_voxel_is_an_image(folder: Path) -> None:
    array = np.full((1, 4, 5, 6), 3.0, np.float32)
    array[0, 0, 0, 0] = 4
    formats.write(volume(array), folder / "images" / "a.nii.gz")
    check_cases(read_dataset(folder)[:2], preset("hippocampus"))


def test_organs_that_only_some_cases_hold_are_counted_and_those_of_all_are_not_told(folder: Path) -> None:
    cases = read_dataset(folder)[:2]
    assert check_cases(cases, preset("hippocampus")) == ()
    drawn = np.ones((4, 5, 6), np.uint8)
    formats.write(LabelMap(drawn, Geometry((4, 5, 6), np.eye(4))), folder / "labels" / "b.nii.gz")
    (said,) = check_cases(cases, preset("hippocampus"))
    assert said.startswith("Hippocampus_P is labelled in 1 of 2 cases")
