"""The project folder used last, so that the next window opens it again."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from platformdirs import user_config_path

from napari_boundaryseg.data.saving import atomic_json
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.project import WINDOW, Project


def remember(folder: Path) -> None:
    """Keep the folder for the next window; where that cannot be written, the next one starts with the default."""
    with suppress(InputError, OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        atomic_json(_file(), {"project": str(folder.resolve())})


def find() -> Project | None:
    """The project to begin with: of $BOUNDARYSEG_PROJECT, the one chosen last, or the default; None before the first.

    Raises
    ------
    InputError
        When the folder chosen last is not there, for example because its disk is not connected.
    """
    chosen = None if "BOUNDARYSEG_PROJECT" in os.environ else _remembered()
    if chosen is not None and not Project.is_in(chosen):
        raise InputError(
            chosen,
            "the project folder used last is not there",
            "Connect its disk and choose it in Train; otherwise cases go to the default project",
        )
    folder = chosen or Project.default_folder()
    return Project(folder, WINDOW) if Project.is_in(folder) else None


def _remembered() -> Path | None:
    try:
        return Path(json.loads(_file().read_text("utf-8"))["project"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _file() -> Path:
    return user_config_path("napari-boundaryseg") / "last_project.json"
