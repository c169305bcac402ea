"""Stored models of a project: each is known again by the SHA-256 in the project's list."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.database import FILE, opened, typed, version_of

FOLDER = "models"


def refuse_changed(model: str | Path) -> None:
    """Refuse a model of a project whose file is not the one that was stored; one of no project passes.

    Parameters
    ----------
    model : str or Path
        A model's file; also the name of a shipped one, which lies in no project.

    Raises
    ------
    InputError
    """
    path = Path(os.path.realpath(model))
    project = path.parent.parent
    if path.parent.name != FOLDER or not (project / FILE).is_file():
        return
    with opened(project) as database:
        stored = stored_hashes(database).get(path.name)
    if stored is not None and sha256_of(path) != stored:
        raise InputError(
            path,
            "it is not the model that the project stored under this name",
            "Put a copy of that one back in its place, or choose another version",
        )


def stored_hashes(database: sqlite3.Connection) -> dict[str, str | None]:
    """Each listed model's file with its SHA-256; None of what versions before 2 of the tables stored."""
    column = "sha256" if version_of(database) > 1 else "NULL"
    rows = database.execute(f"SELECT file, {column} FROM models").fetchall()  # noqa: S608 (no value of a user)
    return dict(typed(rows, (str, (str, type(None)))))


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file of a project.

    Raises
    ------
    InputError
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            path, f"it cannot be read: {error.strerror or error}", "Check that it is there, and the permissions"
        ) from error
