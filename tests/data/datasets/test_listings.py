"""``dataset.json``: what it names is matched by name, and what it says wrong is refused in one sentence."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from study_folder import GRID, labels, listing, scan, scans

from napari_boundaryseg.data.datasets import check_cases, load_case, read_dataset, with_channels
from napari_boundaryseg.data.datasets.layouts.dataset_json import listing_of, listing_place
from napari_boundaryseg.data.formats import write
from napari_boundaryseg.data.labels import LabelScheme, Organ, preset
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import InputError

ENTRY = {"image": "./imagesTr/h_1.nii.gz", "label": "./labelsTr/h_1.nii.gz"}


def one_case(folder: Path, scheme: str = "hippocampus", holding: tuple[int, ...] = (1, 1, 1, 2), **content: object):
    """What a label map with some integers is taken for, as the integers of a scheme."""
    scans(folder / "imagesTr", "h_1.nii.gz")
    labels(folder / "labelsTr", "h_1.nii.gz", holding=holding)
    listing(folder, training=[ENTRY], **content)
    (case,) = read_dataset(folder)
    found = load_case(case, preset(scheme))[1]
    assert found is not None
    assert found.scheme == preset(scheme)
    return found.array.ravel()[: len(holding)].tolist()


# --- labels by name ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        ({"0": "background", "1": "Anterior", "2": "Posterior"}, [1, 1, 1, 2]),  # the Decathlon's own
        ({"0": "background", "1": "Posterior", "2": "Anterior"}, [2, 2, 2, 1]),
        ({"background": 0, "Hippocampus_P": 1, "Hippocampus_A": 2}, [2, 2, 2, 1]),
        ({"background": 0, "posterior hippocampus": 1, "HIPPOCAMPUS-ANTERIOR": 2}, [2, 2, 2, 1]),
        ({"background": "0", "posterior": "1", "anterior": "2"}, [2, 2, 2, 1]),
        ({"background": 0, "posterior": [1], "anterior": [2]}, [2, 2, 2, 1]),
        ({"background": 0, "posterior": 1, "anterior": 2, "brain stem": 3}, [2, 2, 2, 1]),
        ({}, [1, 1, 1, 2]),
    ],
)
def test_labels_are_taken_by_the_names_of_the_organs(
    tmp_path: Path, names: dict[str, object], taken: list[int]
) -> None:
    assert one_case(tmp_path, labels=names) == taken


PUBLIC = {
    "Decathlon brain": ("msd-brain-tumour", {"0": "background", "1": "edema", "2": "non-enhancing tumor",
                                             "3": "enhancing tumour"}, [1, 2, 3]),
    "swapped, in a BraTS scheme": ("brats-2023", {"background": 0, "ED": 1, "NCR": 2, "ET": 3}, [2, 1, 3]),
    "old integers": ("brats-2022", {"0": "background", "1": "necrosis", "2": "edema", "3": "enhancing"}, [1, 2, 4]),
    "Decathlon spleen": ("msd-spleen", {"0": "background", "1": "spleen"}, [1]),
    "kidneys": ("kits-2019", {"background": 0, "tumor": 1, "kidneys": 2}, [2, 1]),
    "PROMISE12": ("prostate", {"background": 0, "prostate": 1}, [1]),
    "femoral heads": ("pelvis-ct", {"right femoral head": 1, "Left Femur Head": 2, "rectum": 3, "urinary bladder": 4,
                                    "prostate": 5}, [5, 4, 3, 1, 2]),
    "sarcoma": ("sarcoma", {"background": 0, "Tumor": 1}, [1]),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLIC)
def test_names_of_public_data_sets_are_known(tmp_path: Path, name: str) -> None:
    scheme, names, taken = PUBLIC[name]
    assert one_case(tmp_path, scheme, tuple(range(1, len(taken) + 1)), labels=names) == taken


REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "names that nobody knows": (
        {"0": "background", "1": "label1", "2": "label2"},
        "names the labels label1, label2, and none of them is Hippocampus_A, Hippocampus_P",
    ),
    "a missing organ": ({"background": 0, "anterior": 1, "amygdala": 2}, "none of them is Hippocampus_P"),
    "two names of one organ": (
        {"background": 0, "anterior": 1, "hippocampus head": 2, "posterior": 3},
        "it names anterior and hippocampus head, which are both Hippocampus_A",
    ),
    "the background alone": ({"0": "background"}, "it names no label but the background"),
    "an integer that has no name": ({"background": 0, "anterior": 1, "posterior": 3}, r"holds \[2\]"),
    "regions": ({"background": 0, "whole": [1, 2], "posterior": 2}, "its labels whole are regions of several integers"),
    "an organ as the background": ({"0": "anterior", "1": "posterior"}, "none of them is Hippocampus_A"),
    "one integer twice": ({"background": 0, "anterior": 1, "posterior": 1}, "two of its labels are 1"),
    "no integer": ({"background": 0, "anterior": "one"}, "no pair of a name and an integer"),
    "half": ({"background": 0, "anterior": 1.5}, "no pair of a name and an integer"),
    "true": ({"background": 0, "anterior": True}, "no pair of a name and an integer"),
    "negative": ({"background": 0, "anterior": -1}, "no pair of a name and an integer"),
    "too large": ({"background": 0, "anterior": 65535}, "no pair of a name and an integer"),
    "far too many": ({f"organ {n}": n for n in range(1, 2000)}, "it names 1999 labels"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_labels_that_cannot_be_matched_are_refused(tmp_path: Path, name: str) -> None:
    names, reason = REFUSED[name]
    with pytest.raises(InputError, match=reason):
        one_case(tmp_path, labels=names)


def test_a_drawn_organ_that_the_recipe_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it holds amygdala"):
        one_case(tmp_path, holding=(1, 2, 3), labels={"anterior": 1, "posterior": 2, "amygdala": 3})


def test_without_a_recipe_the_labels_bear_their_names(tmp_path: Path) -> None:
    scans(tmp_path / "imagesTr", "h_1.nii.gz")
    labels(tmp_path / "labelsTr", "h_1.nii.gz")
    listing(tmp_path, training=[ENTRY], labels={"background": 0, "cup": 2, "disc": 1})
    found = load_case(read_dataset(tmp_path)[0])[1]
    assert found is not None
    assert found.scheme.names == ("disc", "cup")


def test_the_folders_of_nnunet_are_matched_as_a_list_is(tmp_path: Path) -> None:
    scans(tmp_path / "imagesTr", "h_1_0000.nii.gz")
    labels(tmp_path / "labelsTr", "h_1.nii.gz", holding=(1, 2))
    listing(tmp_path, labels={"background": 0, "posterior": 1, "anterior": 2}, channel_names={"0": "MRI"})
    found = load_case(read_dataset(tmp_path)[0], preset("hippocampus"))[1]
    assert found is not None
    assert found.array.ravel()[:2].tolist() == [2, 1]


def test_one_word_of_a_scheme_is_not_another_organ(tmp_path: Path) -> None:
    own = LabelScheme(name="own", organs=(Organ(id=1, name="Kidney_L", colour="#112233"),))
    scans(tmp_path / "imagesTr", "h_1.nii.gz")
    labels(tmp_path / "labelsTr", "h_1.nii.gz", holding=(1,))
    listing(tmp_path, training=[ENTRY], labels={"background": 0, "kidney": 1})
    with pytest.raises(InputError, match="none of them is Kidney_L"):
        load_case(read_dataset(tmp_path)[0], own)


# --- channels by name -------------------------------------------------------------------------------------------------


def four_channels(folder: Path, names: object, together: bool) -> None:
    """Channel n holds n and one voxel more; in one file, or in one file each."""
    array = np.stack([np.full(GRID.shape, n, np.int16) for n in range(4)])
    array[:, 0, 0, 0] = 99
    (folder / "imagesTr").mkdir()
    if together:
        write(Volume(array, GRID, ("a", "b", "c", "d")), folder / "imagesTr" / "h_1.nii.gz")
    for n in range(0 if together else 4):
        write(Volume(array[n : n + 1], GRID), folder / "imagesTr" / f"h_1_{n:04}.nii.gz")
    labels(folder / "labelsTr", "h_1.nii.gz", holding=(1, 2, 3))
    listing(folder, training=[ENTRY], modality=names)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("names", "wanted", "taken"),
    [
        ({"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"}, ("t1", "t1c", "t2", "flair"), [1, 2, 3, 0]),
        ({"3": "T2w", "1": "T1w", "0": "T2-FLAIR", "2": "T1ce"}, ("t2", "t1"), [3, 1]),
        (["T1n", "T1c", "T2w", "T2f"], ("flair",), [3]),
    ],
)
def test_channels_are_taken_by_their_names(
    tmp_path: Path, names: object, wanted: tuple[str, ...], taken: list[int], together: bool
) -> None:
    four_channels(tmp_path, names, together)
    (case,) = with_channels(read_dataset(tmp_path), wanted)
    volume = load_case(case)[0]
    assert volume.array[:, 1, 1, 1].tolist() == taken
    assert len(volume.channels) == len(taken)


def test_a_scan_with_other_channels_than_are_named_is_refused(tmp_path: Path) -> None:
    four_channels(tmp_path, {"0": "T1", "1": "T2"}, together=True)
    with pytest.raises(InputError, match=r"h_1: it has 4 channels, and dataset\.json names T1, T2"):
        load_case(read_dataset(tmp_path)[0])


@pytest.mark.parametrize("names", [{"0": "T1", "2": "T2"}, {"1": "T1"}, {"a": "T1"}, [1, 2], 7, {"0": None}])
def test_channel_names_out_of_order_are_refused(tmp_path: Path, names: object) -> None:
    listing(tmp_path, training=[], modality=names)
    with pytest.raises(InputError, match="its channel names are not numbered 0, 1, 2 and on"):
        read_dataset(tmp_path)


# --- which files ------------------------------------------------------------------------------------------------------


def found(folder: Path) -> dict[str, list[str]]:
    return {case.name: [image.name for image in case.images] for case in read_dataset(folder)}


@pytest.mark.parametrize("listed", ["h_1", "h_1_0000"])
def test_a_list_of_nnunet_names_a_case_or_its_first_channel(tmp_path: Path, listed: str) -> None:
    scans(tmp_path / "imagesTr", "h_1_0000.nii.gz", "h_1_0001.nii.gz")
    scans(tmp_path / "imagesTs", "t_0000.nii.gz", "t_0001.nii.gz")
    labels(tmp_path / "labelsTr", "h_1.nii.gz")
    test = f"./imagesTs/{listed.replace('h_1', 't')}.nii.gz"
    entry = {"image": f"./imagesTr/{listed}.nii.gz", "label": "./labelsTr/h_1.nii.gz"}
    listing(tmp_path, training=[entry], test=[test], modality={"0": "T1", "1": "T2"})
    wanted = {name: [f"{name}_0000.nii.gz", f"{name}_0001.nii.gz"] for name in ("h_1", "t")}
    assert found(tmp_path) == wanted


def test_listed_patients_with_four_digits_stay_patients(tmp_path: Path) -> None:
    names = ["amos_0000.nii.gz", "amos_0001.nii.gz"]
    scans(tmp_path / "imagesTr", *names)
    labels(tmp_path / "labelsTr", *names)
    scans(tmp_path / "imagesTs", "p_0000.nii.gz", "p_0001.nii.gz")
    entries = [{"image": f"imagesTr/{name}", "label": f"labelsTr/{name}"} for name in names]
    listing(tmp_path, training=entries, test=["imagesTs/p_0000.nii.gz", "imagesTs/p_0001.nii.gz"])
    assert list(found(tmp_path)) == ["amos_0000", "amos_0001", "p_0000", "p_0001"]


@pytest.mark.parametrize("numbers", [(0, 2), (1, 2), (0,)])
def test_a_missing_channel_is_named(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    scans(tmp_path / "imagesTr", *(f"h_1_{n:04}.nii.gz" for n in numbers))
    labels(tmp_path / "labelsTr", "h_1.nii.gz")
    listing(tmp_path, training=[ENTRY], modality={"0": "T1", "1": "T2", "2": "T2f"})
    with pytest.raises(InputError, match=rf"h_1 has the files h_1_{numbers[0]:04}\.nii\.gz.*3 channels are named"):
        read_dataset(tmp_path)


def test_test_files_that_were_not_unpacked_are_said(tmp_path: Path) -> None:
    scans(tmp_path / "imagesTr", "h_1.nii.gz")
    labels(tmp_path / "labelsTr", "h_1.nii.gz")
    listing(tmp_path, training=[ENTRY], test=[f"./imagesTs/t_{n}.nii.gz" for n in range(5)])
    cases = read_dataset(tmp_path)
    assert [case.name for case in cases] == ["h_1"]
    (warning,) = cases.warnings
    assert warning == (
        "dataset.json lists 5 test files that are not there: t_0.nii.gz, t_1.nii.gz, t_2.nii.gz and 2 more."
    )


def test_one_test_file_that_was_not_unpacked_is_said_of_one(tmp_path: Path) -> None:
    scans(tmp_path / "imagesTr", "h_1.nii.gz")
    labels(tmp_path / "labelsTr", "h_1.nii.gz")
    listing(tmp_path, training=[ENTRY], test=["./imagesTs/t_0.nii.gz"])
    assert read_dataset(tmp_path).warnings == ("dataset.json lists 1 test file that is not there: t_0.nii.gz.",)


def test_the_names_of_labels_lie_beside_them_or_above_the_folder_of_labels(tmp_path: Path) -> None:
    labels(tmp_path / "labelsTr", "h_1.nii.gz")
    assert listing_place(tmp_path / "labelsTr") == listing_place(tmp_path / "labelsTr" / "h_1.nii.gz") == tmp_path
    listing(tmp_path / "labelsTr")
    assert listing_place(tmp_path / "labelsTr" / "h_1.nii.gz") == tmp_path / "labelsTr"
    assert listing_place(tmp_path) == tmp_path


def test_the_largest_integer_of_a_label_map_can_be_named(tmp_path: Path) -> None:
    listing(tmp_path, training=[], labels={"background": 0, "cup": 65534})
    assert (65534, "cup") in listing_of(tmp_path).organs


def test_a_training_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    scans(tmp_path / "imagesTr", "h_1.nii.gz")
    listing(tmp_path, training=[ENTRY])
    with pytest.raises(InputError, match=r"it names h_1\.nii\.gz, which is not there"):
        read_dataset(tmp_path)


def test_scans_that_are_not_listed_are_said(tmp_path: Path) -> None:
    scans(tmp_path / "imagesTr", "h_1.nii.gz", "h_2.nii.gz")
    labels(tmp_path / "labelsTr", "h_1.nii.gz")
    listing(tmp_path, training=[ENTRY])
    assert read_dataset(tmp_path).warnings == ("dataset.json does not list h_2.nii.gz: left out.",)


def test_cases_for_validation_are_held_apart(tmp_path: Path) -> None:
    scans(tmp_path / "imagesTr", "h_1.nii.gz", "h_2.nii.gz")
    labels(tmp_path / "labelsTr", "h_1.nii.gz", "h_2.nii.gz")
    other = {key: value.replace("h_1", "h_2") for key, value in ENTRY.items()}
    listing(tmp_path, training=[ENTRY], validation=[other])
    assert [case.split for case in read_dataset(tmp_path)] == ["", "val"]


def test_a_table_of_cases_as_nnunet_writes_it(tmp_path: Path) -> None:
    scans(tmp_path / "raw", "x1.nii.gz", "x2.nii.gz")
    labels(tmp_path / "seg", "x.nii.gz")
    case = {"images": ["raw/x1.nii.gz", "raw/x2.nii.gz"], "label": "seg/x.nii.gz"}
    listing(tmp_path, dataset={"patient": case}, channel_names={"0": "T1", "1": "T2"})
    (one,) = read_dataset(tmp_path)
    assert (one.name, one.channels, len(one.images)) == ("patient", ("T1", "T2"), 2)


@pytest.mark.parametrize(
    "text",
    ["\ufeff{}", '{"training": [], "training": []}', '{"labels": {"1": "a", "1": "b"}, "training": []}',
     '{"training": {}}', '{"training": [], "test": "x"}', '{"training": [7]}', '{"training": [{"image": ""}]}',
     '{"training": [{"image": "."}]}', '{"training": [{"image": "a\\u0000b"}]}', '{"training": [{"image": "\\ud800"}]}',
     '{"training": [{"image": "h", "label": 3}]}', '{"training": [{"image": ["h", 3]}]}', "[" * 100_000,
     json.dumps({"training": [{"image": "x" * 5000}]}), '{"dataset": {"a": 3}}', '{"dataset": {"a": {}}}', "1" * 5000],
)  # fmt: skip
def test_what_no_list_says_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "dataset.json").write_text(text, "utf-8")
    with pytest.raises(InputError) as refused:
        read_dataset(tmp_path)
    str(refused.value).encode()


ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    ".",
    "..",
    "/",
    "a\0b",
    "\ud800",
    "x" * 3000,
    [],
    [[]],
    {},
    {"": ""},
]


def mutated(value: Any, rng: random.Random) -> Any:
    """The same JSON with one thing replaced, removed, repeated or renamed."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(list(value))
        changed = dict(value)
        way = rng.random()
        if way < 0.1:
            del changed[key]
        elif way < 0.2:
            changed[str(rng.choice(ODD))] = changed.pop(key)
        else:
            changed[key] = mutated(value[key], rng)
        return changed
    if isinstance(value, list) and value and rng.random() < 0.8:
        place = rng.randrange(len(value))
        return [*value[:place], mutated(value[place], rng), *value[place + rng.randrange(2) :]]
    return rng.choice(ODD)


