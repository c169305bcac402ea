"""The project folder used last, so that the next window opens it again; and the folders that the person has seen."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_config_path

from napari_boundaryseg.data.saving import atomic_json
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.project import WINDOW, Project

MOST = 100
_SEEN: set[str] = set()
"""In this process: it holds where nothing can be kept for the next one."""


class _Known(NamedTuple):
    project: str | None
    seen: list[str]


def remember(folder: Path) -> None:
    """Keep the folder for the next window; where that cannot be written, the next one starts with the default."""
    see(folder, used=True)


def see(folder: Path, *, used: bool = False) -> None:
    """Remember that the person has seen this folder's path as the place of cases; with ``used``, as `remember`."""
    path, known = str(folder.resolve()), _known()
    _SEEN.add(path)
    seen = [*(one for one in known.seen if one != path), path][-MOST:]
    with suppress(InputError, OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        atomic_json(_file(), {"project": path if used else known.project, "seen": seen})


def is_seen(folder: Path) -> bool:
    """Whether the person has chosen this folder, or was told that cases are kept in it."""
    path, known = str(folder.resolve()), _known()
    return path in _SEEN or path == known.project or path in known.seen


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
            "Connect its disk and choose it in Cases; otherwise cases go to the default project",
        )
    folder = chosen or Project.default_folder()
    return Project(folder, WINDOW) if Project.is_in(folder) else None


def _remembered() -> Path | None:
    project = _known().project
    return Path(project) if project is not None else None


def _known() -> _Known:
    try:
        found = json.loads(_file().read_text("utf-8"))
        project, seen = found["project"], found.get("seen", [])
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return _Known(None, [])
    named = isinstance(project, str) and project
    return _Known(
        project if named else None, [one for one in seen if isinstance(one, str)] if isinstance(seen, list) else []
    )


def _file() -> Path:
    return user_config_path("napari-boundaryseg") / "last_project.json"
