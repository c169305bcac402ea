"""Saving: always the old file or the whole new one."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import BinaryIO

import pytest
from patience import PATIENCE_S

from napari_boundaryseg.data import saving
from napari_boundaryseg.errors import InputError

POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX file kinds")


def failing(after: int, code: int = errno.ENOSPC):
    """A writer that stops after some bytes, as a full disk does."""

    def write(stream: BinaryIO) -> None:
        stream.write(b"n" * after)
        raise OSError(code, os.strerror(code))

    return write


@pytest.mark.parametrize("after", [0, 1, 17, 4096, 100_000])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, after: int) -> None:
    target = tmp_path / "seg.nii"
    target.write_bytes(b"old")
    with pytest.raises(InputError, match=r"seg.nii: could not be written: No space left on device") as caught:
        saving.atomic_write(target, failing(after))
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["seg.nii"]
    assert str(tmp_path) not in str(caught.value)


@POSIX
@pytest.mark.parametrize("limit", [0, 1, 50_000, 199_999])
def test_a_real_limit_of_the_system_leaves_the_old_file(tmp_path: Path, limit: int) -> None:
    target = tmp_path / "seg.nii"
    target.write_bytes(b"old")
    code = (
        "import resource, signal, sys\nfrom napari_boundaryseg.data.saving import atomic_bytes\n"
        "from napari_boundaryseg.errors import InputError\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "try:\n    atomic_bytes(sys.argv[1], b'n' * 200_000)\n"
        "except InputError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(target)], capture_output=True, text=True, timeout=PATIENCE_S)
    assert "could not be written: File too large" in done.stdout, done.stderr
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["seg.nii"]


@POSIX
def test_killed_while_saving_the_file_is_always_whole(tmp_path: Path) -> None:
    target = tmp_path / "seg.bin"
    target.write_bytes(bytes(300_000))
    code = (
        "import sys\nfrom napari_boundaryseg.data.saving import atomic_bytes\nprint('go', flush=True)\n"
        "n = 0\nwhile True:\n    n = (n + 1) % 256\n    atomic_bytes(sys.argv[1], bytes([n]) * 300_000)\n"
    )
    for wait_s in (0.0, 0.003, 0.011, 0.023):
        child = subprocess.Popen([sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(wait_s)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        data = target.read_bytes()
        assert len(data) == 300_000
        assert len(set(data)) == 1


AT_EVERY_STEP = """
import errno, os, signal, sys
from pathlib import Path
from napari_boundaryseg.data import saving
from napari_boundaryseg.data.scratch import temporary_files
from napari_boundaryseg.errors import InputError

target, how = Path(sys.argv[1]), sys.argv[2]
OLD, NEW = b"o" * 300_000, b"n" * 300_000
FILES = (saving.__file__, *[temporary_files.__file__] * (how == "kill"))  # that one lives with what is refused

def write(stream):
    for part in range(20):
        stream.write(NEW[part * 15_000 : (part + 1) * 15_000])

def stopping(point):
    left = [point]
    def trace(frame, event, argument):
        if frame.f_code.co_filename not in FILES and frame.f_code is not write.__code__:
            return None
        if event == "line":
            left[0] -= 1
            if left[0] == 0 and how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if left[0] == 0:
                raise OSError(errno.ENOSPC, "No space left on device")
        return trace
    return trace

def save(point):
    sys.settrace(stopping(point))
    try:
        saving.atomic_write(target, write)
    except (InputError, OSError):
        os._exit(1)
    os._exit(0)

point, ended = 0, 1
while ended:
    point += 1
    target.write_bytes(OLD)
    child = os.fork()
    if child == 0:
        save(point)
    ended = os.waitpid(child, 0)[1]
    found = target.read_bytes()
    assert found in (OLD, NEW), point
    print(point, "new" if found == NEW else "old")
