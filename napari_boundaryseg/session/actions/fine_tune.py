"""Fine-tune a model on accepted cases, resume that, and add what came out to the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from napari_boundaryseg.engine.evaluation.comparison import migrated, wins
from napari_boundaryseg.engine.evaluation.comparison_words import (
    earlier_in_words,
    not_taught_in_words,
    on_whom,
    remarks,
    score_in_words,
    taken_in_words,
)
from napari_boundaryseg.engine.recipes.tuning import FineTuneSettings
from napari_boundaryseg.engine.task_list import FineTune, TuningCase
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.error_text import sentence
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.actions import trainings
from napari_boundaryseg.session.actions.running import Watch, in_worker, project_of
from napari_boundaryseg.session.actions.training_folders import remove, sweep
from napari_boundaryseg.session.actions.trainings import Order, Unfinished
from napari_boundaryseg.session.project.model_versions import ModelVersion
from napari_boundaryseg.session.project.project import AcceptedCase, Project
from napari_boundaryseg.session.project.stored_models import refuse_changed
from napari_boundaryseg.session.session import Session

KEPT = "What it has learnt is kept: Train lists it, to be resumed or discarded."
STOPPED = f"The fine-tuning was stopped. {KEPT}"
NOTHING_YET = "The fine-tuning was stopped before anything of it was saved. Nothing was changed."


def fine_tune(
    session: Session,
    model: str | Path,
    names: Sequence[str],
    held_out: Sequence[str] = (),
    seed: int = 0,
    **settings: Any,
) -> Job:
    """Fine-tune a model on accepted cases in the worker; the result is added to the project as a version.

    ``settings`` are those of `FineTuneSettings`. Other cases of the project that an ancestor of the model was trained
    on are rehearsed, if wished, and say what was forgotten.

    The new version is used only where the comparison on held-out cases says that it is better, and every organ was
    taught and judged. It is trained in the project's own folder, so that it is not lost where it cannot be added, or
    where the training is stopped: then it can be resumed.
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
    teaching, judging = ({known[name].patient for name in chosen} - {None, ""} for chosen in (names, held_out))
    if not teaching & judging:  # else it will be refused
        project.give_roles({**dict.fromkeys(names, "Train"), **dict.fromkeys(held_out, "Held out")})
    training, held = ([known[name] for name in chosen] for chosen in (names, held_out))
    earlier = trainings.earlier_cases(model, [case for name, case in known.items() if name not in (*names, *held_out)])
    sweep(project)
    order = trainings.order_of(project, model, training, held, FineTuneSettings(**settings), seed, earlier)
    return _start(session, project, order, Path(model), training, held, project.training_folder(), earlier=earlier)


def resume(session: Session, unfinished: Unfinished) -> Job:
    """Resume a fine-tuning that was stopped, with the model, the cases, their labels and the settings of then."""
    project, order = project_of(session), unfinished.order
    training, held, earlier = (
        trainings.cases_of(project, chosen) for chosen in (order.cases, order.held_out, order.earlier)
    )
    model = trainings.model_of(project, order)
    return _start(session, project, order, model, training, held, unfinished.folder, resumed=True, earlier=earlier)


