"""Project: accepted cases and model versions of a study."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.saving import write_error
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Cancelled, Progress, part, silent
from napari_boundaryseg.session.project import cases as case_folder
from napari_boundaryseg.session.project.cases import slug_of
from napari_boundaryseg.session.project.model_versions import ModelVersions


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
    """A folder: ``cases/SLUG/{scan,labels-vN}.nii.gz``, ``models/NAME-vN.safetensors``, ``project.sqlite``.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    """

    @classmethod
    def default(cls) -> Project:
        """The project of $BOUNDARYSEG_PROJECT, or the one in the user's application folder."""
        return cls(cls.default_folder())

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

        The new labels count only once the database names their version: a crash before that leaves the old ones.

        Parameters
        ----------
        scan : Volume
        labels : LabelMap
            On the scan's grid; every integer is an organ's.
        box : three slices, optional
            The part of the scan that the labels hold for; all of it by default.
        progress : Progress
            Asked before each file, never between a file and what lists it.
        """
        progress(0.0, "Checking the labels")
        case_folder.refuse_other_labels(scan, labels)
        case_folder.refuse_no_text(scan.name)
        slug = slug_of(scan.name)
        folder = self._inside(self.folder / "cases" / slug)
        before = self._version(slug)
        known = folder.exists()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(folder, error) from error
        try:
            _store_scan(scan, folder / "scan.nii.gz", bool(before), progress)
        except Cancelled:
            if not known:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        version = before + 1
        while (folder / f"labels-v{version}.nii.gz").exists():  # of a crash, or of another window
            version += 1
        formats.write(labels, folder / f"labels-v{version}.nii.gz")
        accepted = datetime.now(UTC).isoformat(timespec="seconds")
        case_folder.write_notes(folder, scan, labels, version, accepted, box)
        with self._database() as database:
            database.execute(
                "INSERT OR REPLACE INTO cases VALUES (?, ?, ?, ?, ?)",
                (slug, scan.name, version, accepted, labels.scheme.name),
            )
        return next(case for case in self.cases() if case.name == scan.name)

    def cases(self) -> list[AcceptedCase]:
        """Every accepted case with its newest labels, by name."""
        with self._database() as database:
            rows = database.execute("SELECT slug, name, version, accepted, scheme FROM cases ORDER BY name").fetchall()
        found = []
        for slug, name, version, accepted, scheme in rows:
            folder = self._inside(self.folder / "cases" / slug)
            found.append(
                AcceptedCase(
                    name, folder / "scan.nii.gz", folder / f"labels-v{version}.nii.gz", version, accepted, scheme
                )
            )
        return found

    def meaning_of(self, case: AcceptedCase) -> dict[str, Any]:
        """What the labels of a case mean: see `case_folder.read_notes`."""
        return case_folder.read_notes(case.label.parent, case.name, case.version, case.scheme)

    def remove_case(self, name: str) -> None:
        """Take a case off the list; its files go to ``removed/`` and are kept."""
        case = next((case for case in self.cases() if case.name == name), None)
        if case is None:
            raise InputError(name, "the project has no such case", "Choose one from the list")
        with self._database() as database:
            database.execute("DELETE FROM cases WHERE name = ?", (name,))
            self._set_aside(case.image.parent)  # where it fails, the case stays on the list

    def _set_aside(self, folder: Path) -> None:
        removed = self.folder / "removed"
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        try:
            removed.mkdir(exist_ok=True)
            if folder.exists():
                shutil.move(folder, removed / f"{folder.name}-{stamp}")
        except OSError as error:
            raise write_error(removed, error) from error

    def _version(self, slug: str) -> int:
        with self._database() as database:
            row = database.execute("SELECT version FROM cases WHERE slug = ?", (slug,)).fetchone()
        return int(row[0]) if row else 0


def _store_scan(scan: Volume, image: Path, listed: bool, progress: Progress) -> None:
    progress(0.1, f"Storing {scan.name}")
    if listed and image.is_file():
        case_folder.refuse_other_scan(scan, image, progress=part(progress, 0.1, 0.6))
    else:
        formats.write(scan, image)
    progress(0.6, f"Storing the labels of {scan.name}")
