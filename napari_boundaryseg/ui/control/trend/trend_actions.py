"""Actions on the trend of accepted cases: read it again, set limits anew, fine-tune on the cases since a change."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.session.trend.limits_anew import set_anew
from napari_boundaryseg.session.trend.trend import Trend, read_trends
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.model_choice import ModelChoice
from napari_boundaryseg.ui.control.reviewing.beside import Beside

OTHER_MODEL = "Train trains {}, as chosen in Segment; what was charted is {}. Choose that there first."


class TrendActions(QObject):
    """Reads the certificates of the project beside the window's thread, whenever there may be others."""

    changed = Signal()
    """Something else is known, or chosen."""
    train_asked = Signal(object)
    """A person wants a model to learn from these cases, a list of names."""

    def __init__(self, session: Session, models: ModelChoice, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self._models = session, models
        self._beside = Beside(session, "trend", self)
        self._of: Project | None = None
        """The project that was asked for last."""
        self._trends: list[Trend] = []
        self.failed = ""
        """Why the cases could not be read."""
        self._chosen = ""
        session.project_changed.connect(self.read)
        if session.project is not None:
            self.read(session.project)

    # What the panel wants to know.
    @property
    def is_busy(self) -> bool:
        """Whether cases are being read."""
        return self._beside.is_busy

    def all(self) -> list[Trend]:
        """Of every organ, by name; none where no case of the project has figures, or they are not read yet."""
        return self._trends

    def shown(self) -> Trend | None:
        """Of the chosen organ; of one that changed for the worse, else changed, where none is chosen."""
        chosen = [one for one in self._trends if one.organ == self._chosen]
        ranked = sorted(self._trends, key=lambda one: (not one.suggests_fine_tuning, not one.changed))
        return next(iter([*chosen, *ranked]), None)

    # What the panel asks for.
    def choose(self, organ: str) -> None:
        """Look at the charts of an organ."""
        self._chosen = organ
        self.changed.emit()

    @report_errors
    def read(self, project: Project | None) -> None:
        """Read the cases of a project; of another one nothing is shown until then."""
        if project is not self._of:
            self._of, self._trends, self.failed, self._chosen = project, [], "", ""
        if project is None:
            self._beside.forget()
        else:
            self._beside.ask(partial(_read, project, self._models.opened()), self._take)
        self.changed.emit()

    @report_errors
    def set_anew(self) -> None:
        """Begin the charts of the organ that is shown with the next accept."""
        trend, project = self.shown(), self.session.project
        if trend is not None and project is not None:
            set_anew(project, trend.model.sha256, trend.organ)
            self.read(project)

    @report_errors
    def train(self) -> None:
        """Have the cases since the change for the worse teach the charted model; for an open scan another may stay."""
        trend, session = self.shown(), self.session
        if trend is None or not trend.since_then:
            return
        charted = trend.model.sha256
        path = next((path for _, path in self._models.available() if _sha256(path) == charted), None)
        if path is not None and session.scan is None and _sha256(session.model) != charted:
            self._models.fall_back(path)
        self.train_asked.emit(list(trend.since_then))
        if session.model is not None and _sha256(session.model) != charted:
            session.say("warning", OTHER_MODEL.format(session.model.stem, trend.model.title))

    def _take(self, found: list[Trend] | str) -> None:
        self.failed = found if isinstance(found, str) else ""
        self._trends = [] if isinstance(found, str) else found
        self.changed.emit()


def _read(project: Project, models: list[Path]) -> list[Trend] | str:
    try:
        return read_trends(project, models)
    except InputError as error:
        return str(error)


def _sha256(model: Path | None) -> str:
    try:
        return read_card(model)[1] if model is not None else ""
    except InputError:
        return ""
