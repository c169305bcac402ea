"""Scratch folder of a program: its own, private, removed at its end or at the next start after it was killed."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from pathlib import Path

from napari_boundaryseg.data.scratch.folder_lock import FolderLock
from napari_boundaryseg.data.scratch.scratch_errors import scratch_error

PREFIX, ARRAYS = "boundaryseg-scratch-", "arrays"


class ScratchFolder:
    """A folder in the system's temporary one, made when it is first needed; nobody else may read it.

    What programs that are gone have left there is removed meanwhile, on a thread of its own.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._lock: FolderLock | None = None
        self._numbers = 0
        threading.Thread(target=sweep, name="scratch of others", daemon=True).start()

    @property
    def folder(self) -> Path:
        """Where it is.

        Raises
        ------
        InputError
            When the temporary folder cannot be used.
        """
        if self._folder is None:
            self._folder, self._lock = _made()
        return self._folder / ARRAYS

    def new(self, kind: str) -> Path:
        """A fresh folder inside; errors as for `folder`."""
        self._numbers += 1
        folder = self.folder / f"{kind}-{self._numbers}"
        try:
            folder.mkdir(mode=0o700, parents=True)
        except OSError as error:
            raise scratch_error(folder, error) from error
        return folder

    def made(self, folder: Path) -> bool:
        """Whether a folder is one that `new` gave."""
        return self._folder is not None and folder.parent == self._folder / ARRAYS

    def close(self) -> None:
        """Remove it with everything inside."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._lock is not None:
            self._lock.release()
            if self._folder is not None and self._folder.exists():  # Windows keeps a file that is open
                shutil.rmtree(self._folder, ignore_errors=True)


def sweep(parent: Path | None = None) -> int:
    """Remove the scratch folders of programs that are gone, and return how many.

    A program that lives holds the lock in its folder; one without a lock file, or of another user, is left alone.

    Parameters
    ----------
    parent : Path, optional
        The system's temporary folder by default.
    """
    try:
        found = list((parent or Path(tempfile.gettempdir())).glob(f"{PREFIX}*"))
    except OSError:
        return 0
    return sum(_removed(folder) for folder in found)


def _made() -> tuple[Path, FolderLock]:
    folder = Path("temporary folder")
    try:
        for _ in range(3):  # a program that sweeps may take a new folder for a moment
            folder = Path(tempfile.mkdtemp(prefix=PREFIX))
            lock = FolderLock.of(folder)
            if lock is not None:
                (folder / ARRAYS).mkdir(mode=0o700)
                return folder, lock
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise scratch_error(folder, error) from error
    raise scratch_error(folder, OSError("no file can be locked there"))


def _removed(folder: Path) -> bool:
    try:
        if folder.is_symlink() or not (folder / FolderLock.FILE).is_file():
            return False
        if os.name != "nt" and folder.stat().st_uid != os.getuid():
            return False
    except OSError:
        return False
    lock = FolderLock.of(folder)
    if lock is None:
        return False
    if os.name == "nt":
        lock.release()  # an open file keeps its folder there
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    return not folder.exists()
