"""A process that works in a project as a window does: it accepts, exports, predicts and fine-tunes until it is killed.

Arguments: the project's folder, the folder of results, the model, the case's name, a seed. What the person would be
told is printed, one line each; what is begun and every progress too.
"""

from __future__ import annotations

import hashlib
import queue
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from session_cases import box_labels, box_scan

from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.training import steps
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.lanes import Lanes
from napari_boundaryseg.session.actions import accept, export, fine_tune, project, segment, trainings
from napari_boundaryseg.session.session import Session

STEPS = 12


def digest(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array, np.float32).tobytes()).hexdigest()[:16]


def say(*words: object) -> None:
    print("|".join(map(str, words)) + "\n", end="", flush=True)  # in one piece, whatever other threads say


class Worker:
    """A session without a window, whose news is taken between two jobs."""

    def __init__(self, study: Path, results: Path, model: Path, scan: Volume, rng: random.Random) -> None:
        self.calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.session = Session(Lanes(dispatch=self.calls.put))
        self.session.message.connect(lambda level, text: say("said", level, text))
        self.session.job_changed.connect(self.follow)
        self.session.training_changed.connect(self.follow)
        self.results, self.model, self.rng = results, model, rng
        project._take(self.session, project.Project(study, project.WINDOW))
        self.session.scan = scan

    def follow(self, job: Job | None) -> None:
        if job is not None:
            job.progressed.connect(lambda fraction, text: say("progress", text))

    def finish(self) -> None:
        while self.session.job is not None or self.session.training is not None:
            self.calls.get()()

    def corrected(self) -> LabelMap:
        """Labels that nobody has drawn before."""
        labels = box_labels(self.session.scan)
        return replace(labels, array=np.roll(labels.array, (self.rng.randrange(16), self.rng.randrange(16)), (0, 1)))

    def accept(self) -> None:
        labels = self.corrected()
        name = self.session.scan.name
        say("accepting", name, digest(labels.array))
        accept.accept(self.session, labels)
        self.finish()
        if self.session.labels is labels:
            say("accepted", name, digest(self.session.scan.array[0]), digest(labels.array))

    def export(self) -> None:
        labels = self.corrected()
        say("exporting", self.session.scan.name, digest(labels.array))
        told: list[list[Path]] = []
        export.start_export(self.session, labels, {"labels", "report"}, self.results, told.append, overwrite=True)
        self.finish()
        if told:
            say("exported", self.session.scan.name, digest(labels.array))

    def predict(self) -> None:
        self.session.prediction = None
        segment.segment(self.session, self.model, device="cpu")
        self.finish()
        if self.session.prediction is not None:
            say("predicted", digest(self.session.prediction.labels.array))

    def fine_tune(self) -> None:
        study = self.session.project
        names = [case.name for case in study.cases()]
        if not names or study.read_only:
            return
        before = {version.path.name for version in study.models()}
        stopped = trainings.unfinished(study)
        if stopped:
            say("resuming", stopped[0].folder.name)
            fine_tune.resume(self.session, stopped[0])
        else:
            fine_tune.fine_tune(self.session, self.model, names, steps=STEPS)
        self.finish()
        for version in study.models():
            if version.path.name not in before:
                say("model", version.path.name, hashlib.sha256(version.path.read_bytes()).hexdigest())


def main() -> None:
    study, results, model, name, seed = *map(Path, sys.argv[1:4]), sys.argv[4], int(sys.argv[5])
    steps.SAVE_EVERY_S = 0.0
    rng = random.Random(seed)
    worker = Worker(study, results, model, box_scan(name, ord(name)), rng)
    say("ready")
    sys.stdin.readline()
    while True:
        rng.choice([worker.accept, worker.export, worker.predict, worker.fine_tune])()


if __name__ == "__main__":
    main()
