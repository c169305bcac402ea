"""File lock on a journal's folder, which the system lifts when the window that holds it dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path


class FolderLock:
    """Holds a session's folder until `release`, or until this process ends, however it ends."""

    FILE = "owner.lock"

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def of(cls, folder: Path) -> FolderLock | None:
        """Take a folder; None when somebody has it, in this process or another, or when it cannot be written."""
        try:
            descriptor = os.open(folder / cls.FILE, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return None
        try:
            _lock(descriptor)
        except OSError:
            os.close(descriptor)
            return None
        return cls(descriptor)

    def release(self) -> None:
        """Give the folder free."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
