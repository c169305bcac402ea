"""Fine-tunings of a project that did not come to their end: listed, described for a resume, discarded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from napari_boundaryseg.data.file_format import refuse_later
from napari_boundaryseg.data.saving import atomic_json, write_error
from napari_boundaryseg.engine.checkpoints import model_library
from napari_boundaryseg.engine.recipes.tuning import FineTuneSettings
from napari_boundaryseg.engine.training.loop import folder as files
from napari_boundaryseg.engine.training.loop.state_header import numbers_in
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.actions.training_folders import added_as, folders_of, remove
from napari_boundaryseg.session.project.project import AcceptedCase, Project

FILE = "training.json"
FORMAT = "napari-boundaryseg-training-order/1"


class Chosen(BaseModel):
    """A case by its name, with the version of its labels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: int


class Order(BaseModel):
    """What a fine-tuning was asked for, kept in its folder: the same again resumes it.

    Parameters
    ----------
    model : str
        A shipped model's name, a file of the project's folder of models, or the path of another file.
    sha256 : str
        Of the model's file.
    earlier : tuple of Chosen
        Cases that the model or an ancestor was trained on, and that neither train nor judge now.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = FORMAT
    model: str
    sha256: str
    cases: tuple[Chosen, ...]
    held_out: tuple[Chosen, ...]
    earlier: tuple[Chosen, ...] = ()
    settings: FineTuneSettings
    seed: int = 0


@dataclass(frozen=True)
class Unfinished:
    """A fine-tuning that was stopped: its folder, what it was asked for, how far it came, when it was last saved."""

    folder: Path
    order: Order
    step: int
    saved: str

    @property
    def text(self) -> str:
        """One line for a list."""
        n = len(self.order.cases)
        model = Path(self.order.model).stem
        return f"{model}, {n} case{'s' if n != 1 else ''}: step {self.step} of {self.order.settings.steps}"


def order_of(
    project: Project,
    model: str | Path,
    cases: Sequence[AcceptedCase],
    held_out: Sequence[AcceptedCase],
    settings: FineTuneSettings,
    seed: int,
    earlier: Sequence[AcceptedCase] = (),
) -> Order:
    """What is asked for, such that it can be found again when the project lies elsewhere."""
    path = model_library.find(model)
    if path in model_library.shipped().values():
        name = path.stem
    else:
        name = path.name if path.parent.resolve() == project.models_folder.resolve() else str(path.resolve())
    chosen, held, before = (
        tuple(Chosen(name=case.name, version=case.version) for case in given) for given in (cases, held_out, earlier)
    )
    digest = model_library.read_card(path)[1]
    return Order(model=name, sha256=digest, cases=chosen, held_out=held, earlier=before, settings=settings, seed=seed)


def earlier_cases(model: str | Path, cases: Sequence[AcceptedCase]) -> list[AcceptedCase]:
    """Of some cases those that a model or an ancestor was trained on, as far as their names tell."""
    ancestry = model_library.read_card(model_library.find(model))[0].ancestry
    return [case for case in cases if ancestry.why_not((), case.name)]


def keep(folder: Path, order: Order) -> None:
    """Write down what a training in this folder was asked for."""
    atomic_json(folder / FILE, order.model_dump(mode="json"))


def unfinished(project: Project) -> list[Unfinished]:
    """The fine-tunings of a project that no process is carrying out, the oldest first."""
    found = []
    for folder in folders_of(project):
        with suppress(InputError):
            one = _unfinished(folder)
            if one is not None and files.is_free(folder) and added_as(project, folder) is None:
                found.append(one)
    return found


def _unfinished(folder: Path) -> Unfinished | None:
    path = folder / FILE
    if not path.is_file():
        return None  # of version 0.2, which kept no training that was stopped
    order, step = _read(path), 0
    with suppress(InputError):
        step = int(numbers_in(folder / files.STATE)["step"]) if (folder / files.STATE).is_file() else 0
    newest = max(file.stat().st_mtime for file in folder.iterdir())
    return Unfinished(folder, order, step, datetime.fromtimestamp(newest, UTC).isoformat(timespec="seconds"))


def _read(path: Path) -> Order:
    try:
        values: Any = json.loads(path.read_text("utf-8"))
        refuse_later(values.get("format"), FORMAT, path)
        return Order.model_validate(values)
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise InputError(path, "it cannot be read", "Begin the fine-tuning anew") from error


def model_of(project: Project, order: Order) -> Path:
    """The file of the model that a training began with.

    Raises
    ------
    InputError
        When it is gone, or another file lies in its place.
    """
    inside = project.models_folder / order.model
    path = model_library.find(inside if inside.is_file() else order.model)
    if model_library.read_card(path)[1] != order.sha256:
        raise InputError(path, "it is not the file that this training began with", "Begin the fine-tuning anew")
    return path


def cases_of(project: Project, chosen: Sequence[Chosen]) -> list[AcceptedCase]:
    """Accepted cases with the labels that a training began with, also where newer ones were accepted since.

    Raises
    ------
    InputError
        When a case was taken off the list, or its labels of then are gone.
    """
    known, found = {case.name: case for case in project.cases()}, []
    for one in chosen:
        case = known.get(one.name)
        label = case.label.with_name(f"labels-v{one.version}.nii.gz") if case is not None else None
        if case is None or label is None or not label.is_file():
            raise InputError(
                one.name, "the project no longer has this case as the training began with it", "Begin it anew"
            )
        found.append(replace(case, version=one.version, label=label))
    return found


def discard(unfinished: Unfinished) -> None:
    """Remove what a training left; only when a person asked for it.

    Raises
    ------
    InputError
        While a process trains in it, and when it cannot be removed.
    """
    if not files.is_free(unfinished.folder):
        raise InputError(unfinished.folder, "another process trains in it", "Wait until it has ended")
    try:
        remove(unfinished.folder)
    except OSError as error:
        raise write_error(unfinished.folder, error) from error


def is_worth_keeping(folder: Path) -> bool:
    """Whether a training has left anything from which it can be resumed."""
    return (folder / files.STATE).is_file()
