"""The chosen model: the one that fits the scan best, until a person chooses."""

from __future__ import annotations

from pathlib import Path

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control import model_list
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.remembered import Remembered


class ModelChoice:
    """The models of one window, with those that were opened from a file."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._opened: list[Path] = []
        self._remembered = Remembered("model", {"chosen": ""})
        self._chosen: Path | None = None
        """What a person chose last; the session's model is another one where that does not fit the open scan."""
        self._for: Volume | None = None
        """The scan that was open when a person chose: on that one a choice is kept, whatever fits."""

    def available(self) -> model_list.Models:
        """Every model that can be chosen."""
        return model_list.available(self.session.project, self._opened)

    def opened(self) -> list[Path]:
        """The files that a person opened in this window."""
        return list(self._opened)

    def suggest(self) -> None:
        """Choose for the open scan the model that a person chose last, where it fits, else the one that fits best."""
        scan = self.session.scan
        best = self.for_scan(scan) if scan is not None else model_list.best_for(scan, self.session.project)
        if best is not None:
            self.session.model = best

    def for_scan(self, scan: Volume) -> Path | None:
        """The model for a scan, which need not be open; None where none takes its channels and modality."""
        chosen = self._chosen or self._last()
        card = model_list.read(chosen)
        if card is not None and (scan is self._for or model_list.fits(scan, card)):
            return chosen
        best = model_list.best_for(scan, self.session.project)
        found = model_list.read(best)
        return best if scan is self.session.scan or (found is not None and model_list.serves(scan, found)) else None

    def choose(self, model: Path | None, lasting: bool = True) -> None:
        """Take the model that a person chose; one that lasts is remembered for the next window."""
        self._take(model, lasting)
        self._for = self.session.scan

    def _take(self, model: Path | None, lasting: bool = True) -> None:
        self._chosen = self.session.model = model
        if lasting:
            self._remembered["chosen"] = str(model or "")

    def _last(self) -> Path | None:
        """What a person chose last, in an earlier window, in the version that is in use now."""
        path = Path(str(self._remembered["chosen"]))
        card = next((card for card, known in self.available() if known == path), None)
        return None if card is None else model_list.in_use(card.name, self.session.project) or path

    def use(self, base: str) -> None:
        """Take the version of a model that a person has just put to use, where it fits the open scan."""
        scan, version = self.session.scan, model_list.in_use(base, self.session.project)
        card = model_list.read(version)
        if version is not None and scan is not None and card is not None and model_list.fits(scan, card):
            self._take(version)
        else:
            self.follow_use(base)

    def follow_use(self, base: str) -> None:
        """Take the version of a model that is in use now, where that model is chosen or would be suggested."""
        chosen, version = model_list.read(self._chosen), model_list.in_use(base, self.session.project)
        if chosen is not None and chosen.name == base:
            self._chosen = version
            self._remembered["chosen"] = str(version or "")
        shown = model_list.read(self.session.model)
        if self.session.scan is None or (
            chosen is not None and shown is not None and chosen.name == shown.name == base
        ):
            self.session.model = version
        else:
            self.suggest()

    @report_errors
    def open(self, path: Path, lasting: bool = True) -> None:
        """Add a model file of the person's own to the list and choose it."""
        read_card(path)
        if path not in self._opened:
            self._opened.append(path)
        self.choose(path, lasting)

    def fall_back(self, model: Path) -> None:
        """Take a model because the chosen one is not there; a person chose neither."""
        self.session.model = model
