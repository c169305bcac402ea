"""Staging of an export: its files are made and checked in a hidden folder, then put in place one after the other."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from napari_boundaryseg.data.saving import atomic_file, write_error
from napari_boundaryseg.data.scratch.folder_lock import FolderLock

PREFIX = ".boundaryseg-export-"
_TRIES = 3


@contextlib.contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """A hidden folder inside the target folder, on the same disk, that is gone at the end.

    What an export left behind whose process was killed is removed first.

    Raises
    ------
    InputError
        When the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        stage, lock = _made(folder)
    except OSError as error:
        raise write_error(folder, error) from error
    try:
        yield stage
    finally:
        if lock is not None:
            lock.release()
        shutil.rmtree(stage, ignore_errors=True)


def _made(folder: Path) -> tuple[Path, FolderLock | None]:
    """A new folder with its lock; without one where the disk knows none."""
    for _ in range(_TRIES):
        stage = folder / f"{PREFIX}{secrets.token_hex(6)}"
        stage.mkdir(mode=0o700)
        lock = FolderLock.of(stage)
        if lock is not None:
            return stage, lock
        shutil.rmtree(stage, ignore_errors=True)  # another export took it for one that was left behind
    stage.mkdir(mode=0o700)
    return stage, None


def _sweep(folder: Path) -> None:
    """Remove the staging folders that no living process holds."""
    for left in folder.glob(f"{PREFIX}*"):
        if left.is_dir() and not left.is_symlink():
            lock = FolderLock.of(left)
            if lock is not None:
                lock.release()
                shutil.rmtree(left, ignore_errors=True)


def put(staged: Path, target: Path) -> None:
    """Put a finished file in place in one step; of a link the file that it points to is replaced.

    It is copied into the temporary file, whose lock tells others that it is not abandoned: a file that is moved there
    has none.
    """

    def copied(temporary: Path) -> None:
        shutil.copyfile(staged, temporary)

    atomic_file(target, copied)
