"""Worklist of a project: scans that wait, by name and files, with the patient and what a person noted."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from napari_boundaryseg.data.datasets.worklist import Listed
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.database import FILE, typed, version_of
from napari_boundaryseg.session.project.folder import ProjectFolder

SINCE = 3
"""The first version of the tables that has a worklist."""
_TEXT = (str, type(None))


@dataclass(frozen=True)
class WorkItem:
    """One scan of the worklist."""

    number: int
    name: str
    images: tuple[Path, ...]
    patient: str | None = None
    """None where nobody knows who it is of."""
    scan_hash: str | None = None
    """Of its voxels and geometry, once it was opened: so unsaved work on it is known again."""
    case: str | None = None
    """The folder's name of the case that it became when labels of it were accepted."""
    comment: str = ""


class Worklist(ProjectFolder):
    """The part of a project that knows what is still to be done."""

    def pseudonym(self, patient: str) -> str:
        """A word for a patient, the same for every scan of one in this project, from which nobody reads the number.

        It is made with a key of the project's own: the same patient has another word in another project.
        """
        with self.writing() as database:
            database.execute(
                "INSERT INTO patient_key VALUES (1, ?) ON CONFLICT (number) DO NOTHING", (secrets.token_hex(32),)
            )
            rows = database.execute("SELECT key FROM patient_key").fetchall()
        ((key,),) = typed(rows, (str,))
        return "P" + hmac.new(key.encode(), patient.strip().encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:8]

    def add_work(self, listed: Sequence[Listed]) -> int:
        """Add scans at the end of the worklist, but for those that are on it already.

        Returns
        -------
        int
            How many were added.
        """
        with self.writing() as database:
            rows = database.execute("SELECT name, images FROM worklist").fetchall()
            names = {name for name, _ in typed(rows, (str, str))}
            known = {images for _, images in rows}
            added = 0
            for one in listed:
                images = json.dumps([str(path.absolute()) for path in one.images])
                if images in known:
                    continue
                name, number = one.name, 1
                while name in names:
                    number += 1
                    name = f"{one.name} ({number})"
                database.execute(
                    "INSERT INTO worklist (name, images, added, patient) VALUES (?, ?, ?, ?)",
                    (name, images, datetime.now(UTC).isoformat(timespec="seconds"), one.patient or None),
                )
                names.add(name)
                known.add(images)
                added += 1
        return added

    def worklist(self) -> list[WorkItem]:
        """Every scan of the worklist, in the order in which they were added."""
        with self.reading() as database:
            if version_of(database) < SINCE:
                return []
            rows = database.execute(
                "SELECT number, name, images, patient, scan_hash, slug, comment FROM worklist ORDER BY number"
            ).fetchall()
        return [
            WorkItem(number, name, _paths(images), *rest)
            for number, name, images, *rest in typed(rows, (int, str, str, _TEXT, _TEXT, _TEXT, str))
        ]

    def note_opened(self, number: int, scan_hash: str) -> None:
        """Remember by what a scan of the worklist is known again."""
        self._change("UPDATE worklist SET scan_hash = ? WHERE number = ?", scan_hash, number)

    def note_patient(self, number: int, patient: str) -> None:
        """Say of which patient a scan of the worklist, and the case that it became, is: a word of one's choice."""
        with self.writing() as database:
            _change(database, "UPDATE worklist SET patient = ? WHERE number = ?", patient.strip() or None, number)
            database.execute(
                "UPDATE cases SET patient = w.patient FROM worklist AS w WHERE w.slug = cases.slug AND w.number = ?",
                (number,),
            )

    def note_comment(self, number: int, comment: str) -> None:
        """Keep what a person noted about a scan of the worklist."""
        self._change("UPDATE worklist SET comment = ? WHERE number = ?", comment, number)

    def remove_work(self, number: int) -> None:
        """Take a scan off the worklist; its files and what was accepted of it stay."""
        self._change("DELETE FROM worklist WHERE number = ?", number)

    def _change(self, statement: str, *values: str | int | None) -> None:
        with self.writing() as database:
            _change(database, statement, *values)


def _change(database: sqlite3.Connection, statement: str, *values: str | int | None) -> None:
    if database.execute(statement, values).rowcount != 1:
        raise InputError(f"scan {values[-1]}", "the worklist has no such scan", "Choose one from the list")


def _paths(text: str) -> tuple[Path, ...]:
    try:
        found = json.loads(text)
        if not (isinstance(found, list) and found and all(isinstance(path, str) and path for path in found)):
            raise ValueError
    except (ValueError, RecursionError) as error:
        raise InputError(
            FILE, "the files of its worklist are damaged", "Put a copy from before it was changed in its place"
        ) from error
    return tuple(Path(path) for path in found)
