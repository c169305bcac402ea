"""Fine-tune a model on accepted cases, and add what came out to the project."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_boundaryseg.engine.recipes.recipe import TUNING_STEPS
from napari_boundaryseg.engine.recipes.tuning import FineTuneSettings, Part
from napari_boundaryseg.engine.task_list import FineTune, TuningCase
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.error_text import sentence
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.actions.running import in_worker, project_of
from napari_boundaryseg.session.project.model_versions import ModelVersion
from napari_boundaryseg.session.project.project import AcceptedCase, Project
from napari_boundaryseg.session.session import Session


def fine_tune(
    session: Session,
    model: str | Path,
    names: Sequence[str],
    held_out: Sequence[str] = (),
    steps: int = TUNING_STEPS,
    seed: int = 0,
    lr: float = FineTuneSettings().lr,
    part: Part = "all",
) -> Job:
    """Fine-tune a model on accepted cases in the worker; the result is added to the project as a version.

    The new version is used at once unless the comparison on held-out cases says that it is not better. It is trained
    in the project's own folder, so that it is not lost where it cannot be added.
    """
    project = project_of(session)
    known = {case.name: case for case in project.cases()}
    missing = [name for name in (*names, *held_out) if name not in known]
    if missing or not names:
        raise InputError(
            ", ".join(missing) or "fine-tuning",
            "the project has no such case" if missing else "no training case is chosen",
            "Choose accepted cases from the list",
        )
    training, held = (tuple(_case(project, known[name]) for name in chosen) for chosen in (names, held_out))
    folder = project.training_folder()

    def done(version: ModelVersion) -> None:
        session.project_changed.emit(project)
        if version.active:
            session.model = version.path
        session.say("info", _verdict(version.path.stem, version.comparison))

    def ended(job: Job) -> None:
        if job.error_kind != NotAdded.__name__:
            shutil.rmtree(folder, ignore_errors=True)

    try:
        return in_worker(
            session,
            FineTune(
                model=str(model),
                cases=training,
                held_out=held,
                out_folder=str(folder),
                steps=steps,
                seed=seed,
                lr=lr,
                part=part,
            ),
            done,
            after=lambda result: _add(project, result),
            ended=ended,
        )
    except InputError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


class NotAdded(InputError):
    """A model was trained but could not be added to the project."""


def _case(project: Project, case: AcceptedCase) -> TuningCase:
    return TuningCase(name=case.name, image=str(case.image), label=str(case.label), **project.meaning_of(case))


def _add(project: Project, result: dict[str, Any]) -> ModelVersion:
    comparison, checkpoint = result["comparison"], Path(result["checkpoint"])
    better = comparison is None or comparison["verdict"] == "better"
    try:
        return project.add_model(checkpoint, comparison, use=better)
    except (InputError, OSError, MemoryError) as error:
        raise NotAdded(
            checkpoint,
            f"the trained model could not be added to the project. {sentence(error)} It is kept "
            f"in the project's folder as models/{checkpoint.parent.name}/{checkpoint.name}",
            "Open it from there in Segment",
        ) from error


def _verdict(name: str, comparison: dict[str, Any] | None) -> str:
    if comparison is None:
        return f"{name} was added. No case was held out, so nothing says whether it is better."
    change = comparison["change"]["mean"]
    if comparison["verdict"] == "better":
        return f"{name} is better on the held-out cases (Dice {change:+.3f}) and is now in use."
    return f"{name} was added but is not in use: {comparison['verdict']} on the held-out cases (Dice {change:+.3f})."
