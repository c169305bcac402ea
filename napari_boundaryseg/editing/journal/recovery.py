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

from napari_boundaryseg.data.scratch.folder_lock import FolderLock
from napari_boundaryseg.editing.journal.folders import (
    DISCARDED,
    FILES,
    discard_folder,
    is_empty,
    quarantine,
    remove_folder,
    remove_rest,
    sessions,
)
from napari_boundaryseg.editing.journal.records import JournalHeader, NewerVersion, default_folder
from napari_boundaryseg.editing.journal.replay import Recovered, Replay, read
from napari_boundaryseg.editing.journal.stored import READING, is_damage
from napari_boundaryseg.errors import InputError

KEPT_DAYS = 7.0
_DAY_S = 86400.0


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
    """Whether every step came back; else what lies behind the damage cannot be read, and the journal is kept."""
    by_hand: bool = True
    """Whether a person's work is in it, not a model's result alone."""


def recoverable(folder: Path | None = None, *, discarded: bool = False, results: bool = False) -> list[RecoverableWork]:
    """The sessions in a folder of journals that no window has open, newest first; never raises.

    A session of which nothing can be offered because it is damaged is quarantined in ``damaged/``, see
    `folders.untold`; one in which nothing of a person's would be lost, because it is stored or a model made it, is left
    out.

    Parameters
    ----------
    folder : Path, optional
        Of the journals; the user's local application folder by default.
    discarded : bool
        List those that were discarded in the last days instead.
    results : bool
        List those that hold nothing but a model's result, too.
    """
    root = folder or default_folder()
    found = [_look_at(path) for path in sessions(root / DISCARDED if discarded else root)]
    wanted = (work for work in found if work is not None and (work.by_hand or results))
    return sorted(wanted, key=lambda work: work.changed, reverse=True)


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


def finish(work: RecoverableWork) -> Path | None:
    """Remove a session whose work is stored elsewhere; a damaged one is quarantined, and its folder returned."""
    lock = _folder_lock(work)
    if work.complete:
        remove_folder(work.folder, lock)
        return None
    return quarantine(work.folder, lock)


def clean_up(folder: Path | None = None, *, days: float = KEPT_DAYS) -> int:
    """Delete the sessions that were discarded longer ago, and old ones without work; return how many.

    What is damaged is never deleted: of the discarded ones it is quarantined, others wait for `recoverable`.
    """
    root, deleted = folder or default_folder(), 0
    remove_rest(root)
    remove_rest(root / DISCARDED)
    old = [path for path in sessions(root / DISCARDED) if _age_s(path / FolderLock.FILE) > days * _DAY_S]
    idle = [path for path in sessions(root) if _age_s(path) > _DAY_S]
    for path in old + idle:
        lock = FolderLock.of(path)
        if lock is None:
            continue
        try:
            replay = None if is_empty(path) else read(path)
            kept = replay is not None and (replay.worth or (replay.holds_result and _age_s(path) < days * _DAY_S))
            if replay is None or (replay.complete and (path in old or not kept)):
                remove_folder(path, lock)
                deleted += not path.exists()
            elif path in old and not replay.complete:
                quarantine(path, lock)
        except Exception as error:  # damaged, newer, or the disk is in the way
            if path in old:
                _put_aside(path, lock, error)
        finally:
            lock.release()
    return deleted


_Stamp = tuple[tuple[int, ...], ...]
_known: dict[Path, tuple[_Stamp, RecoverableWork | None]] = {}
"""What was found in folders, with the state of their files then: a large journal takes seconds to read."""


def _stamp(folder: Path) -> _Stamp:
    found = [path.stat() for name in FILES if (path := folder / name).exists()]
    return tuple((one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for one in found)


def _look_at(folder: Path) -> RecoverableWork | None:
    lock = FolderLock.of(folder)
    if lock is None:
        return None
    try:
        for left in folder.glob(f"{READING}*"):  # by a program that was killed
            shutil.rmtree(left, ignore_errors=True)
        if is_empty(folder):
            return None
        stamp, known = _stamp(folder), _known.get(folder)
        if known is not None and known[0] == stamp:
            return known[1]
        replay = read(folder)
        work = _summary(folder, replay) if replay.worth or replay.holds_result else None
        if work is None and not replay.complete:
            quarantine(folder, lock)
            return None
        _known[folder] = stamp, work
        return work
    except Exception as error:  # whatever a damaged journal does to its reader, the window must open
        _put_aside(folder, lock, error)
    finally:
        lock.release()
    return None


def _put_aside(folder: Path, lock: FolderLock, error: Exception) -> None:
    """Quarantine a session if the error says that it is damaged."""
    if not isinstance(error, NewerVersion | OSError | MemoryError | InputError) and is_damage(error):
        with suppress(InputError):
            quarantine(folder, lock)


def _summary(folder: Path, replay: Replay) -> RecoverableWork:
    found = replay.recovered()
    voxels = np.zeros(int(found.labels.max(initial=0)) + 1, np.int64)
    for part in found.labels:  # one at a time: NumPy counts in eight bytes a voxel
        if part.any():
            voxels += np.bincount(part.ravel(), minlength=len(voxels))
    return RecoverableWork(
        folder,
        found.header,
        replay.start.host,
        datetime.fromtimestamp(replay.at, UTC),
        found.position,
        {int(i): float(voxels[i]) * found.header.voxel_ml for i in np.flatnonzero(voxels) if i},
        found.complete,
        replay.worth,
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