def _start(
    session: Session,
    project: Project,
    order: Order,
    model: Path,
    training: Sequence[AcceptedCase],
    held: Sequence[AcceptedCase],
    folder: Path,
    resumed: bool = False,
    earlier: Sequence[AcceptedCase] = (),
) -> Job:
    limits: list[str] = []
    taken: list[str] = []

    def tell(level: str, text: str) -> str:
        session.training_outcome = level, text
        return text

    def done(version: ModelVersion) -> None:
        session.project_changed.emit(session.project)
        if version.active and session.project is project and session.model in (None, model):
            session.model = version.path  # a person who chose another model meanwhile keeps it
        place = [] if session.project is project else [f"In {project.folder.name}:"]
        level = "warning" if limits else "info"
        session.say(level, tell(level, " ".join([*place, _verdict(version), *taken, *limits])))

    def after(result: dict[str, Any]) -> ModelVersion:
        limits.extend(_limits(result))
        kept = earlier_in_words(result.get("earlier"))
        taken.extend(filter(None, [taken_in_words(result["taken"], result["taken_why"]), kept]))
        return _add(project, result)

    def ended(job: Job) -> None:
        if job.state == "returned" or not is_kept(job):
            with suppress(OSError):
                remove(folder)
        else:
            session.project_changed.emit(session.project)

    def is_kept(job: Job) -> bool:
        unasked = resumed or session.closing or job.error_kind == NotAdded.__name__
        return unasked or trainings.is_worth_keeping(folder)

    def words(job: Job) -> str:
        if job.state == "cancelled":
            return tell("info", STOPPED if is_kept(job) else NOTHING_YET)
        more = f" {KEPT}" if is_kept(job) and job.error_kind != NotAdded.__name__ else ""
        return tell("error", f"{job.error}{more}")

    try:
        refuse_changed(model)
        facts = project.facts()

        def described(case: AcceptedCase) -> TuningCase:
            return _case(project, case, facts.get(case.label.parent.name, {}))

        trainings.keep(folder, order)
        session.training_outcome = None
        return in_worker(
            session,
            FineTune(
                model=str(model),
                cases=tuple(map(described, training)),
                held_out=tuple(map(described, held)),
                earlier=tuple(map(described, earlier)),
                out_folder=str(folder),
                seed=order.seed,
                resume=resumed,
                **order.settings.model_dump(),
            ),
            Watch(done, about=model.stem, ended=ended, words=words),
            after=after,
        )
    except InputError:
        if not resumed:
            with suppress(OSError):
                remove(folder)
        raise


class NotAdded(InputError):
    """A model was trained but could not be added to the project."""


def _case(project: Project, case: AcceptedCase, facts: Mapping[str, Any]) -> TuningCase:
    files = {"image": str(case.image), "label": str(case.label)}
    untouched = facts.get("by_hand") is False
    meaning = project.meaning_of(case)
    return TuningCase(name=case.name, **files, **meaning, patient=case.patient or "", untouched=untouched)


def _add(project: Project, result: dict[str, Any]) -> ModelVersion:
    comparison, checkpoint = result["comparison"], Path(result["checkpoint"])
    page = Path(result["page"]) if result.get("page") else None
    try:
        return project.add_model(checkpoint, comparison, use=wins(comparison), page=page)
    except (InputError, OSError, MemoryError) as error:
        raise NotAdded(
            checkpoint,
            f"the trained model could not be added to the project. {sentence(error)} It is kept "
            f"in the project's folder as models/{checkpoint.parent.name}/{checkpoint.name}",
            "Open it from there in Segment",
        ) from error


def _limits(result: dict[str, Any]) -> list[str]:
    """What is said beside the verdict; what else limits a comparison stands at its table."""
    if result["comparison"] is not None:
        return remarks({**migrated(result["comparison"]), "unscored": [], "unknown_ancestry": False, "earlier": None})
    return [not_taught_in_words(result["not_taught"])] if result.get("not_taught") else []


def _verdict(version: ModelVersion) -> str:
    name, comparison = version.path.stem, version.comparison
    unused = f"{name} was added and is not in use"
    if comparison is None:
        return f"{unused}: nobody judged it, so nothing says whether it is better. Choose Use to use it."
    change, verdict = comparison["change"]["mean"], comparison["verdict"]
    on = on_whom(comparison)
    score = score_in_words(comparison).removeprefix("Mean ")
    if change is None:
        return f"{unused}: none of the cases may judge it. Choose Use to use it."
    if version.active:
        return f"{name} is better {on} ({score} {change:+.3f}) and is now in use."
    if verdict == "better":
        organs = dict.fromkeys([*comparison.get("not_taught", ()), *comparison.get("not_in_references", ())])
        return (
            f"{unused}: it is better {on} ({score} {change:+.3f}), but of {', '.join(organs)} "
            "nothing is known. Choose Use to use it."
        )
    return f"{unused}: {verdict} {on} ({score} {change:+.3f})."
