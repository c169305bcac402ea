"""Project: accepted cases and model versions of a study."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent
from napari_boundaryseg.session.certificate import chain
from napari_boundaryseg.session.project import accepting
from napari_boundaryseg.session.project import cases as case_folder
from napari_boundaryseg.session.project.case_facts import known_facts
from napari_boundaryseg.session.project.database import typed, version_of
from napari_boundaryseg.session.project.model_versions import ModelVersions
from napari_boundaryseg.session.project.worklist import SINCE, Worklist

ROLES = ("Train", "Held out", "Leave out")
WINDOW = "window"
"""What others are told that holds a project which a window has opened."""
TEXT = (str, type(None))
WORK = (TEXT, (int, float, type(None)))
"""The kinds of what the list says of a version: the person and the seconds."""


@dataclass(frozen=True)
class AcceptedCase:
    """One scan of a project with the labels that a person accepted."""

    name: str
    image: Path
    label: Path
    version: int
    accepted: str
    scheme: str
    patient: str | None = None
    """Whose scan it is: a word; empty where a person said that it is not known, None where nobody was asked."""
    scan_hash: str | None = None
    """None where an earlier version of the program stored it."""
    person: str | None = None
    """Who accepted the newest labels; None where nobody said."""
    seconds: float | None = None
    """How long they took."""
    comment: str = ""


@dataclass(frozen=True)
class CaseVersion:
    """Labels of a case as they were accepted once."""

    version: int
    accepted: str
    scheme: str
    label: Path
    person: str | None
    seconds: float | None


class Project(ModelVersions, Worklist):
    """A folder: ``cases/SLUG/{scan,labels-vN}.nii.gz``, ``models/NAME-vN.safetensors``, ``project.sqlite``."""

    @classmethod
    def default(cls, program: str = "program") -> Project:
        """The project of $BOUNDARYSEG_PROJECT, or the one in the user's application folder."""
        return cls(cls.default_folder(), program)

    @staticmethod
    def default_folder() -> Path:
        """Where the default project lies, or will lie."""
        chosen = os.environ.get("BOUNDARYSEG_PROJECT")
        return Path(chosen) if chosen else user_data_path("napari-boundaryseg") / "project"

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Whether a folder holds a project already."""
        return (folder / "project.sqlite").is_file()

    def add_case(
        self,
        scan: Volume,
        labels: LabelMap,
        box: Box | None = None,
        *,
        work: accepting.Work = accepting.UNKNOWN,
        progress: Progress = silent,
    ) -> AcceptedCase:
        """Store a scan with its accepted labels; older labels of the same case are kept beside them.

        The new labels count only once they were read back and the database names their version: a crash before that
        leaves the old ones. A scan whose name the project has for another scan becomes a case of its own.

        Parameters
        ----------
        scan : Volume
        labels : LabelMap
            On the scan's grid; every integer is an organ's.
        box : three slices, optional
            The part of the scan that the labels hold for; all of it by default.
        work : Work
            Who drew them, how long it took, and which slices they looked at; unknown by default, and all of them.
        progress : Progress
            Asked before each file, never between a file and what lists it.

        Raises
        ------
        ReadOnly
            Another process writes to the project.
        """
        progress(0.0, "Checking the labels")
        case_folder.refuse_other_labels(scan, labels)
        case_folder.refuse_no_text(scan.name)
        name, version, accepted = accepting.store(self, scan, labels, box, work, progress)
        found = self._cases("WHERE name = ?", name)
        # Where it is not there under its name, the database is damaged: asking for every case says how.
        case = found[0] if found else next(case for case in self.cases() if case.name == name)
        label = case.label.with_name(f"labels-v{version}.nii.gz")
        return replace(case, label=label, version=version, accepted=accepted, scheme=labels.scheme.name)

    def cases(self) -> list[AcceptedCase]:
        """Every accepted case with its newest labels, by name."""
        return self._cases()

    def _cases(self, which: str = "", *values: str) -> list[AcceptedCase]:
        with self.reading() as database:
            version = version_of(database)
            of_case = "patient, scan_hash" if version > 0 else "NULL, NULL"
            of_work = "person, seconds, comment" if version >= SINCE else "NULL, NULL, ''"
            newest = "LEFT JOIN versions USING (slug, version)" if version > 0 else ""
            rows = database.execute(
                f"SELECT slug, name, version, cases.accepted, cases.scheme, {of_case}, {of_work} "  # noqa: S608 (fixed)
                f"FROM cases {newest} {which} ORDER BY name",
                values,
            ).fetchall()
        found = []
        for slug, name, number, accepted, scheme, *more in typed(
            rows, (str, str, int, str, str, TEXT, TEXT, *WORK, str)
        ):
            folder = self.part("cases", slug)
            image, label = (self._inside(folder / file) for file in (accepting.SCAN, f"labels-v{number}.nii.gz"))
            found.append(AcceptedCase(name, image, label, number, accepted, scheme, *more))
        return found

    def versions_of(self, case: AcceptedCase) -> list[CaseVersion]:
        """Every version of the labels of a case, the newest first."""
        slug = case.label.parent.name
        with self.reading() as database:
            version = version_of(database)
            more = "person, seconds" if version >= SINCE else "NULL, NULL"
            rows = (
                database.execute(
                    f"SELECT version, accepted, scheme, {more} FROM versions "  # noqa: S608 (no value of a user)
                    "WHERE slug = ? AND state = 'valid' ORDER BY version DESC",
                    (slug,),
                ).fetchall()
                if version > 0
                else [(case.version, case.accepted, case.scheme, None, None)]
            )
        return [
            CaseVersion(number, accepted, scheme, self._inside(case.label.with_name(f"labels-v{number}.nii.gz")), *work)
            for number, accepted, scheme, *work in typed(rows, (int, str, str, *WORK))
        ]

    def meaning_of(self, case: AcceptedCase) -> dict[str, Any]:
        """What the labels of a case mean: see `case_folder.read_notes`."""
        slug = case.label.parent.name
        with self.reading() as database:
            rows = (
                database.execute(
                    "SELECT meaning FROM versions WHERE slug = ? AND version = ?", (slug, case.version)
                ).fetchall()
                if version_of(database) > 0
                else []
            )
        (listed,) = next(iter(typed(rows, ((str, type(None)),))), (None,))
        return case_folder.read_notes(case.label.parent, case.name, case.version, case.scheme, listed)

    def facts(self) -> dict[str, dict[str, Any]]:
        """By the folder's name of every case, what its newest labels mean (`known_facts`), as far as it is known."""
        with self.reading() as database:
            rows = (
                database.execute("SELECT slug, meaning FROM cases LEFT JOIN versions USING (slug, version)").fetchall()
                if version_of(database) > 0
                else database.execute("SELECT slug, NULL FROM cases").fetchall()
            )
        return {slug: known_facts(self.part("cases", slug), said) for slug, said in typed(rows, (str, TEXT))}

    def note_case(self, name: str, comment: str) -> None:
        """Keep what a person noted about an accepted case."""
        with self.writing() as database:
            if database.execute("UPDATE cases SET comment = ? WHERE name = ?", (comment, name)).rowcount != 1:
                raise InputError(name, "the project has no such case", "Choose one from the list")

    def note_patient_of(self, name: str, patient: str | None) -> None:
        """Say of which patient an accepted case, and its scan on the worklist, is.

        An empty word says that a person was asked, and does not know; None that nobody was.
        """
        with self.writing() as database:
            if database.execute("UPDATE cases SET patient = ? WHERE name = ?", (patient, name)).rowcount != 1:
                raise InputError(name, "the project has no such case", "Choose one from the list")
            database.execute(
                "UPDATE worklist SET patient = ? WHERE slug = (SELECT slug FROM cases WHERE name = ?)", (patient, name)
            )

    def roles(self) -> dict[str, str]:
        """The role in fine-tunings of every accepted case that was given one, by name: see `give_roles`."""
        with self.reading() as database:
            if version_of(database) < 1:
                return {}
            rows = database.execute("SELECT name, role FROM cases WHERE role IS NOT NULL").fetchall()
        return {name: role for name, role in typed(rows, (str, str)) if role in ROLES}

    def give_roles(self, roles: Mapping[str, str]) -> None:
        """Keep which accepted cases train and which judge: all of a patient, also those that are not named here.

        A case that is left out is left out alone. Of two roles of one patient the last counts.

        Raises
        ------
        ReadOnly
            Another process writes to the project.
        InputError
            For a case that the project does not have.
        ValueError
            For a role that is none of `ROLES`.
        """
        if strange := set(roles.values()) - set(ROLES):
            raise ValueError(f"{', '.join(strange)} is none of {', '.join(ROLES)}")
        with self.writing() as database:
            for name, role in roles.items():
                if database.execute("UPDATE cases SET role = ? WHERE name = ?", (role, name)).rowcount != 1:
                    raise InputError(name, "the project has no such case", "Choose one from the list")
                if role != "Leave out":
                    database.execute(
                        "UPDATE cases SET role = ? WHERE role IS NOT 'Leave out' AND patient != '' "
                        "AND patient = (SELECT patient FROM cases WHERE name = ?)",
                        (role, name),
                    )

    def remove_case(self, name: str) -> None:
        """Take a case off the list; its files go to ``removed/`` and are kept."""
        with self.writing() as database:
            found = self._cases("WHERE name = ?", name)
            if not found:
                raise InputError(name, "the project has no such case", "Choose one from the list")
            folder = found[0].image.parent
            database.execute("DELETE FROM cases WHERE slug = ?", (folder.name,))
            database.execute("DELETE FROM versions WHERE slug = ?", (folder.name,))
            chain.let_go(database, folder.name)
            self.set_aside(folder)  # where it fails, the case stays on the list
