"""What reading means for each reader: as the program reads, and whether what came back was stored."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from . import seeds


class Silent(Exception):
    """What was read is not what was stored, and nobody was told."""


def scan(folder: Path, sealed: bool, number: int) -> None:
    """Read as a scan and as labels; where a checksum guards what was damaged, the voxels must be the stored ones."""
    from napari_boundaryseg.data.formats import read, read_labels
    from napari_boundaryseg.errors import BoundarySegError

    place = next(path for path in sorted(folder.iterdir()) if path.suffix != ".raw")
    refused: BoundarySegError | None = None
    try:
        volume = read(place)
        told("".join(volume.warnings), folder)
        if sealed and not volume.warnings and not np.array_equal(volume.array[0], seeds.voxels()):
            raise Silent("voxels differ and no warning says so")
        np.asarray(volume.array).sum()
    except BoundarySegError as error:
        refused = error
    if place.is_file():
        try:
            labels = read_labels(place)
            told("".join(labels.warnings), folder)
        except BoundarySegError as error:
            told(str(error), folder)
    if refused:
        raise refused


def told(text: str, folder: Path) -> None:
    """A message has no folder and no patient in it."""
    if str(folder) in text or seeds.PLANTED in text:
        raise Silent("a message holds a folder or a patient's name")


def model(folder: Path, sealed: bool, number: int) -> None:
    from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
    from napari_boundaryseg.engine.checkpoints.model_library import cards

    cards([folder])  # never raises: what cannot be read is left out
    load_model(next(folder.glob("*")))


def recipe(folder: Path, sealed: bool, number: int) -> None:
    from napari_boundaryseg.cli.inputs.training_options import recipe_of

    found = recipe_of(str(next(folder.glob("*"))), [])
    if recipe_of_json(found.model_dump_json()) != found:
        raise Silent("a recipe that was read is another one when it is written and read again")
    assert found.digest


def recipe_of_json(text: str) -> Any:
    from napari_boundaryseg.engine.recipes.recipe import read_recipe

    return read_recipe(text)


# --- projects, data sets, journals --------------------------------------------------------------------------------


def project(folder: Path, sealed: bool, number: int) -> None:
    """Everything that a window asks of a project, and new labels; nothing that was stored may go."""
    from napari_boundaryseg.data.formats import read, read_labels
    from napari_boundaryseg.errors import BoundarySegError
    from napari_boundaryseg.session.project.project import Project

    study = next(folder.iterdir())
    before = {path: path.read_bytes() for path in study.rglob("*.*") if path.is_file() and path.parent != study}
    refused: list[BoundarySegError] = []

    def tried(action: Callable[[], Any]) -> Any:
        try:
            return action()
        except BoundarySegError as error:
            told(str(error), folder)
            refused.append(error)
            return None

    project = Project(study)
    for case in tried(project.cases) or ():
        tried(lambda case=case: project.meaning_of(case))
        scan = tried(lambda case=case: read(case.image))
        labels = tried(lambda case=case: read_labels(case.label))
        if scan is not None and labels is not None:
            tried(lambda case=case, scan=scan, labels=labels: project.add_case(_named(scan, case.name), _with(labels)))
    for model in tried(project.models) or ():
        tried(lambda model=model: project.use_model(model.base, model.path.name))
        tried(lambda model=model: project.roll_back(model.base))
    for path, data in before.items():
        if path.name != "case.json" and path.suffix in (".gz", ".safetensors") and path.read_bytes() != data:
            raise Silent(f"{path.name} was changed")
    if refused:
        raise refused[0]


def _named(scan: Any, name: Any) -> Any:
    return replace(scan, name=name)


def _with(labels: Any) -> Any:
    from napari_boundaryseg.data.labels import preset

    return labels.with_scheme(preset("hippocampus"))


def dataset(folder: Path, sealed: bool, number: int) -> None:
    from napari_boundaryseg.data.datasets import load_case, read_dataset

    for case in read_dataset(next(folder.iterdir())):
        load_case(case)


def journal(folder: Path, sealed: bool, number: int) -> None:
    """What comes back is a state that was, and "complete" only where nothing is missing."""
    from napari_boundaryseg.editing.journal.recovery import clean_up, recover, recoverable

    root = next(folder.iterdir())
    known = seeds.journal_states()
    found = recoverable(root)
    for work in found:
        labels = recover(work).labels
        if labels.shape != seeds.SHAPE or not any(np.array_equal(labels, state) for state in known):
            raise Silent("the labels that came back never were")
        if work.complete and not np.array_equal(labels, known[-1]):
            raise Silent("steps are missing, and it is called complete")
    for session in [path for path in root.iterdir() if path.is_dir()]:
        long_ago = time.time() - 3 * 86400
        os.utime(session, (long_ago, long_ago))
    clean_up(root)
    if not any(path.is_file() for path in root.rglob("journal.sqlite*")):
        raise Silent("the journal was deleted")


def certificate(folder: Path, sealed: bool, number: int) -> None:
    """A replay says that labels are the same only where their journal is; whatever else a certificate claims."""
    from napari_boundaryseg.session.certificate.replaying import replay

    (path,) = folder.rglob("certificate-v1.json")
    done = replay(path)
    told(done.words, folder)
    if done.same and path.with_name("journal-v1.steps").read_bytes() != seeds.kept_journal():
        raise Silent("another journal was called the same")


def model_warm() -> None:
    import torch

    torch.set_num_threads(1)  # a pool of threads does not survive a fork
