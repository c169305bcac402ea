"""The chosen model: the one that fits the scan best, until a person chooses."""

from __future__ import annotations

from pathlib import Path

from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control import model_list
from napari_boundaryseg.ui.control.error_messages import report_errors


class ModelChoice:
    """The models of one window, with those that were opened from a file."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._opened: list[Path] = []
        self._by_person = False

    def available(self) -> model_list.Models:
        """Every model that can be chosen."""
        return model_list.available(self.session.project, self._opened)

    def suggest(self) -> None:
        """Choose the model that fits the open scan best; a choice that a person made is kept."""
        best = None if self._by_person else model_list.best_for(self.session.scan, self.session.project)
        if best is not None:
            self.session.model = best

    def choose(self, model: Path | None) -> None:
        """Take the model that a person chose."""
        self._by_person = True
        self.session.model = model

    def follow_use(self, base: str) -> None:
        """Take the version of a model that is in use now, where that model is chosen or would be suggested."""
        chosen = model_list.read(self.session.model)
        if self.session.scan is None or (self._by_person and chosen is not None and chosen.name == base):
            self.session.model = model_list.in_use(base, self.session.project)
        else:
            self.suggest()

    @report_errors
    def open(self, path: Path) -> None:
        """Add a model file of the person's own to the list and choose it."""
        read_card(path)
        if path not in self._opened:
            self._opened.append(path)
        self.choose(path)

    def fall_back(self, model: Path) -> None:
        """Take a model because the chosen one is not there; a person chose neither."""
        self.session.model = model
