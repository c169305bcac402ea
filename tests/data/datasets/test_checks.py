"""What is looked at before a training: blank images, organs that nobody drew, copies on both sides."""

from __future__ import annotations

import struct
from pathlib import Path

import nibabel
import numpy as np
import pytest
from study_folder import GRID, SHAPE, labels, scan

from napari_boundaryseg.data.datasets import Case, check_cases
from napari_boundaryseg.data.datasets.copies import copied, marks, one_scan
from napari_boundaryseg.data.formats import read, write
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.errors import InputError

HIPPOCAMPUS = preset("hippocampus")


def case(folder: Path, name: str, array: np.ndarray | None = None, holding: tuple[int, ...] = (1, 2)) -> Case:
    volume = scan(sum(name.encode())) if array is None else Volume(array[np.newaxis], GRID)
    write(volume, folder / f"{name}.nii.gz")
    labels(folder / "labels", f"{name}.nii.gz", holding=holding)
    return Case(name, (folder / f"{name}.nii.gz",), folder / "labels" / f"{name}.nii.gz")


def test_a_blank_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^1 of 2 cases: blank: the image is the same everywhere"):
        check_cases([case(tmp_path, "blank", np.full(SHAPE, 7, np.int16)), case(tmp_path, "a")], HIPPOCAMPUS)


@pytest.mark.parametrize(
    ("axis", "slices", "words"),
    [(2, [1, 2, 3], r"slices k = 1 to 3"), (0, [2], r"slices i = 2"), (1, [0, 3], r"slices j = 0, 3")],
)
def test_slices_without_numbers_are_named(tmp_path: Path, axis: int, slices: list[int], words: str) -> None:
    array = scan().array[0].astype(np.float32)
    np.moveaxis(array, axis, 0)[slices] = np.nan
    with pytest.raises(InputError, match=rf"a: some voxels are not numbers \({words}\)"):
        check_cases([case(tmp_path, "a", array)], HIPPOCAMPUS)


def test_an_image_without_any_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="some voxels are not numbers, the image is the same everywhere"):
        check_cases([case(tmp_path, "a", np.full(SHAPE, np.nan, np.float32))], HIPPOCAMPUS)


def test_a_blank_channel_among_others_is_named(tmp_path: Path) -> None:
    one, two = case(tmp_path, "a"), case(tmp_path, "b", np.zeros(SHAPE, np.int16))
    both = Case("ab", (*one.images, *two.images), one.label)
    with pytest.raises(InputError, match="ab: the image is the same everywhere in b"):
        check_cases([both], HIPPOCAMPUS, 2)


def test_an_organ_that_no_case_holds_is_named(tmp_path: Path) -> None:
    cases = [case(tmp_path, name, holding=(1,)) for name in "abc"]
    judging = [case(tmp_path, "d")]
    assert check_cases(cases, HIPPOCAMPUS, judging=judging) == (
        "No case has Hippocampus_P: the model learns that there is none.",
    )
    with pytest.raises(InputError, match=r"^3 cases: no case has Hippocampus_P"):
        check_cases(cases, HIPPOCAMPUS, judging=judging, every_organ=True)


def test_an_organ_that_only_some_cases_hold_is_said(tmp_path: Path) -> None:
    cases = [case(tmp_path, "a"), case(tmp_path, "b", holding=(1,)), case(tmp_path, "c", holding=(1, 2))]
    assert check_cases(cases, HIPPOCAMPUS, every_organ=True) == (
        "Hippocampus_P is labelled in 2 of 3 cases: in the others it is taught as background.",
    )
    assert check_cases(cases[:1], HIPPOCAMPUS, every_organ=True) == ()


def test_the_same_fault_of_many_cases_is_told_once_with_all_their_names(tmp_path: Path) -> None:
    cases = [case(tmp_path, name, holding=(9,)) for name in "abcde"]
    with pytest.raises(InputError) as refused:
        check_cases(cases, HIPPOCAMPUS)
    assert str(refused.value).startswith("5 of 5 cases: a, b, c, d, e: ")
    assert str(refused.value).count("holds [9]") == 1


# --- copies -----------------------------------------------------------------------------------------------------------

AFFINE = np.array([[-1.5, 0, 0, 20], [0, 2.0, 0, -30], [0, 0, 1.0, 5], [0, 0, 0, 1.0]])
VOXELS = np.random.default_rng(7).integers(0, 1000, SHAPE).astype(np.int16)


def saved(path: Path, array: np.ndarray = VOXELS, affine: np.ndarray = AFFINE) -> Path:
    nibabel.save(nibabel.Nifti1Image(array, affine), path)
    return path


def turned(path: Path, axes: str) -> Path:
    """The same scan stored along other axes, as nibabel does it."""
    image = nibabel.Nifti1Image(VOXELS, AFFINE)
    want = nibabel.orientations.axcodes2ornt(axes)
    way = nibabel.orientations.ornt_transform(nibabel.io_orientation(AFFINE), want)
    nibabel.save(image.as_reoriented(way), path)
    return path


