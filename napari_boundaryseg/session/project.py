"""A study on disk: accepted cases, models, and one SQLite file that says what there is."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_data_path

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.saving import atomic_bytes, atomic_json, write_error
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.library import read_card
from napari_boundaryseg.errors import InputError

_TABLES = """
CREATE TABLE IF NOT EXISTS cases (
    slug TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, accepted TEXT NOT NULL,
    scheme TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS models (
    file TEXT PRIMARY KEY, base TEXT NOT NULL, version INTEGER NOT NULL, added TEXT NOT NULL, comparison TEXT,
    UNIQUE (base, version));
CREATE TABLE IF NOT EXISTS active (base TEXT PRIMARY KEY, file TEXT NOT NULL);
"""


@dataclass(frozen=True)
class AcceptedCase:
    """One scan of a project with the labels that a person accepted."""

    name: str
    image: Path
    label: Path
    version: int
    accepted: str
    scheme: str


@dataclass(frozen=True)
class ModelVersion:
    """One fine-tuned model of a project."""

    path: Path
    base: str
    version: int
    added: str
    comparison: dict[str, Any] | None
    active: bool


class Project:
    """A folder: ``cases/SLUG/{scan,labels}.nii.gz``, ``models/NAME-vN.safetensors``, ``project.sqlite``.

    SQLite runs without a write-ahead log and with full syncs: studies live on network shares.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        try:
            (self.folder / "cases").mkdir(parents=True, exist_ok=True)
            (self.folder / "models").mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(self.folder, f"it cannot be used as a project: {error.strerror}",
                             "Choose another folder") from error
        with self._database() as database:
            database.executescript(_TABLES)

    @classmethod
    def default(cls) -> Project:
        """The project of $BOUNDARYSEG_PROJECT, or the one in the user's application folder."""
        chosen = os.environ.get("BOUNDARYSEG_PROJECT")
        return cls(Path(chosen) if chosen else user_data_path("napari-boundaryseg") / "project")

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.folder / "project.sqlite", timeout=10)) as database:
                database.execute("PRAGMA journal_mode = DELETE")
                database.execute("PRAGMA synchronous = FULL")
                with database:
                    yield database
        except (OSError, sqlite3.Error) as error:
            reason = getattr(error, "strerror", None) or error
            raise InputError(self.folder, f"it cannot be used as a project: {reason}",
                             "Check that the folder is there, or choose another") from error

    @property
    def models_folder(self) -> Path:
        """Where fine-tuned models lie."""
        return self.folder / "models"

    def add_case(self, scan: Volume, labels: LabelMap) -> AcceptedCase:
        """Store a scan with its accepted labels; older labels of the same case are kept beside them.

        The new labels count only once the database names their version: a crash before that leaves the old ones.
        """
        if not scan.geometry.same_as(labels.geometry):
            raise InputError(scan.name, "the labels do not lie on this scan", "Correct the labels of the open scan")
        if not labels.array.any():
            raise InputError(scan.name, "the labels are empty", "Segment or draw at least one organ first")
        _refuse_no_text(scan.name)
        slug = slug_of(scan.name)
        folder = self._inside(self.folder / "cases" / slug)
        before = self._version(slug)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(folder, error) from error
        image = folder / "scan.nii.gz"
        if before and image.is_file():
            _refuse_other_scan(scan, image)
        else:
            formats.write(scan, image)
        version = before + 1
        while (folder / f"labels-v{version}.nii.gz").exists():  # of a crash, or of another window
            version += 1
        formats.write(labels, folder / f"labels-v{version}.nii.gz")
        accepted = datetime.now(UTC).isoformat(timespec="seconds")
        atomic_json(folder / "case.json", {"name": scan.name, "version": version, "accepted": accepted,
                                           "channels": list(scan.channels), "modality": scan.modality,
                                           "scheme": labels.scheme.model_dump(mode="json")})
        with self._database() as database:
            database.execute("INSERT OR REPLACE INTO cases VALUES (?, ?, ?, ?, ?)",
                             (slug, scan.name, version, accepted, labels.scheme.name))
        return next(case for case in self.cases() if case.name == scan.name)

    def cases(self) -> list[AcceptedCase]:
        """Every accepted case with its newest labels, by name."""
        with self._database() as database:
            rows = database.execute("SELECT slug, name, version, accepted, scheme FROM cases ORDER BY name").fetchall()
        found = []
        for slug, name, version, accepted, scheme in rows:
            folder = self._inside(self.folder / "cases" / slug)
            found.append(AcceptedCase(name, folder / "scan.nii.gz", folder / f"labels-v{version}.nii.gz", version,
                                      accepted, scheme))
        return found

    def add_model(self, checkpoint: Path, comparison: dict[str, Any] | None = None,
                  use: bool = True) -> ModelVersion:
        """Copy a checkpoint into the project under a new version; nothing is ever replaced."""
        base = read_card(checkpoint)[0].name
        with self._database() as database:
            database.execute("BEGIN IMMEDIATE")  # two windows never take the same version
            last = database.execute("SELECT MAX(version) FROM models WHERE base = ?", (base,)).fetchone()[0]
            version = (last or 1) + 1
            while (self.models_folder / f"{base}-v{version}.safetensors").exists():
                version += 1
            file = f"{base}-v{version}.safetensors"
            atomic_bytes(self._inside(self.models_folder / file), checkpoint.read_bytes())
            database.execute("INSERT INTO models VALUES (?, ?, ?, ?, ?)",
                             (file, base, version, datetime.now(UTC).isoformat(timespec="seconds"),
                              json.dumps(comparison) if comparison else None))
        if use:
            self.use_model(base, file)
        return next(model for model in self.models() if model.path.name == file)

    def models(self) -> list[ModelVersion]:
        """Every version, oldest first."""
        with self._database() as database:
            rows = database.execute("SELECT file, base, version, added, comparison FROM models "
                                    "ORDER BY base, version").fetchall()
            active = dict(database.execute("SELECT base, file FROM active").fetchall())
        return [ModelVersion(self._inside(self.models_folder / file), base, version, added,
                             json.loads(comparison) if comparison else None, active.get(base) == file)
                for file, base, version, added, comparison in rows]

    def active_model(self, base: str) -> Path | None:
        """The version in use; None stands for the model as it was shipped."""
        return next((model.path for model in self.models() if model.base == base and model.active), None)

    def use_model(self, base: str, file: str | None) -> None:
        """Choose the version in use; None for the model as it was shipped."""
        with self._database() as database:
            if file is None:
                database.execute("DELETE FROM active WHERE base = ?", (base,))
                return
            if not database.execute("SELECT 1 FROM models WHERE base = ? AND file = ?", (base, file)).fetchone():
                raise InputError(file, "the project has no such version", "Choose one from the list")
            database.execute("INSERT OR REPLACE INTO active VALUES (?, ?)", (base, file))

    def roll_back(self, base: str) -> Path | None:
        """Go back to the version before the one in use; nothing is deleted.

        Returns
        -------
        Path or None
            The version now in use; None for the model as it was shipped.
        """
        versions = [model for model in self.models() if model.base == base]
        place = next((n for n, model in enumerate(versions) if model.active), 0)
        before = versions[place - 1] if place > 0 else None
        self.use_model(base, before.path.name if before else None)
        return before.path if before else None

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

    def _inside(self, path: Path) -> Path:
        """The one place that keeps every file of a project inside its folder."""
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise InputError(path, "it lies outside the project", "Choose another name")
        return path


def _refuse_no_text(name: str) -> None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(name.encode("utf-8", "replace").decode(), "its name holds bytes that are no text",
                         "Rename the file") from error


def _refuse_other_scan(scan: Volume, image: Path) -> None:
    """Labels of one scan must never come to lie on another one that happens to have its name."""
    stored = formats.read(image)
    if not (stored.geometry.same_as(scan.geometry)
            and np.array_equal(stored.array, scan.array, equal_nan=scan.array.dtype.kind == "f")):
        raise InputError(scan.name, "the project holds another scan of this name",
                         "Rename the file or folder of this scan, or take the other case off the list")


def slug_of(name: str) -> str:
    """A case's name as a folder name that is safe on every system, and distinct from that of any other case."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "case"
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
