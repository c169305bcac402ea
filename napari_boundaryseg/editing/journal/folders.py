"""The folders of journals: one for each session, moved as a whole when it is discarded or damaged."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path

from napari_boundaryseg.data.saving import write_error
from napari_boundaryseg.editing.journal.folder_lock import FolderLock
from napari_boundaryseg.editing.journal.records import NAME
from napari_boundaryseg.errors import InputError

DISCARDED, DAMAGED = "discarded", "damaged"
_ADVICE = "Check the rights and the space of your home folder; until then, save often"


def sessions(root: Path) -> list[Path]:
    """The folders of sessions directly below a folder, oldest first."""
    try:
        return sorted(path for path in root.iterdir() if path.is_dir() and path.name not in (DISCARDED, DAMAGED))
    except OSError:
        return []


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


def quarantine(folder: Path, lock: FolderLock) -> None:
    """Move a session to the damaged ones, which are kept."""
    _move(folder, DAMAGED, lock)


def remove_folder(folder: Path, lock: FolderLock) -> None:
    """Remove a session, its database first: what is left of it by a crash is no session."""
    with contextlib.suppress(OSError):
        (folder / NAME).unlink(missing_ok=True)
    lock.release()
    shutil.rmtree(folder, ignore_errors=True)


def is_empty(folder: Path) -> bool:
    """Whether a session's folder holds no work at all: a crash came before the first record or while removing it."""
    try:
        return not any((folder / f"{NAME}{end}").stat().st_size for end in ("", "-wal") if (folder / NAME).exists())
    except OSError:
        return False


def _move(folder: Path, kind: str, lock: FolderLock) -> None:
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
