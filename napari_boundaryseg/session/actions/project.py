"""Open a project folder: the one that is chosen, or the last one."""

from __future__ import annotations

from pathlib import Path

from napari_boundaryseg.session.project import last_project
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.session import Session


def open_project(session: Session, folder: Path) -> None:
    """Work in another project folder, also the next time."""
    session.project = Project(folder)
    last_project.remember(folder)


def open_last_project(session: Session) -> None:
    """Open the project folder that was chosen last, or else the default one where it exists."""
    project = last_project.find()
    if project is not None:
        session.project = project
