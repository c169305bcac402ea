"""The folders of journals: one for each session, moved as a whole when it is discarded or damaged."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path

from napari_boundaryseg.data.saving import write_error
from napari_boundaryseg.data.scratch.folder_lock import FolderLock
from napari_boundaryseg.editing.journal.records import NAME
from napari_boundaryseg.editing.journal.second_copy import COPY
from napari_boundaryseg.errors import InputError

DISCARDED, DAMAGED = "discarded", "damaged"
FILES = (NAME, f"{NAME}-wal", COPY)
"""What a session's folder holds that counts."""
_REMOVED = ".removed-"
"""Beginning of the name of a folder that is being removed: what a crash leaves of it is no session."""
_TOLD = "told"
"""A file in a damaged session's folder: a person knows of it."""
_ADVICE = "Check the rights and the space of your home folder; until then, save often"


def sessions(root: Path) -> list[Path]:
    """The folders of sessions directly below a folder, oldest first."""
    try:
        folders = sorted(path for path in root.iterdir() if path.is_dir())
    except OSError:
        return []
    return [path for path in folders if path.name not in (DISCARDED, DAMAGED) and not path.name.startswith(_REMOVED)]


def new_folder(parent: Path) -> tuple[Path, FolderLock]:
    """Make and take the folder of a new session."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        parent.chmod(0o700)
        for _ in range(3):  # another window that is looking for lost work may take a new folder for a moment
            folder = parent / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
            folder.mkdir(mode=0o700)
            lock = FolderLock.of(folder)
            if lock is not None:
                return folder, lock
    except OSError as error:
        raise InputError(parent, f"no journal can be kept there: {error.strerror}", _ADVICE) from error
    raise InputError(parent, "no journal can be kept there: its folder cannot be locked", _ADVICE)


def discard_folder(folder: Path, lock: FolderLock) -> None:
    """Move a session to the discarded ones, from now on."""
    with contextlib.suppress(OSError):
        os.utime(folder / FolderLock.FILE)
    _move(folder, DISCARDED, lock)


def quarantine(folder: Path, lock: FolderLock) -> Path:
    """Move a session to the damaged ones, which are kept; return where it is then."""
    return _move(folder, DAMAGED, lock)


def untold(root: Path) -> list[Path]:
    """The damaged sessions that nobody was told of."""
    return [path for path in sessions(root / DAMAGED) if not (path / _TOLD).exists()]


def mark_told(folder: Path) -> None:
    """Remember that a person was told of a damaged session."""
    with contextlib.suppress(OSError):
        (folder / _TOLD).touch(0o600)


def remove_folder(folder: Path, lock: FolderLock) -> None:
    """Remove a session as a whole: from the first moment on it is none."""
    gone = folder.with_name(_REMOVED + folder.name)
    if os.name == "nt":
        lock.release()  # an open file keeps a folder where it is
    try:
        folder.rename(gone)
    except OSError:
        gone = folder
    shutil.rmtree(gone, ignore_errors=True)
    lock.release()


def remove_rest(root: Path) -> None:
    """Finish removals that a crash has interrupted."""
    for path in root.glob(f"{_REMOVED}*"):
        shutil.rmtree(path, ignore_errors=True)


def is_empty(folder: Path) -> bool:
    """Whether no file of a session's folder holds anything: a crash came before the first record."""
    try:
        return not any(path.stat().st_size for name in FILES if (path := folder / name).exists())
    except OSError:
        return False


def _move(folder: Path, kind: str, lock: FolderLock) -> Path:
    root = folder.parent.parent if folder.parent.name in (DISCARDED, DAMAGED) else folder.parent
    target = root / kind / folder.name
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        if os.name == "nt":
            lock.release()  # an open file keeps a folder where it is
        if target != folder:
            folder.rename(target)
    except OSError as error:
        raise write_error(folder, error) from error
    finally:
        lock.release()
    return target
