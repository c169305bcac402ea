"""How long a fine-tuning will take on this device: a few steps are timed in the worker, beside all else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari_boundaryseg.engine.recipes.tuning import Pace, Part
from napari_boundaryseg.engine.task_list import TimeSteps
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.actions.running import Watch, in_worker
from napari_boundaryseg.session.project.stored_models import refuse_changed
from napari_boundaryseg.session.session import Session


def time_steps(session: Session, model: str | Path, part: Part, done: Callable[[Pace], None]) -> Job:
    """Time a few steps of a fine-tuning of a part of a model; ``done`` gets what they took."""
    refuse_changed(model)

    def told(result: dict[str, Any]) -> None:
        done(Pace(**result))

    return in_worker(session, TimeSteps(model=str(model), part=part), Watch(told, about=Path(model).stem))
