"""Project: accepted cases and model versions of a study."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent
from napari_boundaryseg.session.project import accepting
from napari_boundaryseg.session.project import cases as case_folder
from napari_boundaryseg.session.project.database import typed, version_of
from napari_boundaryseg.session.project.model_versions import ModelVersions

WINDOW = "window"
"""What others are told that holds a project which a window has opened."""


@dataclass(frozen=True)
class AcceptedCase:
    """One scan of a project with the labels that a person accepted."""

    name: str
    image: Path
    label: Path
    version: int
    accepted: str
    scheme: str


class Project(ModelVersions):
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
        self, scan: Volume, labels: LabelMap, box: Box | None = None, *, progress: Progress = silent
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
        name, version, accepted = accepting.store(self, scan, labels, box, progress)
        case = next(case for case in self.cases() if case.name == name)
        label = case.label.with_name(f"labels-v{version}.nii.gz")
        return replace(case, label=label, version=version, accepted=accepted, scheme=labels.scheme.name)

    def cases(self) -> list[AcceptedCase]:
        """Every accepted case with its newest labels, by name."""
        with self.reading() as database:
            rows = database.execute("SELECT slug, name, version, accepted, scheme FROM cases ORDER BY name").fetchall()
        found = []
        for slug, name, version, accepted, scheme in typed(rows, (str, str, int, str, str)):
            folder = self.part("cases", slug)
            image, label = (self._inside(folder / file) for file in (accepting.SCAN, f"labels-v{version}.nii.gz"))
            found.append(AcceptedCase(name, image, label, version, accepted, scheme))
        return found

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

    def remove_case(self, name: str) -> None:
        """Take a case off the list; its files go to ``removed/`` and are kept."""
        with self.writing() as database:
            case = next((case for case in self.cases() if case.name == name), None)
            if case is None:
                raise InputError(name, "the project has no such case", "Choose one from the list")
            folder = case.image.parent
            database.execute("DELETE FROM cases WHERE slug = ?", (folder.name,))
            database.execute("DELETE FROM versions WHERE slug = ?", (folder.name,))
            self.set_aside(folder)  # where it fails, the case stays on the list
