"""A patient is never on both sides."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_boundaryseg.data.datasets import Case
from napari_boundaryseg.engine.evaluation.folds import FOLDS, for_training, for_tuning, group_of, labelled
from napari_boundaryseg.errors import InputError


def cases(n: int, split: str = "", first: int = 0) -> list[Case]:
    """2 n cases of n patients."""
    return [
        Case(f"c{k:03}", (Path("i"),), Path("l"), f"p{k // 2:03}", split) for k in range(2 * first, 2 * (first + n))
    ]


def groups(part: list[Case]) -> set[str]:
    return {group_of(case) for case in part}


def test_a_tenth_chooses_and_other_rows_are_left_alone() -> None:
    training, validation = for_training([*cases(30, "train"), *cases(5, "val", 30), *cases(5, "test", 35)], None)
    assert (len(training), len(validation)) == (54, 6)
    assert {case.split for case in training + validation} == {"train"}
    assert not groups(training) & groups(validation)


def test_few_patients_all_train() -> None:
    training, validation = for_training(cases(9), None)
    assert (len(training), len(validation)) == (18, 0)


def test_folds_cover_everything_once() -> None:
    everything = cases(23)
    seen: list[str] = []
    for fold in range(FOLDS):
        training, validation = for_training(everything, fold)
        assert not groups(training) & groups(validation)
        assert len(training) + len(validation) == len(everything)
        seen += [case.name for case in validation]
    assert sorted(seen) == [case.name for case in everything]
    with pytest.raises(InputError, match="0 to 4"):
        for_training(everything, 5)


def test_no_fold_touches_a_test_case() -> None:
    training, validation = for_training([*cases(10), *cases(3, "test", 10)], 0)
    assert "test" not in {case.split for case in training + validation}


def test_marked_rows_are_held_out_of_fine_tuning() -> None:
    training, held = for_tuning([*cases(4, "train"), *cases(2, "val", 4)])
    assert (len(training), len(held)) == (8, 4)


def test_without_rows_a_fifth_is_held_out() -> None:
    training, held = for_tuning(cases(5))
    assert (len(training), len(held)) == (8, 2)
    assert not groups(training) & groups(held)
    assert [len(part) for part in for_tuning(cases(2))] == [2, 2]
    assert [len(part) for part in for_tuning(cases(1))] == [2, 0]


def test_cases_without_labels_do_not_train() -> None:
    with pytest.raises(InputError, match="no case with labels"):
        labelled([Case("a", (Path("i"),), None)], Path("study"))


@pytest.mark.parametrize(("groups", "validating"), [(9, []), (10, ["p9"]), (11, ["p9"]), (20, ["p9", "p19"])])
def test_every_tenth_group_validates_from_ten_on(groups: int, validating: list[str]) -> None:
    cases = [Case(f"c{n:02}", (Path("scan.nii"),), None, f"p{n}") for n in range(groups)]
    ordered = sorted(cases, key=lambda case: case.group)
    training, validation = for_training(ordered, None)
    assert len(training) + len(validation) == groups
    assert len(validation) == len(validating)


@pytest.mark.parametrize("groups", [1, 2, 3, 5, 6, 11])
def test_a_fine_tuning_holds_out_every_fifth_group_and_one_at_least_where_there_are_two(groups: int) -> None:
    cases = [Case(f"c{n:02}", (Path("scan.nii"),), None, f"p{n:02}") for n in range(groups)]
    training, held = for_tuning(cases)
    expected = {1: [], 2: ["p01"], 3: ["p02"], 5: ["p04"], 6: ["p04"], 11: ["p04", "p09"]}[groups]
    assert [case.group for case in held] == expected
    assert len(training) == groups - len(held)
