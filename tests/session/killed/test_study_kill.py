"""A study is killed in every phase of its work: nothing that was done is lost or half, and another process goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PHASES = 12
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and fork")


def killed(root: Path, first: int, last: int) -> list[dict[str, Any]]:
    """One kill for each seed; what each was, once none has left anything wrong."""
    places = [HERE, HERE.parent, HERE.parent / "project", *sys.path]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, places)),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TMPDIR": str(root),
    }
    words = [sys.executable, str(HERE / "killed_study.py"), str(root), str(first), str(last)]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()][1:]
    assert [one for one in found if not one["fine"]] == [], done.stderr
    assert len(found) == last - first
    return found


def test_a_study_killed_in_every_phase_loses_nothing(tmp_path: Path) -> None:
    kills = killed(tmp_path, 0, PHASES)
    assert len({one["wanted"] for one in kills}) == PHASES
    assert [one for one in kills if one["hit"] != one["wanted"]] == [], "each waited at its moment"


@pytest.mark.long
@pytest.mark.timeout(0)
def test_200_kills_of_a_study_that_accepts_gives_roles_fine_tunes_and_goes_back(tmp_path: Path) -> None:
    kills = killed(tmp_path, 1000, 1200)
    print(json.dumps(Counter(one["hit"] for one in kills)))
    wanted = {one["wanted"] for one in kills}
    assert len(wanted) == PHASES
    waited = Counter(one["hit"] for one in kills if one["waited"])  # the others are hit where a clock wants it
    assert min(waited[phase] for phase in wanted) >= 5, waited
