"""Recovery of unsaved work: find the journal of a window that died, replay what is whole, keep or remove it."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from napari_boundaryseg.editing.journal.folder_lock import FolderLock
from napari_boundaryseg.editing.journal.folders import (
    DISCARDED,
    discard_folder,
    is_empty,
    quarantine,
    remove_folder,
    sessions,
)
from napari_boundaryseg.editing.journal.records import JournalHeader, NewerVersion, default_folder
from napari_boundaryseg.editing.journal.replay import Recovered, Replay, read
from napari_boundaryseg.errors import InputError

KEPT_DAYS = 7.0
_DAY_S = 86400.0
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT}
"""What SQLite says of a damaged file; everything else it says of the disk, the rights or other programs."""


@dataclass(frozen=True)
class RecoverableWork:
    """A session whose window is gone, with steps in it."""

    folder: Path
    header: JournalHeader
    host: str
    """The computer that it ran on."""
    changed: datetime
    """Of the last step, UTC."""
    steps: int
    """Up to the position at the end."""
    volumes_ml: dict[int, float]
    """Organ to volume."""
    complete: bool
    """Whether nothing in the journal was found damaged; what comes after the damage is lost."""


def recoverable(folder: Path | None = None, *, discarded: bool = False) -> list[RecoverableWork]:
    """The sessions in a folder of journals that no window has open, newest first; never raises.

    A session that cannot be read at all is quarantined in ``damaged/``; one in which nothing of a person's would be
    lost, because it is stored or a model made it, is left out.

    Parameters
    ----------
    folder : Path, optional
        Of the journals; the user's local application folder by default.
    discarded : bool
        List those that were discarded in the last days instead.
    """
    root = folder or default_folder()
    found = [_look_at(path) for path in sessions(root / DISCARDED if discarded else root)]
    return sorted((work for work in found if work is not None), key=lambda work: work.changed, reverse=True)


def recover(work: RecoverableWork) -> Recovered:
    """Replay a session up to its end, or up to what is damaged.

    Its journal stays: start a new one, hand everything to it, flush it, and then `discard` this one.

    Raises
    ------
    InputError
        When it is no longer there, or another window is recovering it.
    """
    lock = _folder_lock(work)
    try:
        return read(work.folder).recovered()
    except (NewerVersion, ValueError, sqlite3.Error, OSError) as error:
        raise InputError(
            work.header.scan_name,
            "its unsaved work can no longer be read",
            "Its journal is kept in the folder of journals",
        ) from error
    finally:
        lock.release()


def discard(work: RecoverableWork) -> None:
    """Offer a session no longer; it stays recoverable until `clean_up` deletes it."""
    discard_folder(work.folder, _folder_lock(work))


def finish(work: RecoverableWork) -> None:
    """Remove a session whose work is stored elsewhere; a damaged one is quarantined."""
    lock = _folder_lock(work)
    if work.complete:
        remove_folder(work.folder, lock)
    else:
        quarantine(work.folder, lock)


def clean_up(folder: Path | None = None, *, days: float = KEPT_DAYS) -> int:
    """Delete the sessions that were discarded longer ago, and old ones without work; return how many."""
    root, deleted = folder or default_folder(), 0
    old = [path for path in sessions(root / DISCARDED) if _age_s(path / FolderLock.FILE) > days * _DAY_S]
    idle = [path for path in sessions(root) if _age_s(path) > _DAY_S]
    for path in old + idle:
        lock = FolderLock.of(path)
        if lock is not None:
            gone = path in old or _is_worthless(path)
            lock.release()
            if gone:
                shutil.rmtree(path, ignore_errors=True)
            deleted += not path.exists()
    return deleted


def _is_worthless(folder: Path) -> bool:
    if is_empty(folder):
        return True
    try:
        replay = read(folder)
    except Exception:  # damaged or newer: it stays
        return False
    return replay.complete and not replay.worth


def _look_at(folder: Path) -> RecoverableWork | None:
    lock = FolderLock.of(folder)
    if lock is None:
        return None
    try:
        replay = None if is_empty(folder) else read(folder)
        return _summary(folder, replay) if replay and replay.worth else None
    except (NewerVersion, OSError, MemoryError):
        return None
    except Exception as error:  # whatever a damaged journal does to its reader, the window must open
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _DAMAGE:
            with suppress(InputError):
                quarantine(folder, lock)
        return None
    finally:
        lock.release()


def _summary(folder: Path, replay: Replay) -> RecoverableWork:
    found = replay.recovered()
    voxels = np.bincount(found.labels.ravel())
    return RecoverableWork(
        folder,
        found.header,
        replay.start.host,
        datetime.fromtimestamp(replay.at, UTC),
        found.position,
        {int(i): float(voxels[i]) * found.header.voxel_ml for i in np.flatnonzero(voxels) if i},
        found.complete,
    )


def _folder_lock(work: RecoverableWork) -> FolderLock:
    lock = FolderLock.of(work.folder)
    if lock is None:
        raise InputError(
            work.header.scan_name, "its unsaved work is no longer there", "Look whether another window has recovered it"
        )
    return lock


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
