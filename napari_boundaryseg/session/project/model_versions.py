"""Model versions of a project: added and never replaced, one of them in use."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from napari_boundaryseg.data.saving import atomic_bytes, write_error
from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.database import FILE, typed
from napari_boundaryseg.session.project.folder import TRAINING, ProjectFolder
from napari_boundaryseg.session.project.paths import make_new, new_folder
from napari_boundaryseg.session.project.stored_models import refuse_changed, stored_hashes


@dataclass(frozen=True)
class ModelVersion:
    """One fine-tuned model of a project."""

    path: Path
    base: str
    version: int
    added: str
    comparison: dict[str, Any] | None
    active: bool
    sha256: str | None = None
    """Of the file that was stored; None where an earlier version of the program stored it."""

    @property
    def page(self) -> Path:
        """Before and after as an HTML file, with pictures of the slices that changed; not there for every version."""
        return self.path.with_suffix(".html")


class ModelVersions(ProjectFolder):
    """The part of a project that knows its models: ``models/NAME-vN.safetensors``."""

    @property
    def models_folder(self) -> Path:
        """Where fine-tuned models lie."""
        return self.folder / "models"

    def training_folder(self) -> Path:
        """A fresh folder for a training: what is trained is in the project before anything is listed."""
        self.begin_writing()
        for number in itertools.count(1):
            folder = self._inside(self.models_folder / f"{TRAINING}{number}")
            try:
                new_folder(folder)
            except FileExistsError:
                continue
            except OSError as error:
                raise write_error(self.models_folder, error) from error
            return folder
        raise AssertionError  # pragma: no cover

    def add_model(
        self, checkpoint: Path, comparison: dict[str, Any] | None = None, use: bool = True, page: Path | None = None
    ) -> ModelVersion:
        """Copy a checkpoint, and the page of its comparison, into the project as a new version; nothing is replaced.

        It is listed and in use in one step: there is no moment at which it is only one of both.
        """
        base = read_card(checkpoint)[0].name
        text = _text(comparison)
        with self.writing() as database:  # the transaction keeps the version for this model
            rows = database.execute("SELECT version FROM models WHERE base = ?", (base,)).fetchall()
            first = max([1, *(version for (version,) in typed(rows, (int,)))]) + 1
            names = ((n, self.part("models", f"{base}-v{n}.safetensors")) for n in itertools.count(first))
            version, path = next((n, path) for n, path in names if not _is_taken(path))
            file, data = path.name, checkpoint.read_bytes()
            make_new(path, lambda new: atomic_bytes(new, data))
            if page is not None and page.is_file():
                shown = page.read_bytes()
                make_new(self.part("models", f"{path.stem}.html"), lambda new: atomic_bytes(new, shown))
            self.list_model(database, file, base, version, hashlib.sha256(data).hexdigest(), text)
            if use:
                _use(database, base, file)
        return next(model for model in self.models() if model.path.name == file)

    def list_model(
        self,
        database: sqlite3.Connection,
        file: str,
        base: str,
        version: int,
        sha256: str,
        comparison: str | None = None,
    ) -> None:
        """List a model file as a version, within the caller's transaction."""
        added = datetime.now(UTC).isoformat(timespec="seconds")
        database.execute(
            "INSERT INTO models (file, base, version, added, comparison, sha256) VALUES (?, ?, ?, ?, ?, ?)",
            (file, base, version, added, comparison, sha256),
        )

    def models(self) -> list[ModelVersion]:
        """Every version, oldest first."""
        with self.reading() as database:
            rows = database.execute(
                "SELECT file, base, version, added, comparison FROM models ORDER BY base, version"
            ).fetchall()
            used = database.execute("SELECT base, file FROM active").fetchall()
            hashes = stored_hashes(database)
        active = dict(typed(used, (str, str)))
        return [
            ModelVersion(
                self.part("models", file),
                base,
                version,
                added,
                _comparison(comparison),
                active.get(base) == file,
                hashes.get(file),
            )
            for file, base, version, added, comparison in typed(rows, (str, str, int, str, (str, type(None))))
        ]

    def active_model(self, base: str) -> Path | None:
        """The version in use; None stands for the model as it was shipped."""
        return next((model.path for model in self.models() if model.base == base and model.active), None)

    def use_model(self, base: str, file: str | None) -> None:
        """Choose the version in use; None for the model as it was shipped. One that was changed is refused."""
        with self.writing() as database:
            if (
                file is not None
                and not database.execute("SELECT 1 FROM models WHERE base = ? AND file = ?", (base, file)).fetchone()
            ):
                raise InputError(file, "the project has no such version", "Choose one from the list")
            if file is not None:
                refuse_changed(self.part("models", file))
            _use(database, base, file)

    def roll_back(self, base: str) -> Path | None:
        """Go back to the version that was in use before this one; nothing is deleted.

        Returns
        -------
        Path or None
            The version now in use; None for the model as it was shipped.
        """
        with self.writing() as database:
            rows = database.execute(
                "SELECT number, file FROM used_before WHERE base = ? ORDER BY number DESC LIMIT 1", (base,)
            ).fetchall()
            row = next(iter(typed(rows, (int, (str, type(None))))), None)
            if row and row[1] is not None and not self.part("models", row[1]).is_file():
                raise InputError(row[1], "the model that was in use before is not there", "Choose one from the list")
            if row and row[1] is not None:
                refuse_changed(self.part("models", row[1]))
            if row:
                database.execute("DELETE FROM used_before WHERE number = ?", (row[0],))
            _set_active(database, base, row[1] if row else None)
        return self.active_model(base)


def _is_taken(path: Path) -> bool:
    """Whether a model's file or its page is there: a page that a crash left is that of another model."""
    return any(os.path.lexists(one) for one in (path, path.with_suffix(".html")))


def _use(database: sqlite3.Connection, base: str, file: str | None) -> None:
    """Choose the version in use, and remember which it was, within the caller's transaction."""
    before = database.execute("SELECT file FROM active WHERE base = ?", (base,)).fetchone()
    if file != (before[0] if before else None):
        database.execute("INSERT INTO used_before (base, file) VALUES (?, ?)", (base, before[0] if before else None))
    _set_active(database, base, file)


def _set_active(database: sqlite3.Connection, base: str, file: str | None) -> None:
    if file is None:
        database.execute("DELETE FROM active WHERE base = ?", (base,))
    else:
        database.execute(
            "INSERT INTO active VALUES (?, ?) ON CONFLICT (base) DO UPDATE SET file = excluded.file", (base, file)
        )


def _text(comparison: dict[str, Any] | None) -> str | None:
    try:
        return json.dumps(comparison, allow_nan=False) if comparison else None
    except ValueError as error:
        raise InputError("comparison", "it holds a number that is none", "Compare the models again") from error


def _comparison(text: str | None) -> dict[str, Any] | None:
    """What the list says of a model before and after its fine-tuning; numbers that are none are refused."""
    if text is None:
        return None
    try:
        found = json.loads(text, parse_constant=_no_number)
        if not isinstance(found, dict):
            raise ValueError
    except (ValueError, RecursionError) as error:
        raise InputError(
            FILE, "the comparison of a model is damaged", "Put a copy from before it was changed in its place"
        ) from error
    return found


def _no_number(text: str) -> float:
    raise ValueError(text)
