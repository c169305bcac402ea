"""What a person does in a study, step by step: accepts, names a patient, gives roles, fine-tunes, uses, goes back."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from accepting_process import work_on
from session_cases import SHAPE, box_labels, box_scan
from torch import nn

from napari_boundaryseg import models
from napari_boundaryseg.data.datasets.worklist import Listed
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.engine.recipes.recipe import Augmentation
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training import train
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.runner import InlineRunner
from napari_boundaryseg.models.backbones import Backbone, LogitsOnly
from napari_boundaryseg.session.actions import fine_tune
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.session import Session

TEACHING = ("a", "b", "c")
"""Three patients, so that a fine-tuning is judged by cross-fitting."""
STEPS_OF_TRAINING, LEARNT = 3, 4
"""Of the fine-tuning, and of the model before it, which has begun to learn: there is more to learn, and it helps."""
TRAIN = dict.fromkeys(TEACHING, "Train")


class Watched(Project):
    """A project that remembers the losses of the training whose model it is given."""

    losses: str = ""

    def add_model(self, checkpoint: Path, *arguments: Any, **more: Any) -> Any:
        self.losses = (checkpoint.parent / "log.jsonl").read_text("utf-8")
        return super().add_model(checkpoint, *arguments, **more)


class Study:
    """A project that a person works in."""

    def __init__(self, folder: Path) -> None:
        self.project = Watched(folder / "study")
        self.session = Session(InlineRunner(), self.project)
        self.said: list[str] = []
        self.session.message.connect(lambda level, text: self.said.append(text))
        self._journals = folder / "journals"

    def accept(self, name: str, shift: int) -> None:
        scan, labels = drawn(name, shift)
        self.project.add_case(scan, labels, work=work_on(scan, labels, self._journals))

    def returned(self, job: Job) -> None:
        assert job.state == "returned", (job.state, self.said)

    def fine_tune(self) -> None:
        model = self.project.active_model("tiny")
        assert model is not None
        more = {"steps": STEPS_OF_TRAINING, "lr": 0.1, "cross_fitting": True}
        self.returned(fine_tune.fine_tune(self.session, model, TEACHING, seed=7, **more))

    def name_the_patient(self) -> None:
        (waiting,) = self.project.worklist()
        self.project.note_patient(waiting.number, "p")

    def give(self, roles: dict[str, str]) -> None:
        self.project.give_roles(roles)

    def use_newest(self) -> None:
        self.project.use_model("tiny", self.project.models()[-1].path.name)


STEPS: list[tuple[str, Callable[[Study], object]]] = [
    ("accept a again", lambda study: study.accept("a", 1)),
    ("accept d, of the first patient", lambda study: study.accept("d", 2)),
    ("name the patient of d", Study.name_the_patient),
    ("give other roles", lambda study: study.give({"a": "Held out", "b": "Leave out", "c": "Train"})),
    ("give the first roles", lambda study: study.give(TRAIN)),
    ("fine-tune", Study.fine_tune),
    ("use the shipped model", lambda study: study.project.use_model("tiny", None)),
    ("use the newest version", Study.use_newest),
    ("go back to the shipped one", lambda study: study.project.roll_back("tiny")),
    ("go back to the newest", lambda study: study.project.roll_back("tiny")),
]
FINE_TUNE = [name for name, _ in STEPS].index("fine-tune")


@models.register("two-layers")
def two_layers(dims: int = 3, in_channels: int = 1, classes: int = 2, clear: int = 0, blurry: int = 0) -> nn.Module:
    """As small a network as can be trained: the files are what counts here."""
    layers = [nn.Conv3d(in_channels, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.ReLU(), nn.Conv3d(4, classes, 1)]
    return LogitsOnly(Backbone(nn.Sequential(*layers), 1))


def drawn(name: str, shift: int) -> tuple[Volume, LabelMap]:
    """A scan, and labels of it that differ with the shift."""
    scan = box_scan(name, ord(name))
    labels = box_labels(scan)
    return scan, scan.with_labels(np.roll(labels.array, shift, axis=0), labels.scheme)


def prepare(folder: Path) -> None:
    """A study with three cases of three patients, a scan that waits, a version in use, and roles."""
    hasten()
    study = Study(folder)
    for name, patient in zip(TEACHING, "pqr", strict=True):
        study.accept(name, 0)
        study.project.note_patient_of(name, patient)
    study.give(TRAIN)
    study.project.add_work([Listed("d", (folder / "d.nii.gz",))])
    (waiting,) = study.project.worklist()
    study.project.note_opened(waiting.number, hash_of(drawn("d", 0)[0]))
    Project.add_model(study.project, tiny_model(folder / "tiny.safetensors"))


def hasten() -> None:
    """Let a training be saved at every step."""
    train.SAVE_EVERY_S = 0.0


def tiny_model(path: Path) -> Path:
    """A model that has learnt a little."""
    small = {"patch_vox": SHAPE, "batch": 1, "augmentation": Augmentation(), "expected_field_mm": None}
    wanted = recipe("hippocampus-sgm").model_copy(
        update={**small, "network": "two-layers", "network_arguments": {}},
    )
    wanted = wanted.with_settings({"inference.window_vox": SHAPE, "inference.flip_axes": ()})
    learning = {"optimiser.lr": 0.1, "schedule.name": "one-cycle"}
    with tempfile.TemporaryDirectory() as place:
        found = train.fit(
            wanted.with_settings(learning), [drawn("x", 0)], Path(place), steps=LEARNT, seed=1, name="tiny"
        )
        path.write_bytes(found.read_bytes())
    return path
