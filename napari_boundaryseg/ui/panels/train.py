"""The Train panel: fine-tune on accepted cases, resume that, training curve, comparison before and after, versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from qtpy.QtWidgets import QWidget

from napari_boundaryseg.engine.recipes.tuning import FineTuneSettings
from napari_boundaryseg.engine.task_list import FineTune, TimeSteps
from napari_boundaryseg.jobs.clock import left_in_words
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.project.model_versions import ModelVersion
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.training_cases import (
    Candidate,
    cross_fitted,
    findable,
    first_roles,
    of_unknown_patient,
    on_both_sides,
    roles_to_learn,
)
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.panels.panel import PANELS, Panel
from napari_boundaryseg.ui.panels.training.rows import case_line, listed
from napari_boundaryseg.ui.widgets.case_table import HELD_OUT, TRAIN, CaseTable
from napari_boundaryseg.ui.widgets.comparison_table import ComparisonTable
from napari_boundaryseg.ui.widgets.controls import button, column, line, styled_by
from napari_boundaryseg.ui.widgets.jobs.comparison_card import ComparisonCard
from napari_boundaryseg.ui.widgets.jobs.training_curves import TrainingCurves
from napari_boundaryseg.ui.widgets.jobs.training_list import Stopped, TrainingList
from napari_boundaryseg.ui.widgets.layout.button_grid import ButtonGrid
from napari_boundaryseg.ui.widgets.settings_form import SettingsForm
from napari_boundaryseg.ui.widgets.version_list import Version, VersionList

EMPTY = "No accepted case yet. Correct a segmentation and press Accept; two cases or more are a start."
NO_TRAINING = "Give at least one case the role Train."
NO_HELD_OUT = "Without a held-out case nothing can be said about before and after, and the new model is not put to use."
CROSS_FITTED = (
    "Nobody is held out: the new model learns from all, and {} more like it judge, each on patients that it has not "
    "seen."
)
UNKNOWN = "Patient not known: {}. Nothing says whether a case that judges is of a patient in training."


@PANELS.register("train")
class TrainPanel(Panel):
    """The fourth section: cases and roles, training, versions."""

    title, position = "Train", 40

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._projects, self._jobs, self._trend = controller.projects, controller.jobs, controller.trend
        self._offered: list[Candidate] = []
        self._begun = self._jobs.trainings()
        self.empty = line("train_panel.empty", EMPTY)
        self.cases = CaseTable()
        self.form = SettingsForm("train_panel", FineTuneSettings())
        self.model = line("train_panel.model", quiet=True)
        self.hint = line("train_panel.hint", quiet=True)
        self.start = button(
            "train_panel.start", "Start fine-tuning", "Train the model chosen in Segment further", main=True
        )
        self.time = line("train_panel.time", quiet=True)
        self.how_long = button(
            "train_panel.how_long", "How long?", "Time a few steps on this device, beside all else: some seconds"
        )
        self.pause = button("train_panel.pause", "Pause", "Pause, or resume")
        self.outcome = line("train_panel.outcome")
        self.stopped = TrainingList()
        self.curves = TrainingCurves()
        self.comparison = ComparisonTable()
        self.card = button(
            "train_panel.card", "Slices that changed", "Before and after beside each other, case by case"
        )
        self._shown: Version | None = None
        self.versions = VersionList()
        self._arrange()
        self._connect(controller)
        self._on_project(self._session.project)
        self._on_outcome(self._session.training_outcome)
        self._on_job(self._session.training)

    def _arrange(self) -> None:
        self.training = QWidget()
        buttons = ButtonGrid([self.how_long, self.pause])
        parts = (self.cases, self.form, self.model, self.hint, self.time, self.start, buttons)
        column(self.training, *parts).setContentsMargins(0, 0, 0, 0)
        shown = (self.empty, self.training, self.stopped, self.curves, self.outcome)
        column(self, *shown, self.comparison, self.card, self.versions).addStretch(1)
        self._show_comparison(None)

    def _connect(self, controller: ViewerController) -> None:
        self.cases.roles_changed.connect(self._on_role)
        self.form.changed.connect(lambda _: self._show_time())
        self.start.clicked.connect(self._on_start)
        self.how_long.clicked.connect(self._on_how_long)
        self.pause.clicked.connect(self._on_pause)
        self.form.changed.connect(lambda _: self._enable())
        self.stopped.resume_requested.connect(self._projects.resume)
        self.stopped.discard_requested.connect(self._projects.discard)
        self.versions.use_requested.connect(self._projects.use_version)
        self.versions.rollback_requested.connect(self._projects.roll_back)
        self.versions.chosen.connect(self._show_comparison)
        self._trend.train_asked.connect(self._on_trend)
        self.card.clicked.connect(self._on_card)
        controller.listen(self, self._session.project_changed, self._on_project)
        controller.listen(self, self._session.scan_changed, lambda _: self._show_state())
        controller.listen(self, self._session.model_changed, lambda _: self._on_model())
        controller.listen(self, self._session.training_changed, self._on_job)
        controller.listen(self, self._session.training_outcome_changed, self._on_outcome)
        self._jobs.changed.connect(self._on_jobs)
        self._jobs.progressed.connect(self._on_progress)
        self._jobs.finished.connect(self._on_finished)

    def _on_project(self, project: Project | None) -> None:
        self.versions.show_versions([listed(version) for version in project.models()] if project is not None else [])
        self._show_stopped()
        self._on_model()

    def _on_model(self) -> None:
        """Offer the cases that fit the model which is going to be trained."""
        model = self._session.model
        self.model.setText(f"Trains: {model.stem}, as chosen in Segment" if model is not None else "")
        self._offered = self._projects.candidates()
        held = [name for name, role in self.cases.roles().items() if role == HELD_OUT]
        roles = first_roles(self._offered, self.cases.chosen(), held)
        self.cases.show_cases([case_line(case, roles[case.name]) for case in self._offered])
        self.empty.setVisible(not self._offered)
        self.training.setVisible(bool(self._offered))
        self._show_state()
        self._enable()

    def _show_state(self) -> None:
        """How many cases there are, while nothing is told of a training."""
        if self._session.training is None and self._session.training_outcome is None:
            number = len(self.cases.roles())
            self.set_state("", f"{number} case{'s' if number != 1 else ''} accepted" if number else "")

    def _on_outcome(self, outcome: tuple[str, str] | None) -> None:
        level, text = outcome or ("info", "")
        styled_by(self.outcome, "level", level)
        self.outcome.setText(text)
        self.outcome.setVisible(bool(text))
        self._show_state()

    def _on_jobs(self) -> None:
        if (trainings := self._jobs.trainings()) != self._begun:
            self._begun = trainings
            self._show_stopped()

    def _show_stopped(self) -> None:
        self.stopped.show_trainings([Stopped(one.text, one.saved, one) for one in self._projects.stopped()])

    def _show_comparison(self, version: Version | None) -> None:
        self._shown = version
        comparison = version.comparison if version is not None else None
        self.comparison.setVisible(comparison is not None)
        self.card.setVisible(version is not None and version.has_page)
        if comparison is not None:
            self.comparison.show_comparison(comparison)

    def _on_card(self) -> None:
        if self._shown is not None and (page := self._projects.page_of(self._shown.path)):
            ComparisonCard(self._shown.path.stem, page, self).show()

    def _enable(self) -> None:
        roles = self.cases.roles()
        training, held_out = TRAIN in roles.values(), HELD_OUT in roles.values()
        shared = on_both_sides(self._offered, roles)
        self.start.setEnabled(training and not shared)
        said = [f"{', and '.join(shared)}: give them the same role."] if shared else []
        said += [] if training and held_out else [NO_TRAINING if not training else self._unjudged(roles)]
        found = findable(self._offered, roles, self._models(roles)) if training else ""
        said += [found] if found else []
        unknown = of_unknown_patient(self._offered, roles) if training else []
        said += [UNKNOWN.format(", ".join(unknown))] if unknown else []
        self.hint.setText("\n".join(said))
        self.hint.setVisible(bool(said))
        self._show_time()

    def _on_role(self) -> None:
        """Keep it in the project, where it is that of all of a patient's scans."""
        if self._projects.give_roles(self.cases.chosen()):
            self.cases.forget_chosen()
        self._offered = self._projects.candidates()
        self.cases.show_roles(first_roles(self._offered, self.cases.chosen()))
        self._enable()

    def _on_trend(self, names: Sequence[str]) -> None:
        """Let these cases teach; it is kept once the training begins, or another role is chosen."""
        self.cases.choose(roles_to_learn(self._offered, names))
        self._enable()

    def _unjudged(self, roles: Mapping[str, str]) -> str:
        """What it means that nobody is held out."""
        models = self._models(roles)
        return CROSS_FITTED.format(models) if models else NO_HELD_OUT

    def _models(self, roles: Mapping[str, str]) -> int:
        return cross_fitted(self._offered, roles) if self.form.settings.cross_fitting else 0

    def _on_start(self) -> None:
        roles = self.cases.roles()
        self._projects.fine_tune(
            [name for name, role in roles.items() if role == TRAIN],
            [name for name, role in roles.items() if role == HELD_OUT],
            self.form.settings,
        )

    def _on_how_long(self) -> None:
        self._projects.time_steps(self.form.settings, lambda _: self._show_time())
        if self._jobs.is_timing():
            self.time.setText("A few steps are timed.")
            self.time.show()

    def _show_time(self) -> None:
        """How long such a training will take here, where that is known."""
        pace, given = self._projects.pace(self.form.settings), self.cases.roles()
        roles = list(given.values())
        self.time.setVisible(pace is not None)
        if pace is not None:
            models = 0 if HELD_OUT in roles else self._models(given)
            seconds = pace.expected_s(self.form.settings, roles.count(TRAIN), roles.count(HELD_OUT), models)
            self.time.setText(
                f"On this device: {left_in_words(seconds).removesuffix(' left')}, longer for large scans."
            )

    def _on_pause(self) -> None:
        job = self._session.training
        if job is not None:
            job.resume() if job.paused else job.pause()

    def _name_pause(self, job: Job | None) -> None:
        self.pause.setEnabled(job is not None)
        self.pause.setText("Resume" if job is not None and job.paused else "Pause")
        self.pause.setAccessibleName(self.pause.text())

    def _on_progress(self, job: Job) -> None:
        if job is self._session.training:
            self._name_pause(job)
            self.set_state("", f"{job.about}: {'paused at ' if job.paused else ''}{100 * job.fraction:.0f} %")

    def _on_job(self, job: Job | None) -> None:
        self._name_pause(job)
        self.curves.stop()
        if job is not None and isinstance(job.task, FineTune):
            self._show_comparison(None)
            self.curves.follow(Path(job.task.out_folder) / "log.jsonl", job.task.steps)
            self.set_state("", f"{job.about}: begins")

    def _on_finished(self, job: Job) -> None:
        """Show what came of a training: the new version's before and after, or that there is none."""
        if isinstance(job.task, TimeSteps):
            self._show_time()
        if not isinstance(job.task, FineTune):
            return
        if job.state != "returned":
            self.set_state("warning" if job.state == "failed" else "", f"fine-tuning {job.state}")
            return
        version: ModelVersion = job.result
        verdict = str(version.comparison["verdict"]) if version.comparison else "not compared"
        self.versions.choose(version.path)
        self.set_state(
            "done" if version.active else "warning",
            f"{version.path.stem} · {verdict}{'' if version.active else ', not in use'}",
        )
