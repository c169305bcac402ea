"""Every call to the system that a save makes is refused in turn: the old file or the new one, whole, and no rest."""

from __future__ import annotations

import builtins
import errno
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patience import PATIENCE_S

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.saving import atomic_file, atomic_json, atomic_write
from napari_boundaryseg.data.scratch import arrays
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.errors import InputError

OLD, NEW = b"o" * 50_000, b"n" * 50_000
NAME = "seg.nii"


class Faults:
    """Refuses call number ``at`` of some kinds, and counts them."""

    def __init__(self, at: int, code: int) -> None:
        self.at, self.code, self.calls = at, code, 0

    def __call__(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls == self.at:
                raise OSError(self.code, os.strerror(self.code))
            return real(*arguments, **named)

        return call


def install(patched: pytest.MonkeyPatch, faults: Faults) -> None:
    """Put the faults where a save asks the system."""
    for owner, name in (
        (os, "open"),
        (os, "fsync"),
        (os, "replace"),
        (Path, "replace"),
        (shutil, "copymode"),
        (io, "open"),
    ):
        patched.setattr(owner, name, faults(getattr(owner, name)))


def by_stream(target: Path, faults: Faults) -> None:
    def write(stream: Any) -> None:
        put = faults(stream.write)
        for part in range(5):
            put(NEW[part * 10_000 : (part + 1) * 10_000])

    atomic_write(target, write)


def by_path(target: Path, faults: Faults) -> None:
    def make(temporary: Path) -> None:
        with builtins.open(temporary, "wb") as stream:  # noqa: PTH123  # as foreign writers do
            faults(stream.write)(NEW)

    def check(temporary: Path) -> None:
        assert temporary.read_bytes() == NEW

    atomic_file(target, make, suffix=".nii", check=check)


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("save", [by_stream, by_path])
def test_whichever_call_is_refused_the_file_is_old_or_new_and_nothing_is_left(
    tmp_path: Path, save: Callable[[Path, Faults], None], code: int, there: bool
) -> None:
    target, at, told = tmp_path / NAME, 0, []
    while True:
        at += 1
        target.unlink(missing_ok=True)
        if there:
            target.write_bytes(OLD)
        faults = Faults(at, code)
        with pytest.MonkeyPatch.context() as patched:
            install(patched, faults)
            try:
                save(target, faults)
            except InputError as error:
                told.append(str(error))
            else:
                if faults.calls < at:
                    break
        found = target.read_bytes() if target.exists() else None
        assert found in (OLD if there else None, NEW), f"call {at}"
        assert [path.name for path in tmp_path.iterdir()] == ([NAME] if found is not None else []), f"call {at}"
    assert target.read_bytes() == NEW
    assert len(told) >= 7
    assert all(line.startswith(f"{NAME}: ") and os.strerror(code) in line for line in told)


@pytest.mark.parametrize("there", [True, False])
def test_the_new_file_is_in_place_only_when_it_is_forced_to_the_disk(tmp_path: Path, there: bool) -> None:
    """In the order of the calls: whatever comes before the replacement was written and forced."""
    target, order = tmp_path / NAME, []
    if there:
        target.write_bytes(OLD)

    def noted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments, **named: (order.append(name), real(*arguments, **named))[1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", noted("fsync", os.fsync))
        patched.setattr(Path, "replace", noted("replace", Path.replace))
        atomic_json(target, {"a": 1})
    assert order[:2] == ["fsync", "replace"]


def test_numpys_error_without_a_reason_is_told_as_a_full_disk(tmp_path: Path) -> None:
    def write(stream: Any) -> None:
        raise OSError("1000 requested and 10 written")

    with pytest.raises(InputError, match=r"only a part of it\. Free some space"):
        atomic_write(tmp_path / NAME, write)


def test_an_array_that_the_disk_does_not_take_leaves_nothing(tmp_path: Path) -> None:
    array, at = np.arange(60, dtype="<i2").reshape(3, 4, 5), 0
    while True:
        at += 1
        faults = Faults(at, errno.ENOSPC)
        with pytest.MonkeyPatch.context() as patched:
            install(patched, faults)
            try:
                arrays.save_array(tmp_path / "scan.npy", array)
            except InputError as error:
                assert "no space left" in str(error)
                assert list(tmp_path.iterdir()) in ([], [tmp_path / "scan.npy"])
            else:
                if faults.calls < at:
                    break
        (tmp_path / "scan.npy").unlink(missing_ok=True)
    assert at > 4
    assert np.array_equal(arrays.load_array(tmp_path / "scan.npy"), array)


SAVE_OVER = """
import sys
from pathlib import Path
import numpy as np
from napari_boundaryseg.data import formats
from napari_boundaryseg.data.exchange import load_volume, save_volume

path = Path(sys.argv[1])
scan = formats.read(path)
for _ in range(3):
    formats.write(scan, path)
    assert np.array_equal(formats.read(path).array, scan.array)  # what is mapped is still there, too
folder = path.parent / "scratch"
mapped = load_volume(save_volume(scan, folder))
for _ in range(3):
    save_volume(mapped, folder)
    assert np.array_equal(load_volume(folder).array, scan.array)
print("whole")
"""


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_scan_is_saved_onto_the_file_that_it_is_read_from(tmp_path: Path, name: str) -> None:
    scan = Volume(np.arange(60_000, dtype=np.int16).reshape(1, 30, 40, 50), Geometry((30, 40, 50), np.eye(4)))
    formats.write(scan, tmp_path / name)
    command = [sys.executable, "-c", SAVE_OVER, str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)  # a wrong one dies of SIGBUS
    assert done.stdout == "whole\n", done.stderr
