"""Placing of results: one export at a time looks what is in a folder and puts its files there; others wait."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from napari_boundaryseg.data.saving import write_error
from napari_boundaryseg.data.scratch.folder_lock import FolderLock
from napari_boundaryseg.progress import Progress

HIDDEN = ".boundaryseg-lock"
"""The folder with the lock, inside the one that is written to: there only while somebody writes."""
WAITING = "Waiting for another export into this folder"
_LOOK_EVERY_S = 0.05


@contextmanager
def placing(folder: Path, stage: Path, progress: Progress) -> Iterator[None]:
    """Keep every other export out of a folder, in this process and in others, on this computer and on others.

    Where the disk knows no locks, or another person's lock file cannot be opened, nobody is kept out.

    Parameters
    ----------
    folder : Path
        Where results are put.
    stage : Path
        A private folder on the same disk.
    progress : Progress
        Asked again and again while another export has the folder.

    Raises
    ------
    InputError
        When the folder cannot be written.
    """
    place = folder / HIDDEN
    lock = _taken(place, stage, progress)
    try:
        yield
    finally:
        if lock is not None:
            _given_back(place, lock)


def _taken(place: Path, stage: Path, progress: Progress) -> FolderLock | None:
    useful = None
    while True:
        try:
            place.mkdir(exist_ok=True)
        except OSError as error:
            raise write_error(place.parent, error) from error
        lock = FolderLock.of(place)
        if lock is not None:
            _share(place)
            return lock
        useful = _has_locks(stage) if useful is None else useful
        if not useful or _is_of_another_person(place / FolderLock.FILE):
            return None
        progress(0.0, WAITING)
        time.sleep(_LOOK_EVERY_S)


def _given_back(place: Path, lock: FolderLock) -> None:
    if os.name == "nt":  # a file that is open cannot be removed there, also while the next one has it
        lock.release()
    with suppress(OSError):
        (place / FolderLock.FILE).unlink()
        place.rmdir()
    lock.release()


def _share(place: Path) -> None:
    """Give whoever may write into the folder the same right on the lock, should this process be killed."""
    with suppress(OSError):
        rights = place.parent.stat().st_mode & 0o777
        place.chmod(rights)
        (place / FolderLock.FILE).chmod(rights & 0o666)


def _has_locks(stage: Path) -> bool:
    probe = stage / "lock"
    probe.mkdir(exist_ok=True)
    lock = FolderLock.of(probe)
    if lock is not None:
        lock.release()
    return lock is not None


def _is_of_another_person(file: Path) -> bool:
    return file.exists() and not os.access(file, os.R_OK | os.W_OK)
