"""A patient is never on both sides."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_boundaryseg.data.datasets import Case
from napari_boundaryseg.data.datasets.split_table import with_splits
from napari_boundaryseg.engine.evaluation.folds import FOLDS, for_training, for_tuning, group_of, labelled
from napari_boundaryseg.errors import InputError


def cases(n: int, split: str = "", first: int = 0) -> list[Case]:
    """2 n cases of n patients."""
    return [
        Case(f"c{k:03}", (Path("i"),), Path("l"), f"p{k // 2:03}", split) for k in range(2 * first, 2 * (first + n))
    ]


def groups(part: list[Case]) -> set[str]:
    return {group_of(case) for case in part}


def test_marks_say_who_trains_who_chooses_and_who_judges() -> None:
    roles = for_training([*cases(30, "train"), *cases(5, "val", 30), *cases(5, "test", 35)], None)
    assert [{case.split for case in part} for part in roles] == [{"train"}, {"val"}, {"test"}]
    assert [len(part) for part in roles] == [60, 10, 10]


def test_without_val_nothing_chooses() -> None:
    roles = for_training([*cases(30, "train"), *cases(5, "test", 30)], None)
    assert [len(part) for part in roles] == [60, 0, 10]
    assert roles.sentence == "trained on 60 cases, the last step kept; 10 more are left to judge it"


def test_few_patients_all_train() -> None:
    assert [len(part) for part in for_training(cases(9), None)] == [18, 0, 0]


@pytest.mark.parametrize(("n", "sizes"), [(50, (35, 5, 10)), (23, None), (9, None), (5, (4, 0, 1))])
def test_folds_judge_everything_once_and_nobody_judged_was_choosing(n: int, sizes: tuple[int, ...] | None) -> None:
    everything = cases(n)
    seen: list[str] = []
    for fold in range(FOLDS):
        roles = for_training(everything, fold)
        assert sum(map(len, roles)) == len(everything)
        parts = [groups(part) for part in roles]
        assert not any(a & b for i, a in enumerate(parts) for b in parts[:i])
        assert sizes is None or tuple(map(len, parts)) == sizes
        seen += [case.name for case in roles.judging]
    assert sorted(seen) == [case.name for case in everything]


def test_a_fold_that_there_is_not_and_too_few_patients_are_refused() -> None:
    with pytest.raises(InputError, match="0 to 4"):
        for_training(cases(23), 5)
    with pytest.raises(InputError, match=r"^fold 1: 4 patients .* cannot be divided into 5 parts"):
        for_training([*cases(4), *cases(3, "test", 4)], 1)
    with pytest.raises(InputError, match="every case is marked val or test"):
        for_training([*cases(2, "val"), *cases(3, "test", 2)], None)


def test_a_fold_leaves_marked_cases_in_their_roles() -> None:
    roles = for_training([*cases(20, "train"), *cases(4, "val", 20), *cases(3, "test", 24)], 0)
    assert [len(part) for part in roles] == [32, 8, 8 + 6]
    assert {case.split for case in roles.choosing} == {"val"}
    assert {case.split for case in roles.training} == {"train"}


def test_who_does_what_is_a_table_that_is_read_again(tmp_path: Path) -> None:
    everything = cases(20)
    roles = for_training(everything, 2)
    (tmp_path / "cases.csv").write_text(roles.table())
    again = for_training(with_splits(everything, tmp_path / "cases.csv"), None)
    assert [[case.name for case in part] for part in again] == [[case.name for case in part] for part in roles]


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
    training, validation, _ = for_training(ordered, None)
    assert len(training) + len(validation) == groups
    assert len(validation) == len(validating)


@pytest.mark.parametrize("groups", [1, 2, 3, 5, 6, 11])
def test_a_fine_tuning_holds_out_every_fifth_group_and_one_at_least_where_there_are_two(groups: int) -> None:
    cases = [Case(f"c{n:02}", (Path("scan.nii"),), None, f"p{n:02}") for n in range(groups)]
    training, held = for_tuning(cases)
    expected = {1: [], 2: ["p01"], 3: ["p02"], 5: ["p04"], 6: ["p04"], 11: ["p04", "p09"]}[groups]
    assert [case.group for case in held] == expected
    assert len(training) == groups - len(held)
