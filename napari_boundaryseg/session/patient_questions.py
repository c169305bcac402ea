"""Accepted cases of which nobody has said whose scan they are: a person is asked for each, once."""

from __future__ import annotations

from pathlib import Path

from psygnal import Signal

from napari_boundaryseg.session.project.project import AcceptedCase, Project


class PatientQuestions:
    """The cases that were accepted in this window, the first one first.

    A project is known by its folder: one that is no longer open is not held, and others may write to it.
    """

    changed = Signal()

    def __init__(self) -> None:
        self._asked: list[tuple[Path, str]] = []

    def ask(self, project: Project, case: AcceptedCase) -> None:
        """Ask about a case, unless its patient is known or a person has answered that nobody knows."""
        entry = (project.folder, case.name)
        if case.patient is None and entry not in self._asked:
            self._asked.append(entry)
            self.changed.emit()

    def first(self, project: Project | None) -> str | None:
        """The name of the case of this project to ask about."""
        folder = None if project is None else project.folder
        return next((name for asked, name in self._asked if asked == folder), None)

    def answered(self, project: Project, name: str) -> None:
        """Ask about this case no more."""
        self._asked = [entry for entry in self._asked if entry != (project.folder, name)]
        self.changed.emit()
