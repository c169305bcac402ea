"""A real window in which somebody paints is killed: at most the stroke in progress is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
import window_painter

from napari_boundaryseg.editing.journal.recovery import recover, recoverable


def is_told(line: str) -> list[tuple[int, str]]:
    """What the painter says of a stroke; napari prints warnings too."""
    assert line, "the window has ended"
    number, _, digest = line.strip().partition(" ")
    return [(int(number), digest)] if number.isdigit() and line.endswith("\n") else []


def kill_once(folder: Path, scan: Path, seed: int) -> None:
    environment = {**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
    command = [sys.executable, window_painter.__file__, str(scan), str(seed)]
    rng = Random(seed)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        strokes, told = rng.randint(1, 4), []
        while len(told) < strokes:
            told += is_told(child.stdout.readline())
        time.sleep(rng.uniform(0, 0.5))
        child.kill()
        for line in child.stdout.read().splitlines(keepends=True):
            told += is_told(line)
    number, digest = told[-1]
    (work,) = recoverable(folder / "napari-boundaryseg" / "journal")
    back = recover(work)
    assert back.complete
    assert back.position in (number, number + 1)
    history = back.history()
    history.go_to(number)
    assert window_painter.digest(history.array) == digest


def test_a_killed_window_loses_at_most_the_stroke_in_progress(tmp_path: Path, pelvis_files: list[Path]) -> None:
    kill_once(tmp_path, pelvis_files[0], 1)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_ten_killed_windows(tmp_path: Path, pelvis_files: list[Path]) -> None:
    for seed in range(10):
        kill_once(tmp_path / str(seed), pelvis_files[0], seed)
