"""Temporary files of saves: locked by the program that writes them, and removed once that program is gone."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_boundaryseg.data.scratch.folder_lock import lock_file

PREFIX = ".boundaryseg-"
_WINDOWS = os.name == "nt"
_DAY_S = 86400.0


@contextmanager
def temporary_file(folder: Path, suffix: str = ".tmp", *, private: bool = False) -> Iterator[Path]:
    """A new, empty file in a folder, to be put in a target's place; removed at the end if it is still there.

    What a killed program of this computer left in the folder is removed first.

    Parameters
    ----------
    folder : Path
    suffix : str
        What its name ends in.
    private : bool
        Whether only its owner may read it; else it has the rights that the system gives a new file.

    Raises
    ------
    OSError
        When the folder takes no file.
    """
    sweep(folder)
    path, descriptor = _claimed(folder, suffix, 0o600 if private else 0o666)
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        if not _WINDOWS:
            os.close(descriptor)


def sweep(folder: Path) -> int:
    """Remove the temporary files of programs that are gone; return how many.

    Files of other computers stay: not every network share tells whether they are still locked there.
    """
    try:
        with os.scandir(folder) as entries:
            start = PREFIX + _computer()
            left = [Path(entry.path) for entry in entries if entry.name.startswith(start)]
    except OSError:
        return 0
    return sum(map(_removed, left))


def _claimed(folder: Path, suffix: str, rights: int) -> tuple[Path, int]:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    for _ in range(3):
        path = folder / f"{PREFIX}{_computer()}-{secrets.token_hex(6)}{suffix}"
        descriptor = os.open(path, flags, rights)
        if _WINDOWS:  # an open file could not be put in place; while it is written it cannot be removed there
            os.close(descriptor)
            return path, -1
        if _is_ours(path, descriptor):
            return path, descriptor
        os.close(descriptor)  # another program took it for a file that was left behind, before it was locked
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))


def _is_ours(path: Path, descriptor: int) -> bool:
    try:
        lock_file(descriptor)
    except OSError as error:  # where the disk knows no locks, nobody else gets one either
        return error.errno not in (errno.EACCES, errno.EAGAIN)
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False


def _removed(path: Path) -> bool:
    """Remove a file unless a living program holds it."""
    try:
        if _WINDOWS:
            if time.time() - path.lstat().st_mtime > _DAY_S:
                path.unlink()  # refused while it is open
                return True
            return False
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        lock_file(descriptor)
        path.unlink()
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _computer() -> str:
    """A few letters for this computer, which do not tell its name."""
    return hashlib.blake2b(socket.gethostname().encode(), digest_size=3).hexdigest()