"""


@POSIX
@pytest.mark.parametrize("how", ["kill", "disk full"])
def test_stopped_at_every_step_of_a_save_the_file_is_the_old_or_the_new_one(tmp_path: Path, how: str) -> None:
    command = [sys.executable, "-c", AT_EVERY_STEP, str(tmp_path / "seg.bin"), how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    states = [line.split()[1] for line in done.stdout.splitlines()]
    assert len(states) > 60, "20 parts of the file are written, each in two lines, and the steps around them"
    assert states == sorted(states, reverse=True), "old until a certain step, then new"
    assert states[0] == "old" and states[-1] == "new"


def test_a_failed_check_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")

    def check(temporary: Path) -> None:
        assert temporary.read_bytes() == b"new"
        raise InputError(target, "what was written does not read back the same", "Save it again")

    with pytest.raises(InputError, match="read back"):
        saving.atomic_write(target, lambda stream: stream.write(b"new") and None, check=check)
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


@POSIX
def test_a_link_is_kept_and_its_target_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "a.txt", tmp_path / "link.txt"
    real.write_text("old")
    link.symlink_to(real)
    saving.atomic_text(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


@POSIX
def test_devices_pipes_and_folders_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    kinds = {tmp_path / "pipe": "device, pipe", tmp_path / "null": "device, pipe", tmp_path: "folder"}
    for target, kind in kinds.items():
        with pytest.raises(InputError, match=f"could not be written: it is a {kind}"):
            saving.atomic_bytes(target, b"x")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_file_that_a_virus_scanner_holds_is_tried_again_for_most_of_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries, waited = [], []

    def held(self: Path, target: Path) -> None:
        tries.append(target)
        raise PermissionError(errno.EACCES, "held")

    target = tmp_path / "a.txt"
    temporary = tmp_path / "new"
    temporary.write_text("new")
    with monkeypatch.context() as patch:
        patch.setattr(saving, "os", SimpleNamespace(name="nt"))
        patch.setattr(saving, "time", SimpleNamespace(sleep=waited.append))
        patch.setattr(Path, "replace", held)
        with pytest.raises(PermissionError):
            saving._replace(temporary, target)
    assert len(tries) == 4 and waited == sorted(waited)
    assert min(waited) > 0 and 0.5 < sum(waited) < 1
    saving._replace(temporary, target)
    assert target.read_text() == "new"


@POSIX
def test_rights_of_the_old_file_are_kept_and_new_ones_are_usual(tmp_path: Path) -> None:
    old, new, plain = tmp_path / "old", tmp_path / "new", tmp_path / "plain"
    old.write_bytes(b"")
    old.chmod(0o640)
    plain.write_bytes(b"")
    saving.atomic_bytes(old, b"x")
    saving.atomic_bytes(new, b"x")
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert stat.S_IMODE(new.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_a_missing_folder_is_named_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        saving.atomic_bytes(tmp_path / "no" / "a.bin", b"x")
    assert str(caught.value) == (
        "a.bin: could not be written: No such file or directory. Make the folder first, or choose another one."
    )


@pytest.mark.parametrize("name", ["a b.txt", "é中🙂.txt", "%s {x}.txt", "x" * 250 + ".txt"])
def test_odd_names(tmp_path: Path, name: str) -> None:
    saving.atomic_text(tmp_path / name, "ü\n")
    assert (tmp_path / name).read_bytes() == "ü\n".encode()


def test_json_is_utf8_and_refuses_nan(tmp_path: Path) -> None:
    saving.atomic_json(tmp_path / "a.json", {"Größe": [1, 2.5]})
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"Größe": [1, 2.5]}
    with pytest.raises(ValueError, match="Out of range"):
        saving.atomic_json(tmp_path / "b.json", float("nan"))
    assert not (tmp_path / "b.json").exists()


def test_interrupts_leave_nothing_behind(tmp_path: Path) -> None:
    def write(stream: BinaryIO) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        saving.atomic_write(tmp_path / "a.bin", write)
    assert [p.name for p in tmp_path.iterdir()] == []


@POSIX
def test_a_file_and_then_its_folders_list_are_forced_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[tuple[str, bytes | None]] = []
    target, forcing = tmp_path / "seg.nii", os.fsync
    target.write_bytes(b"old")

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            assert os.path.samestat(os.fstat(descriptor), tmp_path.stat())
            forced.append(("folder", target.read_bytes()))
        else:
            forced.append(("file", target.read_bytes()))
        forcing(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    saving.atomic_bytes(target, b"new")
    assert forced == [("file", b"old"), ("folder", b"new")], "the folder after the new file is in its place"


@POSIX
def test_a_folder_that_refuses_to_be_forced_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(os, "fsync", refuse)
    saving.sync_folder(tmp_path)


def test_only_saving_forces_anything_to_the_disk(package: Path) -> None:
    assert [path.name for path in package.rglob("*.py") if "fsync" in path.read_text("utf-8")] == ["saving.py"]
