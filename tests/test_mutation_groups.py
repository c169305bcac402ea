"""Mutation testing: each group names modules and tests that there are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


@pytest.fixture
def groups(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", [str(root / "tools"), *sys.path])
    from mutation_groups import GROUPS

    return GROUPS


def test_every_pattern_finds_a_module_and_every_test_is_there(root: Path, groups) -> None:
    package = root / "napari_boundaryseg"
    assert {"metrics", "comparison", "geometry", "journal", "writers", "splits"} <= set(groups)
    for group in groups.values():
        assert [pattern for pattern in group.modules if not list(package.glob(pattern))] == []
        assert [test for test in group.tests if not (root / test).exists()] == []


def test_every_change_that_is_called_equivalent_is_of_a_line_that_there_is_and_says_why(root: Path, groups) -> None:
    from mutation_record import equivalent

    for row in equivalent():
        lines = [line.strip() for line in (root / "napari_boundaryseg" / row["module"]).read_text("utf-8").splitlines()]
        assert row["before"] in lines, row
        assert row["before"] != row["after"] and row["why"].endswith(".")


def test_the_line_of_a_change_is_read_from_its_diff(groups) -> None:
    from mutation_record import change_of

    head = ["--- a", "+++ b/x/napari_boundaryseg/review/a.py", "@@ -7,7 +7,7 @@"]
    diff = "\n".join([*head, " one", " two", " three", "-    n < 3", "+    n <= 3", " four"])
    assert change_of(diff) == ("review/a.py", 10, "n < 3", "n <= 3")


def test_the_page_follows_from_the_table(root: Path, groups) -> None:
    from mutation_record import PAGE, TABLE, page, table

    assert PAGE.parent == TABLE.parent == root / "docs" / "evidence"
    rows = table()
    assert page(rows) == PAGE.read_text("utf-8")
    assert {row["group"] for row in rows} <= set(groups)
    assert {row["outcome"] for row in rows} <= {"noticed", "not noticed", "equivalent", "not tried"}


@pytest.mark.parametrize(("found", "n"), [(60, 66), (72, 72), (3, 9)])
def test_intervals_of_the_page_are_those_of_another_library(groups, found: int, n: int) -> None:
    from mutation_record import wilson
    from scipy.stats import binomtest

    theirs = binomtest(found, n).proportion_ci(method="wilson")
    assert wilson(found, n) == pytest.approx((theirs.low, theirs.high))
