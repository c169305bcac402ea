"""The Train panel: fine-tune on accepted cases, resume that, training curve, comparison before and after, versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QWidget
from superqt.utils import signals_blocked

from napari_boundaryseg.engine.recipes.tuning import FineTuneSettings
from napari_boundaryseg.engine.task_list import FineTune
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.project.model_versions import ModelVersion
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.panels.panel import PANELS, Panel
from napari_boundaryseg.ui.widgets.case_table import HELD_OUT, TRAIN, CaseTable
from napari_boundaryseg.ui.widgets.comparison_table import ComparisonTable
from napari_boundaryseg.ui.widgets.controls import button, column, line
from napari_boundaryseg.ui.widgets.loss_curve import LossCurve, TrainingLog
from napari_boundaryseg.ui.widgets.settings_form import SettingsForm
from napari_boundaryseg.ui.widgets.training_list import Stopped, TrainingList
from napari_boundaryseg.ui.widgets.version_list import Version, VersionList

EMPTY = "No accepted case yet. Correct a segmentation and press Accept; two cases or more are a start."
NO_TRAINING = "Give at least one case the role Train."
NO_HELD_OUT = "Without a held-out case nothing can be said about before and after, and the new model is not put to use."
POLL_MS = 1000


@PANELS.register("train")
class TrainPanel(Panel):
    """The fourth section: cases and roles, training, versions."""

    title, position = "Train", 40

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._projects, self._jobs = controller.projects, controller.jobs
        self._log: TrainingLog | None = None
        self.choose = button("train_panel.folder", "Project folder…", "Where accepted cases and models are kept")
        self.place = line("train_panel.place", quiet=True)
        self.empty = line("train_panel.empty", EMPTY)
        self.cases = CaseTable()
        self.form = SettingsForm("train_panel", FineTuneSettings())
        self.hint = line("train_panel.hint", quiet=True)
        self.start = button(
            "train_panel.start", "Start fine-tuning", "Train the model chosen in Segment further", main=True
        )
        self.pause = button("train_panel.pause", "Pause", "Pause, or resume")
        self.pause.setCheckable(True)
        self.stopped = TrainingList()
        self.curve = LossCurve()
        self.comparison = ComparisonTable()
        self.versions = VersionList()
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self._read_log)
        self._arrange()
        self._connect(controller)
        self._on_project(self._session.project)
        self._on_job(self._session.job)

    def _arrange(self) -> None:
        self.training = QWidget()
        row = QHBoxLayout()
        row.addWidget(self.start, 2)
        row.addWidget(self.pause, 1)
        inside = column(self.training, self.cases, self.form, self.hint)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addLayout(row)
        shown = (self.choose, self.place, self.empty, self.training, self.stopped, self.curve, self.comparison)
        column(self, *shown, self.versions).addStretch(1)
        self.comparison.hide()
        self.curve.hide()

    def _connect(self, controller: ViewerController) -> None:
        self.choose.clicked.connect(self._ask_folder)
        self.cases.roles_changed.connect(self._enable)
        self.start.clicked.connect(self._on_start)
        self.pause.toggled.connect(self._on_pause)
        self.stopped.resume_requested.connect(self._on_resume)
        self.stopped.discard_requested.connect(self._projects.discard)
        self.versions.use_requested.connect(self._projects.use_version)
        self.versions.rollback_requested.connect(self._projects.roll_back)
        self.versions.chosen.connect(self._on_version)
        controller.listen(self, self._session.project_changed, self._on_project)
        controller.listen(self, self._session.job_changed, self._on_job)
        self._jobs.finished.connect(self._on_finished)

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Project folder: accepted cases and models are kept here")
        if folder:
            self._projects.open(Path(folder))

    def _on_project(self, project: Project | None) -> None:
        names = {case.name: case.scheme for case in project.cases()} if project is not None else {}
        self.place.setText(_place(project) if project is not None else "No project yet")
        self.place.setToolTip(str(project.folder) if project is not None else "")
        self.cases.show_cases(names)
        self.empty.setVisible(not names)
        self.training.setVisible(bool(names))
        self.versions.show_versions([listed(version) for version in project.models()] if project is not None else [])
        self._show_stopped()
        if self.state[0] == "":
            self.set_state("", f"{len(names)} case{'s' if len(names) != 1 else ''} accepted" if names else "")
        self._enable()

    def _show_stopped(self) -> None:
        """None while a training runs: its folder is not one that was stopped."""
        running = self._session.job is not None and isinstance(self._session.job.task, FineTune)
        found = [] if running else self._projects.stopped()
        self.stopped.show_trainings([Stopped(one.text, one.saved, one) for one in found])

    def _on_resume(self, training: Any) -> None:
        self._clear_results()
        self._projects.resume(training)

    def _clear_results(self) -> None:
        self.comparison.hide()
        self.curve.set_points([], [])

    def _on_version(self, version: Version) -> None:
        self.comparison.setVisible(version.comparison is not None)
        if version.comparison is not None:
            self.comparison.show_comparison(version.comparison)

    def _enable(self) -> None:
        roles = self.cases.roles()
        training, held_out = TRAIN in roles.values(), HELD_OUT in roles.values()
        self.start.setEnabled(training and self._session.job is None)
        self.stopped.set_free(self._session.job is None)
        hint = "" if training and held_out else NO_TRAINING if not training else NO_HELD_OUT
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))

    def _on_start(self) -> None:
        roles = self.cases.roles()
        self._clear_results()
        self._projects.fine_tune(
            [name for name, role in roles.items() if role == TRAIN],
            [name for name, role in roles.items() if role == HELD_OUT],
            self.form.settings,
        )

    def _on_pause(self, on: bool) -> None:
        self._name_pause(on)
        self._jobs.pause(on)

    def _name_pause(self, paused: bool) -> None:
        self.pause.setText("Resume" if paused else "Pause")
        self.pause.setAccessibleName(self.pause.text())

    def _on_job(self, job: Job | None) -> None:
        task = None if job is None else job.task
        training = isinstance(task, FineTune)
        with signals_blocked(self.pause):
            self.pause.setChecked(False)
        self._name_pause(False)
        self.pause.setEnabled(training)
        self._read_log()
        if isinstance(task, FineTune):
            self._log = TrainingLog(Path(task.out_folder) / "log.jsonl")
            self._poll.start()
        else:
            self._log = None
            self._poll.stop()
        self._show_stopped()
        self._enable()

    def _on_finished(self, job: Job) -> None:
        """Show what came of a training: the new version's before and after, or that there is none."""
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
            f"{version.path.stem}: {verdict}{'' if version.active else ', not in use'}",
        )

    def _read_log(self) -> None:
        if self._log is not None:
            self.curve.show()
            self.curve.set_points(*self._log.read())


def listed(version: ModelVersion) -> Version:
    """A project's version as its list shows it."""
    return Version(version.path, version.base, version.added, version.active, version.comparison)


def _place(project: Project) -> str:
    """The project's name, and who else writes to it."""
    name = f"Project: {project.folder.name}"
    return f"{name} (read-only: {project.read_only})" if project.read_only else name
