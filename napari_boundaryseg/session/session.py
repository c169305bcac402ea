"""Session: the evented state that panels share. It changes on one thread only."""

from __future__ import annotations

import shutil
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from psygnal import EmitLoopError, Signal

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.scratch.scratch_folder import ScratchFolder
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.jobs.error_text import cause_of
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.runner import Runner
from napari_boundaryseg.session.job_list import JobList
from napari_boundaryseg.session.kept_results import KeptResult, KeptResults
from napari_boundaryseg.session.patient_questions import PatientQuestions
from napari_boundaryseg.session.project.project import Project

MOST_LEFT_BYTES = 2**31
"""Of results of scans that are not open; maps of a large scan may take gigabytes, and go with it."""


class Session:
    """What the program remembers. Every attribute has a signal; listeners get the new value.

    Where a listener cannot deal with a new value, the one before is back, and told, before the error is raised.

    Parameters
    ----------
    runner : Runner
    project : Project, optional
        Where accepted cases go.
    """

    scan_changed = Signal(object)
    labels_changed = Signal(object)
    prediction_changed = Signal(object)
    box_changed = Signal(object)
    model_changed = Signal(object)
    project_changed = Signal(object)
    training_outcome_changed = Signal(object)
    message = Signal(str, str)
    """level ("info", "warning", "error") and one sentence."""

    def __init__(self, runner: Runner, project: Project | None = None) -> None:
        self.runner = runner
        self._scratch = ScratchFolder()
        self._thread = threading.get_ident()
        self._scan: Volume | None = None
        self._labels: LabelMap | None = None
        self._prediction: Prediction | None = None
        self._box: Box | None = None
        self._model: Path | None = None
        self._project = project
        self._training_outcome: tuple[str, str] | None = None
        self.jobs = JobList()
        self.job_changed = self.jobs.work_changed
        self.training_changed = self.jobs.training_changed
        self.kept_results = KeptResults()
        self.left_results = KeptResults()
        """What was shown of scans that are not open now: their maps come back with them."""
        self.patient_questions = PatientQuestions()
        self.person = ""
        """In whose name labels are accepted: as the person wishes to be called, or else who is logged in."""
        self.closing = False
        """Whether the window goes: what ends now was not stopped by a person."""
        self._result_folder: Path | None = None
        self.is_applied = True
        """Whether the labels have what the prediction says of them; a window sets it where they get that later."""
        self.is_shown_again = False
        """Whether the prediction had been applied before its scan was opened again: the labels are not to change."""
        self._discarded: list[Path] = []

    @property
    def scan(self) -> Volume | None:
        """The open scan. A new one clears labels, prediction and box."""
        return self._scan

    @scan.setter
    def scan(self, scan: Volume | None) -> None:
        self._leave_prediction()
        self._set("labels", None)
        self._set("box", None)
        self._set("scan", scan)

    @property
    def labels(self) -> LabelMap | None:
        """The labels last read or loaded for this scan."""
        return self._labels

    @labels.setter
    def labels(self, labels: LabelMap | None) -> None:
        self._set("labels", labels)

    @property
    def prediction(self) -> Prediction | None:
        """What a model last said of this scan."""
        return self._prediction

    @prediction.setter
    def prediction(self, prediction: Prediction | None) -> None:
        self.is_shown_again = False
        self._replace_prediction(prediction)

    def take_prediction(self, prediction: Prediction, folder: Path, again: bool = False) -> None:
        """Take a prediction whose arrays lie in a scratch folder, which goes when the next one comes."""
        self.is_shown_again = again
        self._replace_prediction(prediction)
        self._result_folder = folder

    def _replace_prediction(self, prediction: Prediction | None) -> None:
        self.is_applied = True
        self._set("prediction", prediction)
        folder, self._result_folder = self._result_folder, None
        self.discard(*([folder] if folder else []))

    def _leave_prediction(self) -> None:
        """Keep what was shown of a scan until it is opened again; the oldest goes when there are too many."""
        scan, prediction, folder = self._scan, self._prediction, self._result_folder
        if scan is None or prediction is None or folder is None:
            self.prediction = None
            return
        self._result_folder, applied = None, self.is_applied
        self.prediction = None
        result = KeptResult(scan.name, prediction, folder, ())
        if applied:
            gone = [*self.left_results.keep(scan, result), *self.left_results.beyond(MOST_LEFT_BYTES)]
        else:
            gone = self.kept_results.keep(scan, result)
        self.discard(*(one.folder for one in gone))

    @property
    def box(self) -> Box | None:
        """The part of the scan that a model is given: slices of (I, J, K)."""
        return self._box

    @box.setter
    def box(self, box: Box | None) -> None:
        self._set("box", box)

    @property
    def model(self) -> Path | None:
        """The chosen model's file."""
        return self._model

    @model.setter
    def model(self, model: Path | None) -> None:
        self._set("model", model)

    @property
    def job(self) -> Job | None:
        """What a person waits for: the first of what is read, written or segmented; None when nothing is."""
        return self.jobs.first("work")

    @property
    def training(self) -> Job | None:
        """The training that runs beside that."""
        return self.jobs.first("training")

    @property
    def training_outcome(self) -> tuple[str, str] | None:
        """What became of the last training: a level as of `message`, and a sentence."""
        return self._training_outcome

    @training_outcome.setter
    def training_outcome(self, outcome: tuple[str, str] | None) -> None:
        self._set("training_outcome", outcome)

    @property
    def project(self) -> Project | None:
        """The folder of accepted cases and models."""
        return self._project

    @project.setter
    def project(self, project: Project | None) -> None:
        self._set("project", project)

    def _set(self, name: str, value: Any) -> None:
        if threading.get_ident() != self._thread:
            raise RuntimeError("The session changes only on the thread that made it.")
        before, signal = getattr(self, f"_{name}"), getattr(self, f"{name}_changed")
        if before is None and value is None:
            return
        setattr(self, f"_{name}", value)
        try:
            signal.emit(value)
        except EmitLoopError as error:
            if value is not None:  # what was emptied stays empty
                setattr(self, f"_{name}", before)
                with suppress(EmitLoopError):
                    signal.emit(before)
            raise cause_of(error) from None

    def say(self, level: str, text: str) -> None:
        """Tell the person something in one sentence."""
        self.message.emit(level, text)

    @property
    def scratch(self) -> Path:
        """The window's own temporary folder, made when it is first needed."""
        return self._scratch.folder

    def new_folder(self, kind: str) -> Path:
        """A fresh folder for arrays on their way to or from the worker; an `InputError` where none can be made."""
        self.discard()
        return self._scratch.new(kind)

    def discard(self, *folders: Path) -> None:
        """Remove scratch folders; one that is still in use (Windows keeps mapped files) goes with a later call.

        Raises
        ------
        ValueError
            For any other folder: nothing of a person's is removed by mistake.
        """
        if not all(map(self._scratch.made, folders)):
            raise ValueError("only scratch folders of this session are removed")
        self._discarded += folders
        for folder in self._discarded:
            shutil.rmtree(folder, ignore_errors=True)
        self._discarded = [folder for folder in self._discarded if folder.exists()]

    def close(self) -> None:
        """End the workers and remove the scratch folder. Nobody is told: whoever listened is going, too."""
        self.closing = True
        for owner in (self, self.jobs, self.kept_results, self.left_results, self.patient_questions):
            for name, kind in vars(type(owner)).items():
                if isinstance(kind, Signal):
                    getattr(owner, name).block()
        self.runner.close()
        self._scratch.close()
