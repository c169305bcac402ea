"""Project folder: opened by all, written to by one process, which every change has to ask for."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from napari_boundaryseg.data.saving import write_error
from napari_boundaryseg.data.scratch.folder_lock import FolderLock
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project import database as tables
from napari_boundaryseg.session.project import holder
from napari_boundaryseg.session.project.holder import Hold, Holder, ReadOnly
from napari_boundaryseg.session.project.paths import TEMPORARY, give_rights, inside, new_folder, restrict, strangers

TRAINING = "training-"
"""How the folders of trainings begin, in ``models/``."""
_OURS = ("cases", "models", "removed")


class ProjectFolder:
    """A folder with ``cases/``, ``models/`` and ``project.sqlite``.

    Anybody may read. The first change, or `begin_writing`, makes this process the one that writes: until no object of
    this folder is left in it, or it ends, other processes are refused and told who it is. Several objects of one
    process share the right.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    program : str
        What other people are told that holds the project.
    relist : bool
        Open it also where its list was lost, so that its cases can be listed again.
    """

    def __init__(self, folder: Path, program: str = "program", *, relist: bool = False) -> None:
        self.folder = Path(folder)
        self.read_only = ""
        """Why this process may not write, as far as it was tried; who holds the project."""
        self._program = program
        self._hold: Hold | None = None
        try:
            self.folder.mkdir(0o700, parents=True, exist_ok=True)
            new = not (self.folder / tables.FILE).exists()
            for name in ("cases", "models"):
                new_folder(self._inside(self.folder / name), exist_ok=True)
            if new:
                self._inside(self.folder / FolderLock.FILE).touch(0o600)
                give_rights(self.folder / FolderLock.FILE)
        except OSError as error:
            raise InputError(
                self.folder, f"it cannot be used as a project: {error.strerror}", "Choose another folder"
            ) from error
        tables.create(self.folder)
        with self.reading() as database:
            if not relist:
                tables.refuse_lost(database, self.folder)

    def begin_writing(self) -> None:
        """Become the process that writes; tables of an older version are migrated and strangers lose their rights.

        Raises
        ------
        ReadOnly
            Another process writes, or the folder cannot be written.
        """
        if self._hold is not None and self._hold.holds(self.folder):
            return
        self._hold = None
        try:
            self._hold = holder.take(self.folder, self._program, self._prepare, self.holder)
        except ReadOnly as error:
            self.read_only = error.reason.removeprefix("it is read-only: ")
            raise
        self.read_only = ""

    def holder(self) -> Holder | None:
        """Who said last that it writes to this project."""
        with self.reading() as database:
            return holder.read(database)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database, to look things up."""
        with tables.opened(self.folder) as database:
            yield database

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction of the process that may write; every change of a project is made in one."""
        self.begin_writing()
        hold = self._hold
        with tables.opened(self.folder, write=True) as database:
            try:
                if hold is not None:
                    hold.refuse_lost(database, self.folder)
            except ReadOnly as error:
                self.read_only = error.reason.removeprefix("it is read-only: ")
                raise
            yield database

    def _prepare(self, hold: Hold) -> None:
        with tables.opened(self.folder, write=True) as database:
            tables.refuse_damaged(database, self.folder)
            tables.migrate(database, self.folder)
            hold.write(database)
        with suppress(OSError):
            mask = strangers(self.folder)
            for path in self.private_paths():
                restrict(path, mask)

    def private_paths(self) -> Iterator[Path]:
        """Every file and folder that is the program's own; the project's folder only if nothing else lies in it."""
        names = {path.name for path in self.folder.iterdir()}
        files = {FolderLock.FILE, *(name for name in names if name.startswith(tables.FILE))}
        if not {name for name in names - files - set(_OURS) if not name.startswith(".")}:
            yield self.folder
        yield from (self.folder / name for name in sorted(files & names))
        for top in _OURS:
            if top in names and not (self.folder / top).is_symlink():
                for place, folders, inner in os.walk(self.folder / top):
                    yield Path(place)
                    if Path(place).name.startswith((TRAINING, TEMPORARY)):
                        folders.clear()  # what the worker writes lies behind the folder's own rights
                        continue
                    yield from (Path(place) / name for name in [*folders, *inner])

    def _inside(self, path: Path) -> Path:
        """The one place that keeps every file of a project inside its folder, and follows no link."""
        return inside(self.folder, path)

    def part(self, folder: str, name: str) -> Path:
        """A file or folder directly in one of the project's folders, under a name that the database gives."""
        path = self._inside(self.folder / folder / name)
        if path.parent != self.folder / folder:
            raise InputError(path, "it lies outside the project", "Choose another name")
        return path

    def set_aside(self, path: Path) -> None:
        """Move a file or folder to ``removed/``, under a name that nothing has there."""
        removed = self._inside(self.folder / "removed")
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        try:
            new_folder(removed, exist_ok=True)
            ends = (f"-{stamp}{f'-{n}' if n else ''}" for n in itertools.count())
            names = (f"{path.name}{end}" if path.is_dir() else f"{path.parent.name}{end}-{path.name}" for end in ends)
            target = next(removed / name for name in names if not os.path.lexists(removed / name))
            if path.exists():
                path.rename(target)
        except OSError as error:
            raise write_error(removed, error) from error
