"""Actions on a project: open it, fine-tune on its cases, choose among its model versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from napari_boundaryseg.engine.recipes.tuning import FineTuneSettings, Pace
from napari_boundaryseg.engine.task_list import FineTune, TimeSteps
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.actions import fine_tune, pace, trainings
from napari_boundaryseg.session.actions import project as project_actions
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.session.training_cases import Candidate, candidates
from napari_boundaryseg.ui.control import model_list
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.model_choice import ModelChoice


class ProjectActions:
    """Acts on the session's project."""

    def __init__(self, session: Session, models: ModelChoice) -> None:
        self.session, self._models = session, models
        self._paces: dict[tuple[str, str], Pace] = {}

    @report_errors
    def open(self, folder: Path) -> None:
        """Keep accepted cases and models in this folder."""
        project_actions.open_project(self.session, folder)

    @report_errors
    def open_last(self) -> None:
        """Open the project of the last window."""
        if self.session.project is None:
            project_actions.open_last_project(self.session)

    def look_again(self) -> None:
        """Write to a project that another process held, where that one has ended since."""
        project = self.session.project
        if project is None or not project.read_only:
            return
        with suppress(InputError):
            project.begin_writing()
        if not project.read_only:
            self.session.project_changed.emit(project)

    @report_errors
    def fine_tune(self, training: Sequence[str], held_out: Sequence[str], settings: FineTuneSettings) -> None:
        """Train the chosen model further on accepted cases."""
        model = self.session.model
        if model is None:
            raise InputError("Train", "no model is chosen", "Choose one in Segment")
        fine_tune.fine_tune(self.session, model, training, held_out, **settings.model_dump())

    @report_errors
    def give_roles(self, roles: Mapping[str, str]) -> bool:
        """Keep which cases train and which judge, where this window may write to the project; say whether it did."""
        project = self.session.project
        if project is None or project.read_only:
            return False
        project.give_roles(roles)
        return True

    @report_errors
    def time_steps(self, settings: FineTuneSettings, done: Callable[[Pace], None]) -> None:
        """Find out how long a step of such a training takes here; ``done`` gets that, at once where it is known."""
        model = self.session.model
        if model is None:
            raise InputError("Train", "no model is chosen", "Choose one in Segment")
        key = (str(model), settings.part)
        if key in self._paces:
            done(self._paces[key])
        elif not self.session.jobs.of(TimeSteps):
            pace.time_steps(self.session, model, settings.part, lambda found: done(self._paces.setdefault(key, found)))

    def pace(self, settings: FineTuneSettings) -> Pace | None:
        """What is known of it."""
        return self._paces.get((str(self.session.model), settings.part))

    def candidates(self) -> list[Candidate]:
        """The accepted cases, with what is against each as a case for the chosen model."""
        project = self.session.project
        try:
            return candidates(project, model_list.read(self.session.model)) if project is not None else []
        except InputError as error:
            self.session.say("error", str(error))
            return []

    def stopped(self) -> list[trainings.Unfinished]:
        """The fine-tunings of the project that were stopped and can be resumed: none that runs here, or waits."""
        begun = {Path(job.task.out_folder) for job in self.session.jobs if isinstance(job.task, FineTune)}
        found = trainings.unfinished(self.session.project) if self.session.project is not None else []
        return [one for one in found if one.folder not in begun]

    @report_errors
    def resume(self, training: trainings.Unfinished) -> None:
        """Resume a fine-tuning with the model, cases and settings that it was begun with."""
        fine_tune.resume(self.session, training)

    @report_errors
    def discard(self, training: trainings.Unfinished) -> None:
        """Remove what a stopped fine-tuning left."""
        try:
            trainings.discard(training)
        finally:
            self.session.project_changed.emit(self.session.project)

    def page_of(self, file: Path) -> str:
        """Before and after of a version as HTML; empty where there is none."""
        project = self.session.project
        version = next((one for one in project.models() if one.path == file), None) if project is not None else None
        try:
            return version.page.read_text("utf-8") if version is not None and version.page.is_file() else ""
        except (OSError, UnicodeError) as error:
            self.session.say("error", f"{version.page.name if version else file.name} cannot be read: {error}")
            return ""

    @report_errors
    def use_version(self, base: str, file: str | None) -> None:
        """Segment with this version of a model from now on; None for the model as it was shipped."""
        project = self.session.project
        if project is not None:
            project.use_model(base, file)
            self._changed(project, base, self._models.use)

    @report_errors
    def roll_back(self, base: str) -> None:
        """Go back to the version that was in use before; nothing is deleted."""
        project = self.session.project
        if project is not None:
            project.roll_back(base)
            self._changed(project, base, self._models.follow_use)

    def _changed(self, project: Project, base: str, follow: Callable[[str], None]) -> None:
        self.session.training_outcome = None  # what it says of use is past
        self.session.project_changed.emit(project)
        used = model_list.in_use(base, project)
        follow(base)
        if used is not None:
            chosen = self.session.model
            other = chosen is not None and chosen.stem != used.stem
            said = f" For the open scan Segment keeps {chosen.stem}." if chosen is not None and other else ""
            self.session.say("info", f"{used.stem} is in use.{said}")
