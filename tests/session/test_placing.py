"""Two exports into one folder at once: one after the other puts its files there, and what each is told is true."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from patience import PATIENCE_S
from session_cases import box_labels, box_scan

from napari_boundaryseg.data.scratch.folder_lock import FolderLock
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Cancelled, Progress, silent
from napari_boundaryseg.session import export as export_module
from napari_boundaryseg.session import placing as placing_module
from napari_boundaryseg.session import staging
from napari_boundaryseg.session.export import export_files
from napari_boundaryseg.session.placing import HIDDEN, WAITING, placing

WHAT = {"labels", "mesh", "report"}


def told(scan: Volume, folder: Path, progress: Progress = silent) -> str:
    """Export, and what the person is told: "written", or why not."""
    try:
        export_files(scan, box_labels(scan), None, WHAT, folder, progress=progress)
    except InputError as error:
        return error.reason
    return "written"


def refuse_a_false_report(folder: Path, scan: Volume) -> None:
    said = json.loads((folder / "case1.json").read_text("utf-8"))
    assert said["scan"]["shape"] == list(scan.geometry.shape)
    assert {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in said["hashes"]} == said["hashes"]
    assert sorted(path.name for path in folder.iterdir()) == sorted([*said["hashes"], "case1.json"]), "nothing is left"


def in_the_middle_of(first: Callable[[], str], second: Callable[[Progress], str], monkeypatch) -> tuple[str, str]:
    """Begin the second export once the first has looked what is there; the first goes on when that waits, or ended."""
    goes_on, looks, ended = threading.Event(), [0], []
    look = export_module.refuse_earlier

    def second_waits(fraction: float, text: str = "") -> None:
        if text == WAITING:
            goes_on.set()

    def run_second() -> None:
        try:
            ended.append(second(second_waits))
        finally:
            goes_on.set()

    other = threading.Thread(target=run_second)

    def stopping(*arguments: object) -> object:
        found = look(*arguments)
        looks[0] += 1
        if looks[0] == 2:
            other.start()
            assert goes_on.wait(PATIENCE_S)
        return found

    monkeypatch.setattr(export_module, "refuse_earlier", stopping)
    said = first()
    other.join(PATIENCE_S)
    return said, ended[0]


def test_of_two_scans_of_one_name_the_second_is_refused_whenever_it_comes(tmp_path: Path, monkeypatch) -> None:
    one, other = box_scan(seed=1), box_scan(seed=2, shape=(16, 16, 18))
    said = in_the_middle_of(lambda: told(one, tmp_path), lambda progress: told(other, tmp_path, progress), monkeypatch)
    assert said == ("written", "it is the result of another scan")
    refuse_a_false_report(tmp_path, one)


def test_of_one_scan_both_are_written_and_the_last_counts(tmp_path: Path, monkeypatch) -> None:
    scan = box_scan()
    said = in_the_middle_of(lambda: told(scan, tmp_path), lambda progress: told(scan, tmp_path, progress), monkeypatch)
    assert said == ("written", "written")
    refuse_a_false_report(tmp_path, scan)


def test_other_cases_of_a_folder_wait_and_are_written(tmp_path: Path, monkeypatch) -> None:
    said = in_the_middle_of(
        lambda: told(box_scan(), tmp_path),
        lambda progress: told(replace(box_scan(seed=2), name="case2"), tmp_path, progress),
        monkeypatch,
    )
    assert said == ("written", "written")
    assert {"case1.json", "case2.json"} <= {path.name for path in tmp_path.iterdir()}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


HOLD = """
import sys
from pathlib import Path
from napari_boundaryseg.progress import silent
from napari_boundaryseg.session.placing import placing
with placing(Path(sys.argv[1]), Path(sys.argv[2]), silent):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_another_process_is_waited_for_until_it_is_killed_and_leaves_nothing(tmp_path: Path) -> None:
    folder, stage = tmp_path / "out", tmp_path / "stage"
    for made in (folder, stage):
        made.mkdir()
    words = [sys.executable, "-c", HOLD, str(folder), str(stage)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        waited = []

        def kill(fraction: float, text: str = "") -> None:
            if text == WAITING:
                waited.append(text)
                child.kill()

        assert told(box_scan(), folder, kill) == "written"
        assert waited
    refuse_a_false_report(folder, box_scan())


def test_whoever_waits_can_cancel_and_nothing_is_changed(tmp_path: Path) -> None:
    (tmp_path / "stage").mkdir()
    folder = tmp_path / "out"
    folder.mkdir()

    def cancel(fraction: float, text: str = "") -> None:
        if text == WAITING:
            raise Cancelled

    with placing(folder, tmp_path / "stage", silent), pytest.raises(Cancelled):
        export_files(box_scan(), box_labels(box_scan()), None, WHAT, folder, progress=cancel)
    assert list(folder.iterdir()) == []


def test_an_export_whose_new_folder_another_one_sweeps_makes_itself_one_again(tmp_path: Path, monkeypatch) -> None:
    of, swept = FolderLock.of, []

    def sweep_first(folder: Path) -> FolderLock | None:
        if folder.name.startswith(staging.PREFIX) and not swept:
            swept.append(folder)
            staging._sweep(tmp_path)
            assert not folder.exists(), "the other one was faster"
        return of(folder)

    monkeypatch.setattr(FolderLock, "of", sweep_first)
    assert told(box_scan(), tmp_path) == "written"
    assert swept
    refuse_a_false_report(tmp_path, box_scan())


def test_where_a_disk_knows_no_locks_results_are_written_as_before(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(placing_module.FolderLock, "of", lambda folder: None)
    assert told(box_scan(), tmp_path) == "written"


def test_the_lock_of_another_person_that_was_killed_stops_nobody(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / HIDDEN).mkdir()
    (tmp_path / HIDDEN / FolderLock.FILE).touch()
    of = FolderLock.of
    monkeypatch.setattr(placing_module.FolderLock, "of", lambda folder: None if folder.name == HIDDEN else of(folder))
    monkeypatch.setattr(placing_module.os, "access", lambda path, mode: False)
    assert told(box_scan(), tmp_path) == "written"
