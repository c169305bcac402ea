"""What a killed save left behind goes with the next one; what a living program writes stays."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from napari_boundaryseg.data import saving
from napari_boundaryseg.data.scratch import temporary_files
from napari_boundaryseg.data.scratch.temporary_files import sweep, temporary_file

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills and locks as on Unix")

HALFWAY = """
import sys
from napari_boundaryseg.data.saving import atomic_write

def write(stream):
    stream.write(b"Doe^Jane")
    stream.flush()
    print("halfway", flush=True)
    sys.stdin.read()

atomic_write(sys.argv[1], write)
"""


@contextmanager
def halfway(target: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process in the middle of a save."""
    command = [sys.executable, "-c", HALFWAY, str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"halfway\n"
        yield child
        child.kill()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_save_left_goes_with_the_next_save_into_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a.nii").write_bytes(b"old")
    with halfway(tmp_path / "a.nii") as child:
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert len(names(tmp_path)) == 2
    saving.atomic_bytes(tmp_path / "b.nii", b"new")
    assert names(tmp_path) == ["a.nii", "b.nii"]
    assert (tmp_path / "a.nii").read_bytes() == b"old"


def test_a_living_programs_save_is_left_alone_and_ends_well(tmp_path: Path) -> None:
    with halfway(tmp_path / "a.nii") as child:
        saving.atomic_bytes(tmp_path / "b.nii", b"new")
        assert sweep(tmp_path) == 0
        assert len(names(tmp_path)) == 2
        child.communicate(b"")
        assert child.returncode == 0
    assert names(tmp_path) == ["a.nii", "b.nii"]
    assert (tmp_path / "a.nii").read_bytes() == b"Doe^Jane"


def test_two_threads_that_save_at_once_do_not_remove_each_others_files(tmp_path: Path) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def write(stream: BinaryIO) -> None:
        inside.set()
        go_on.wait()
        stream.write(b"one")

    one = threading.Thread(target=saving.atomic_write, args=(tmp_path / "one", write))
    one.start()
    inside.wait()
    saving.atomic_bytes(tmp_path / "two", b"two")
    go_on.set()
    one.join()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"one": b"one", "two": b"two"}


def test_only_files_of_our_own_and_of_this_computer_are_removed(tmp_path: Path) -> None:
    others = [".boundaryseg-000000-0123456789ab.tmp", ".boundaryseg-0123456789ab.tmp", ".bashrc", "boundaryseg-x.tmp"]
    for name in others:
        (tmp_path / name).write_bytes(b"")
    mine = f".boundaryseg-{temporary_files._computer()}-0123456789ab.tmp"
    (tmp_path / "precious").write_bytes(b"kept")
    (tmp_path / mine).symlink_to(tmp_path / "precious")
    (tmp_path / mine.replace("0123", "abcd")).mkdir()
    (tmp_path / mine.replace("0123", "cdef")).write_bytes(b"")
    assert sweep(tmp_path) == 1
    assert names(tmp_path) == sorted([*others, "precious", mine, mine.replace("0123", "abcd")])
    assert (tmp_path / "precious").read_bytes() == b"kept"
    assert sweep(tmp_path / "nowhere") == 0


def test_a_new_file_that_another_program_takes_for_a_rest_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, taken = temporary_files.lock_file, []

    def late(descriptor: int) -> None:
        if not taken:
            taken.append(next(tmp_path.iterdir()))
            taken[0].unlink()  # by the other program, between making and locking
        lock(descriptor)

    monkeypatch.setattr(temporary_files, "lock_file", late)
    with temporary_file(tmp_path) as path:
        assert path.exists()
        assert path != taken[0]
    assert names(tmp_path) == []


def test_where_the_disk_knows_no_locks_files_are_written_and_none_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(temporary_files, "lock_file", refuse)
    rest = tmp_path / f".boundaryseg-{temporary_files._computer()}-0123456789ab.tmp"
    rest.write_bytes(b"")
    saving.atomic_bytes(tmp_path / "a", b"new")
    assert names(tmp_path) == [rest.name, "a"]


def test_private_files_are_private_from_their_first_moment_and_stay_so(tmp_path: Path) -> None:
    target, seen = tmp_path / "a", []
    target.write_bytes(b"")
    target.chmod(0o644)

    def write(stream: BinaryIO) -> None:
        seen.append(stat.S_IMODE(os.fstat(stream.fileno()).st_mode))

    saving.atomic_write(target, write, private=True)
    assert seen == [0o600]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
