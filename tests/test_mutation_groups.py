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
