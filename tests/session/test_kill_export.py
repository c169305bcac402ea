"""SIGKILL at any moment of an export: every file is old or new, whole, and the report claims no other file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE_S

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the exports are killed in forked children")


def killed(place: Path, points: int) -> dict[str, object]:
    script = Path(__file__).with_name("kill_export.py")
    done = subprocess.run(
        [sys.executable, str(script), str(place), str(points)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_export_that_is_killed_leaves_old_or_new_files_and_no_report_that_is_wrong(tmp_path: Path) -> None:
    found = killed(tmp_path, 16)
    assert found["calls"] > 100, "the calls are counted"
    assert (found["kills"], found["wrong"]) == (found["points"], {})


@pytest.mark.long
def test_an_export_that_is_killed_at_any_of_200_moments(tmp_path: Path) -> None:
    found = killed(tmp_path, 200)
    assert (found["kills"], found["wrong"]) == (found["points"], {})
    assert found["kills"] >= 150
