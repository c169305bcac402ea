"""Open a project folder: the one that is chosen, or the last one; to write where nobody else does."""

from __future__ import annotations

from pathlib import Path

from napari_boundaryseg.session.project import last_project
from napari_boundaryseg.session.project.holder import ReadOnly
from napari_boundaryseg.session.project.project import WINDOW, Project
from napari_boundaryseg.session.session import Session


def open_project(session: Session, folder: Path) -> None:
    """Work in another project folder, also the next time."""
    _take(session, Project(folder, WINDOW))
    last_project.remember(folder)


def open_last_project(session: Session) -> None:
    """Open the project folder that was chosen last, or else the default one where it exists."""
    project = last_project.find()
    if project is not None:
        _take(session, project)


def place_of(session: Session) -> Path:
    """The folder where accepted cases are kept: the open project's, or the one that will be made."""
    return session.project.folder if session.project is not None else Project.default_folder()


def _take(session: Session, project: Project) -> None:
    """Write to the project from now on; where another process does, it is opened to be read, and that is said."""
    try:
        project.begin_writing()
    except ReadOnly:
        session.project = project
        session.say(
            "warning",
            f"{project.folder.name} is read-only: {project.read_only}. Its cases and models can be used; labels are "
            "accepted once that one is closed.",
        )
    else:
        session.project = project
