"""A painting process is killed, or its disk is full: at most the stroke in progress is lost."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from random import Random

import numpy as np
import painter
import pytest
from patience import PATIENCE_S

from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.journal.recovery import Recovered, recover, recoverable

LONGEST = 1500
"""Steps after which a painter rests, however fast the machine is."""


@pytest.fixture(scope="module")
def truth() -> list[History]:
    return painter.states(0, LONGEST)


def is_state(found: Recovered, then: History) -> bool:
    """Whether what came back is exactly a state that was."""
    return (
        np.array_equal(found.labels, then.array)
        and found.locks == then.locks
        and found.position == then.position
        and found.steps == then.steps
    )


def killed(folder: Path, after_s: float, at_least: int) -> int:
    """Let somebody paint, kill them, and return the number of the last step that they were told is safe.

    ``after_s`` only says where in its work the painter is hit: no moment is wrong, for it rests in the end.
    """
    command = [sys.executable, painter.__file__, str(folder), "0", str(LONGEST)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(at_least)]
        time.sleep(after_s)
        child.kill()
        lines += child.stdout.read().splitlines(keepends=True)
    told = [int(line) for line in lines if line.endswith("\n")]
    assert told == list(range(1, len(told) + 1))
    assert len(told) >= at_least
    return len(told)


def kill_once(folder: Path, truth: list[History], seed: int) -> None:
    rng = Random(seed)
    early = rng.random() < 0.15
    safe = killed(folder, rng.uniform(0, 0.8 if early else 0.1), 0 if early else 1)
    found = recoverable(folder)
    if not found:
        assert not any(step.by_hand for step in truth[safe].steps)
        return
    back = recover(found[0])
    assert back.complete
    assert any(is_state(back, then) for then in truth[safe : safe + 2]), f"{safe} steps were safe"


def test_a_painter_that_has_done_everything_is_killed_at_rest(tmp_path: Path, truth: list[History]) -> None:
    assert killed(tmp_path, 0, LONGEST) == LONGEST
    (work,) = recoverable(tmp_path)
    assert is_state(recover(work), truth[LONGEST])


def test_killed_while_painting(tmp_path: Path, truth: list[History]) -> None:
    for seed in range(8):
        kill_once(tmp_path / str(seed), truth, seed)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_killed_while_painting_200_times(tmp_path: Path, truth: list[History]) -> None:
    for seed in range(200):
        kill_once(tmp_path / str(seed), truth, seed)


FULL = """
import resource, sys
from pathlib import Path
from random import Random
from painter import HEADER, blank, step
from napari_boundaryseg.editing.journal import records
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.errors import InputError

hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
for at, limit in enumerate(map(int, sys.argv[2:])):
    records.LOG_PAGES = 5 if at % 5 == 3 else 200  # the log is full first, or the database
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    told, safe, history, rng = [], 0, History(blank()), Random(0)
    journal = Journal(HEADER, history.array, Path(sys.argv[1]) / str(limit), on_error=told.append)
    journal.follow(history)
    try:
        for number in range(1, 1401):
            step(history, rng)
            journal.flush()
            safe = number
    except InputError as error:
        assert told and "not on the disk" in str(error), error
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    if limit % 2:  # space again: the step that was refused is kept too
        journal.flush()
        safe += 1
    try:
        journal.close()
    except InputError:
        pass
    print(limit, safe, len(told), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes as on Unix")
def test_a_full_disk_leaves_a_journal_that_recovers(tmp_path: Path, truth: list[History]) -> None:
    limits = [3_000 + 3_000 * at + at % 2 for at in range(20)]
    command = [sys.executable, "-c", FULL, str(tmp_path), *map(str, limits)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=Path(painter.__file__).parent, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr
    rows = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert [row[0] for row in rows] == limits
    for limit, safe, told in rows:
        assert told == 1
        found = recoverable(tmp_path / str(limit))
        if found:
            back = recover(found[0])
            assert back.complete
            assert is_state(back, truth[safe]) or is_state(back, truth[safe + 1])
        else:
            assert not any(step.by_hand for step in truth[safe].steps)
