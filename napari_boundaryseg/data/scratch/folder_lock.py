"""File lock on a folder, which the system lifts when the process that holds it ends, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path


class FolderLock:
    """Holds a folder until `release`, or until this process ends, however it ends."""

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
            lock_file(descriptor)
            # Whoever had it may have removed the file after it was opened here: such a lock would hold nothing.
            if os.path.samestat(os.fstat(descriptor), (folder / cls.FILE).stat()):
                return cls(descriptor)
        except OSError:
            pass
        os.close(descriptor)
        return None

    def release(self) -> None:
        """Give the folder free."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


if sys.platform == "win32":
    import msvcrt

    def lock_file(descriptor: int) -> None:
        """Lock an open file, or raise OSError at once."""
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def lock_file(descriptor: int) -> None:
        """Lock an open file until its descriptor is closed, or raise OSError at once."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
