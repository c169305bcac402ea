"""SECURITY.md promises nothing without a test."""

from __future__ import annotations

import re
from pathlib import Path

from .test_rows import functions


def test_every_promise_names_tests_that_are_there(root: Path) -> None:
    rows = [line for line in (root / "SECURITY.md").read_text("utf-8").splitlines() if line.startswith("| **")]
    assert len(rows) >= 7
    for row in rows:
        named = re.findall(r"`tests/([\w/]+\.py)::(\w+)`", row)
        assert named, row
        assert [f"{file}::{name}" for file, name in named if name not in functions(file)] == []
