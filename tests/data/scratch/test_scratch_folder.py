"""Scratch: private, gone at the end, and gone at the next start after a kill."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from patience import alive, until

from napari_boundaryseg.data.exchange import save_volume
from napari_boundaryseg.data.scratch import arrays, folder_lock, scratch_folder
from napari_boundaryseg.data.scratch.folder_lock import FolderLock
from napari_boundaryseg.data.scratch.scratch_folder import ScratchFolder, sweep
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.errors import InputError

POSIX = pytest.mark.skipif(os.name == "nt", reason="kills, links and rights as on Unix")
SCAN = Volume(np.zeros((1, 40, 50, 60), np.int16), Geometry((40, 50, 60), np.eye(4)))


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the test's own, also for child processes."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


WINDOW = """
import sys, time
import job_functions
from pathlib import Path
import numpy as np
from napari_boundaryseg.data.exchange import save_volume
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.jobs.lanes import Lanes
from napari_boundaryseg.session.session import Session

session = Session(Lanes(tasks="job_functions", warm=False))
scan = Volume(np.zeros((1, 40, 50, 60), np.int16), Geometry((40, 50, 60), np.eye(4)), source=(Path("/ward/Doe/a.nii"),))
folder = session.new_folder("scan")
job = session.runner.run(job_functions.Nap(seconds=100_000), before=lambda: save_volume(scan, folder))
while job.state == "waiting":
    time.sleep(0.01)
print(session.runner.pid, flush=True)
sys.stdin.read()
session.close()
"""


@pytest.fixture
def window() -> Callable[[], tuple[subprocess.Popen[str], int]]:
    """Another window, in the middle of a prediction, and its worker's number."""
    jobs = Path(__file__).parents[2] / "jobs"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(jobs), os.environ.get("PYTHONPATH", "")])}

    def start() -> tuple[subprocess.Popen[str], int]:
        child = subprocess.Popen(
            [sys.executable, "-c", WINDOW], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert child.stdout is not None
        return child, int(child.stdout.readline())

    return start


@POSIX
def test_the_next_start_removes_what_a_killed_window_left_and_nothing_of_a_living_one(
    temporary: Path, window: Callable[[], tuple[subprocess.Popen[str], int]]
) -> None:
    killed, worker = window()
    (left,) = temporary.glob("boundaryseg-*")
    assert (left / "arrays" / "scan-1" / "scan.npy").exists()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    until(lambda: not alive(worker))
    assert left.exists()
    living, _ = window()  # it sweeps as it starts
    until(lambda: not left.exists())
    (here,) = temporary.glob("boundaryseg-*")
    assert sweep() == 0
    assert (here / "arrays" / "scan-1" / "scan.npy").exists()
    living.communicate("")
    assert list(temporary.iterdir()) == []


@POSIX
def test_it_is_private_and_of_no_use_to_others(temporary: Path) -> None:
    scratch = ScratchFolder()
    assert list(temporary.iterdir()) == [], "none is made before it is needed"
    save_volume(SCAN, scratch.new("scan"))
    made = [scratch.folder.parent, *scratch.folder.parent.rglob("*")]
    assert len(made) == 6
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path.name
    scratch.close()
    assert list(temporary.iterdir()) == []


@POSIX
def test_only_folders_of_our_own_making_are_swept(temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / FolderLock.FILE).write_bytes(b"")
    (temporary / "boundaryseg-scratch-link").symlink_to(tmp_path / "precious")
    (temporary / "boundaryseg-scratch-unlocked").mkdir()
    (temporary / "boundaryseg-scratch-file").write_bytes(b"")
    (temporary / "other").mkdir()
    (temporary / "other" / FolderLock.FILE).write_bytes(b"")
    before = sorted(temporary.iterdir())
    assert sweep() == 0
    assert sorted(temporary.iterdir()) == before
    assert (tmp_path / "precious" / FolderLock.FILE).exists()


def test_a_new_folder_that_somebody_sweeps_is_made_again(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of, answers = FolderLock.of, [None]
    monkeypatch.setattr(scratch_folder.FolderLock, "of", lambda path: answers.pop() if answers else of(path))
    scratch = ScratchFolder()
    folder = scratch.folder
    assert list(temporary.iterdir()) == [folder.parent]
    scratch.close()


@POSIX
@pytest.mark.parametrize("left", ["nothing", "the folder", "another's file"])
def test_a_lock_on_a_file_that_was_removed_meanwhile_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    folder = tmp_path / "scan"
    folder.mkdir()
    real = folder_lock.lock_file

    def swept_before(descriptor: int) -> None:
        shutil.rmtree(folder)
        if left != "nothing":
            folder.mkdir()
        if left == "another's file":
            (folder / FolderLock.FILE).touch()
        real(descriptor)

    monkeypatch.setattr(folder_lock, "lock_file", swept_before)
    opened = len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0
    assert FolderLock.of(folder) is None
    assert not opened or len(list(Path("/proc/self/fd").iterdir())) == opened


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_a_full_or_read_only_temporary_folder_is_named_with_what_to_do(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    scratch = ScratchFolder()
    folder = scratch.new("scan")
    real = arrays.np.ndindex

    def full(*shape: object) -> object:
        next(iter(real(1)))
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(arrays.np, "ndindex", full)
    with pytest.raises(InputError) as caught:
        save_volume(SCAN, folder)
    said = str(caught.value)
    assert said.startswith("temporary folder ")
    assert f"{temporary.name}:" in said
    assert ("no space left" in said) == (code in (errno.ENOSPC, errno.EDQUOT))
    assert "TMPDIR" in said and "Save somewhere else" not in said
    assert list(folder.iterdir()) == []
    scratch.close()


@POSIX
def test_a_real_limit_of_the_system_is_said_of_the_temporary_folder(temporary: Path) -> None:
    code = (
        "import resource, signal\nfrom test_scratch_folder import SCAN, ScratchFolder, save_volume\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nresource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "scratch = ScratchFolder()\ntry:\n    save_volume(SCAN, scratch.new('scan'))\n"
        "except Exception as error:\n    print(type(error).__name__, error)\nscratch.close()\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert "InputError temporary folder" in done.stdout, done.stderr
    assert "no space left on its disk" in done.stdout


def test_without_any_temporary_folder_the_program_starts_and_says_so_when_it_needs_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(*arguments: object, **named: object) -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "mkdtemp", none)
    monkeypatch.setattr(tempfile, "gettempdir", none)
    scratch = ScratchFolder()
    with pytest.raises(InputError, match="temporary folder: nothing can be written there: No usable"):
        scratch.new("scan")
    scratch.close()
