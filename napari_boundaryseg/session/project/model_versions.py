"""Model versions of a project: added and never replaced, one of them in use."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from napari_boundaryseg.data.saving import atomic_bytes, write_error
from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.folder import ProjectFolder


@dataclass(frozen=True)
class ModelVersion:
    """One fine-tuned model of a project."""

    path: Path
    base: str
    version: int
    added: str
    comparison: dict[str, Any] | None
    active: bool


class ModelVersions(ProjectFolder):
    """The part of a project that knows its models: ``models/NAME-vN.safetensors``."""

    @property
    def models_folder(self) -> Path:
        """Where fine-tuned models lie."""
        return self.folder / "models"

    def training_folder(self) -> Path:
        """A fresh folder for a training: what is trained is in the project before anything is listed."""
        number = 1
        try:
            while (folder := self.models_folder / f"training-{number}").exists():
                number += 1
            folder.mkdir()
        except OSError as error:
            raise write_error(self.models_folder, error) from error
        return folder

    def add_model(self, checkpoint: Path, comparison: dict[str, Any] | None = None, use: bool = True) -> ModelVersion:
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
            database.execute(
                "INSERT INTO models VALUES (?, ?, ?, ?, ?)",
                (
                    file,
                    base,
                    version,
                    datetime.now(UTC).isoformat(timespec="seconds"),
                    json.dumps(comparison) if comparison else None,
                ),
            )
        if use:
            self.use_model(base, file)
        return next(model for model in self.models() if model.path.name == file)

    def models(self) -> list[ModelVersion]:
        """Every version, oldest first."""
        with self._database() as database:
            rows = database.execute(
                "SELECT file, base, version, added, comparison FROM models ORDER BY base, version"
            ).fetchall()
            active = dict(database.execute("SELECT base, file FROM active").fetchall())
        return [
            ModelVersion(
                self._inside(self.models_folder / file),
                base,
                version,
                added,
                json.loads(comparison) if comparison else None,
                active.get(base) == file,
            )
            for file, base, version, added, comparison in rows
        ]

    def active_model(self, base: str) -> Path | None:
        """The version in use; None stands for the model as it was shipped."""
        return next((model.path for model in self.models() if model.base == base and model.active), None)

    def use_model(self, base: str, file: str | None) -> None:
        """Choose the version in use; None for the model as it was shipped."""
        with self._database() as database:
            if (
                file is not None
                and not database.execute("SELECT 1 FROM models WHERE base = ? AND file = ?", (base, file)).fetchone()
            ):
                raise InputError(file, "the project has no such version", "Choose one from the list")
            before = database.execute("SELECT file FROM active WHERE base = ?", (base,)).fetchone()
            if file != (before[0] if before else None):
                database.execute(
                    "INSERT INTO used_before (base, file) VALUES (?, ?)", (base, before[0] if before else None)
                )
            _set_active(database, base, file)

    def roll_back(self, base: str) -> Path | None:
        """Go back to the version that was in use before this one; nothing is deleted.

        Returns
        -------
        Path or None
            The version now in use; None for the model as it was shipped.
        """
        with self._database() as database:
            row = database.execute(
                "SELECT number, file FROM used_before WHERE base = ? ORDER BY number DESC", (base,)
            ).fetchone()
            if row:
                database.execute("DELETE FROM used_before WHERE number = ?", (row[0],))
            _set_active(database, base, row[1] if row else None)
        return self.active_model(base)


def _set_active(database: sqlite3.Connection, base: str, file: str | None) -> None:
    if file is None:
        database.execute("DELETE FROM active WHERE base = ?", (base,))
    else:
        database.execute("INSERT OR REPLACE INTO active VALUES (?, ?)", (base, file))