def scaled(path: Path) -> Path:
    """The same values as whole numbers with a slope."""
    nibabel.save(nibabel.Nifti1Image(VOXELS * 2, AFFINE), path)
    stored = bytearray(path.read_bytes())
    struct.pack_into("<2f", stored, 112, 0.5, 0.0)  # scl_slope, scl_inter
    path.write_bytes(stored)
    assert np.array_equal(nibabel.load(path).get_fdata(), VOXELS)
    return path


COPIES = {
    "the same file": lambda folder: saved(folder / "x.nii.gz"),
    "not compressed": lambda folder: saved(folder / "x.nii"),
    "float": lambda folder: saved(folder / "x.nii.gz", VOXELS.astype(np.float32)),
    "double": lambda folder: saved(folder / "x.nii.gz", VOXELS.astype(np.float64)),
    "unsigned": lambda folder: saved(folder / "x.nii.gz", VOXELS.astype(np.uint16)),
    "slope": lambda folder: scaled(folder / "x.nii"),
    "moved": lambda folder: saved(folder / "x.nii.gz", VOXELS, AFFINE + np.eye(4)[:, ::-1] * 0.25),
    "geometry lost": lambda folder: saved(folder / "x.nii.gz", VOXELS, np.eye(4)),
    "RAS": lambda folder: turned(folder / "x.nii.gz", "RAS"),
    "PIL": lambda folder: turned(folder / "x.nii.gz", "PIL"),
}


def copies(one: Volume, two: Volume) -> list[str]:
    return list(copied([(one.name, marks(one))], [(two.name, marks(two))]))


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_on_the_other_side_is_refused_with_both_names(tmp_path: Path, name: str) -> None:
    (tmp_path / "other").mkdir()
    first = Case("first", (saved(tmp_path / "first.nii.gz"),), None)
    second = Case("second", (COPIES[name](tmp_path / "other"),), None)
    for sides in ({"judging": [second]}, {"others": [second]}):
        with pytest.raises(InputError, match="second is the same scan as first, which is learnt from"):
            check_cases([first], HIPPOCAMPUS, **sides)  # type: ignore[arg-type]
    assert check_cases([first, second], HIPPOCAMPUS)[-1] == "first, second are one scan: it is learnt from 2 times."
    assert copies(read(first.images[0]), read(second.images[0])) == ["x is the same scan as first"]


def test_copies_on_one_side_are_told(tmp_path: Path) -> None:
    learnt = [case(tmp_path, name, VOXELS) for name in "abcde"] + [case(tmp_path, "f")]
    judging = [case(tmp_path, name, VOXELS + 1) for name in "gh"] + [case(tmp_path, "i", VOXELS + 2)]
    assert check_cases(learnt, HIPPOCAMPUS, judging=judging) == (
        "a, b, c and 2 more are one scan: it is learnt from 5 times.",
        "g, h are one scan, kept apart under 2 names: they are one patient.",
    )
    assert check_cases(learnt[-1:], HIPPOCAMPUS, judging=judging[-1:]) == ()


def test_copies_are_found_whatever_their_order() -> None:
    found = {"a": "x", "b": "y", "c": "xy", "d": "z", "e": "y", "f": "w", "g": ""}
    for order in ("abcdefg", "gfedcba", "cabedgf"):
        groups = one_scan((name, frozenset(found[name])) for name in order)
        assert [set(names) for names in groups] == [set("abce")]


@pytest.mark.parametrize("format", ["nrrd", "mha"])
def test_a_copy_in_another_format_is_found(tmp_path: Path, format: str) -> None:
    sitk = pytest.importorskip("SimpleITK")
    saved(tmp_path / "a.nii.gz")
    sitk.WriteImage(sitk.ReadImage(str(tmp_path / "a.nii.gz")), str(tmp_path / f"b.{format}"), True)
    assert marks(read(tmp_path / "a.nii.gz")) & marks(read(tmp_path / f"b.{format}"))


def test_another_scan_is_no_copy(tmp_path: Path) -> None:
    changed = VOXELS.copy()
    changed[1, 1, 1] += 1
    first = Case("first", (saved(tmp_path / "first.nii.gz"),), None)
    second = Case("second", (saved(tmp_path / "second.nii.gz", changed),), None)
    check_cases([first], HIPPOCAMPUS, judging=[second])
    mirrored = Volume(VOXELS[np.newaxis, ::-1], Geometry(SHAPE, AFFINE))
    assert copies(read(first.images[0]), mirrored) == []
    blank = Volume(np.zeros((1, *SHAPE), np.int16), GRID)
    assert marks(blank) == frozenset(), "blank channels are alike without being copies"


def test_one_channel_that_two_cases_share_is_enough() -> None:
    one = Volume(np.stack([VOXELS, VOXELS + 1]), GRID, ("a", "b"))
    two = Volume(np.stack([VOXELS + 2, VOXELS]), GRID, ("a", "b"), name="two")
    assert copies(one, two) == ["two is the same scan as scan"]


def test_a_case_that_is_not_used_and_cannot_be_read_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "bad.nii.gz").write_bytes(b"no scan")
    first = Case("first", (saved(tmp_path / "first.nii.gz"),), None)
    check_cases([first], HIPPOCAMPUS, others=[Case("bad", (tmp_path / "bad.nii.gz",), None)])
