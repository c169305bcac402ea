"""Label files that name their integers in a folder of cases: matched by name, and at one with what the folder says."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from study_folder import SHAPE, listing, scans

from napari_boundaryseg.data.datasets import Case, check_cases, load_case, read_dataset
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.errors import InputError

HIPPOCAMPUS = preset("hippocampus")
"""1 Hippocampus_A, 2 Hippocampus_P"""
HELD = [1, 1, 1, 2]


def named_labels(path: Path, names: dict[int, str]) -> None:
    """Three voxels of 1 and one of 2, under names in a label table."""
    array = np.zeros(SHAPE, np.uint8)
    array.flat[:4] = HELD
    image = nib.Nifti1Image(array, np.eye(4))
    rows = "".join(f'<Label Key="{i}">{name}</Label>' for i, name in names.items())
    text = f"<CaretExtension><LabelTable>{rows}</LabelTable></CaretExtension>"
    image.header.extensions.append(nib.nifti1.Nifti1Extension(30, text.encode()))
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image, path)


def held(case: Case) -> list[int]:
    labels = load_case(case, HIPPOCAMPUS)[1]
    assert labels is not None
    return labels.array.ravel()[:4].tolist()


def test_names_in_the_labels_of_a_folder_count(tmp_path: Path) -> None:
    scans(tmp_path / "images", "a.nii.gz", "b.nii.gz", "c.nii.gz")
    named_labels(tmp_path / "labels" / "a.nii.gz", {1: "Anterior", 2: "Posterior"})
    named_labels(tmp_path / "labels" / "b.nii.gz", {1: "Posterior", 2: "Anterior"})
    named_labels(tmp_path / "labels" / "c.nii.gz", {1: "Amygdala", 2: "Posterior"})
    a, b, c = read_dataset(tmp_path)
    assert held(a) == [1, 1, 1, 2]
    assert held(b) == [2, 2, 2, 1]
    with pytest.raises(InputError, match=r"^1 of 3 cases: c: it calls the integer 1 Amygdala"):
        check_cases([a, b, c], HIPPOCAMPUS)


@pytest.mark.parametrize(
    ("listed", "names", "taken"),
    [
        ({"posterior": 1, "anterior": 2}, {1: "Posterior", 2: "Hippocampus_A"}, [2, 2, 2, 1]),
        ({"posterior": 1, "anterior": 2}, {1: "Segment_1", 2: "Segment_2"}, [2, 2, 2, 1]),
        ({"posterior": 1, "anterior": 2}, {1: "Anterior", 2: "Posterior"}, "the integer 1 is Anterior there"),
        ({"anterior": 1, "posterior": 2}, {1: "Posterior", 2: "Anterior"}, "the integer 1 is Posterior there"),
        ({"anterior": 1, "posterior": 2}, {1: "Anterior", 2: "Amygdala"}, "2 Amygdala, which is no organ of 'data"),
    ],
)
def test_names_in_the_labels_and_in_the_list_agree(
    tmp_path: Path, listed: dict[str, int], names: dict[int, str], taken: list[int] | str
) -> None:
    scans(tmp_path / "imagesTr", "h_1.nii.gz")
    named_labels(tmp_path / "labelsTr" / "h_1.nii.gz", names)
    entry = {"image": "./imagesTr/h_1.nii.gz", "label": "./labelsTr/h_1.nii.gz"}
    listing(tmp_path, training=[entry], labels={"background": 0, **listed})
    (case,) = read_dataset(tmp_path)
    if isinstance(taken, list):
        assert held(case) == taken
        return
    with pytest.raises(InputError, match=taken):
        held(case)


def test_names_in_the_labels_and_the_integers_of_a_layout_agree(tmp_path: Path) -> None:
    scans(tmp_path / "case_00000", "imaging.nii.gz")
    file = tmp_path / "case_00000" / "segmentation.nii.gz"
    named_labels(file, {1: "Kidney", 2: "Tumor"})
    (case,) = read_dataset(tmp_path)
    labels = load_case(case, preset("kits-2019"))[1]
    assert labels is not None
    assert labels.array.ravel()[:4].tolist() == HELD
    named_labels(file, {1: "Tumor", 2: "Kidney"})
    with pytest.raises(InputError, match=r"^segmentation.nii.gz: the integer 1 is Tumor there"):
        load_case(case, preset("kits-2019"))