@pytest.mark.parametrize("seed", range(25))
def test_a_mutated_list_is_read_or_refused_never_a_crash(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    scans(tmp_path / "imagesTr", "h_1.nii.gz", "h_2_0000.nii.gz")
    labels(tmp_path / "labelsTr", "h_1.nii.gz", "h_2.nii.gz")
    second = {"image": "./imagesTr/h_2.nii.gz", "label": "./labelsTr/h_2.nii.gz"}
    whole: dict[str, Any] = {
        "training": [ENTRY, second], "test": ["./imagesTs/t.nii.gz"], "modality": {"0": "MRI"},
        "labels": {"0": "background", "1": "Anterior", "2": "Posterior"}, "numTraining": 2,
    }  # fmt: skip
    if seed % 2:
        whole = {**whole, "labels": {"background": 0, "anterior": 1, "posterior": [2]}, "channel_names": ["MRI"]}
    for _ in range(12):
        (tmp_path / "dataset.json").write_text(json.dumps(mutated(whole, rng)), "utf-8")
        try:
            cases = read_dataset(tmp_path)
            check_cases([case for case in cases if case.label], preset("hippocampus"))
        except InputError as refused:
            str(refused).encode()


def test_every_case_of_the_list_is_one_scan() -> None:
    assert not np.array_equal(scan(1).array, scan(2).array), "the scans of these tests are no copies"
