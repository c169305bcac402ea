"""Tasks: frozen, typed, told by their class; a round trip through JSON changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine import tasks
from napari_boundaryseg.engine.task_list import Adapt, FineTune, Predict, TimeSteps, TuningCase, WarmUp
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.allowed import resolve
from napari_boundaryseg.task import Task

CASE = TuningCase(name="a", image="a.nii.gz", label="b.nii.gz", scheme=preset("prostate"), box=((0, 2),) * 3)
EXAMPLES: list[Task] = [
    WarmUp(),
    Predict(scan_folder="in", model="m", out_folder="out", box=((1, 2), (3, 4), (5, 6))),
    Predict(scan_folder="/home/M\udcfcller/in", model="m\udce9.safetensors", out_folder="/home/M\udcfcller/out"),
    Adapt(
        scan_folder="in",
        labels_folder="drawn",
        model="m",
        slices=(3, 8, 12),
        axis=2,
        out_folder="out",
        box=((0, 2),) * 3,
    ),
    TimeSteps(model="m", part="norm"),
    FineTune(model="m", cases=(CASE,), held_out=(CASE,), out_folder="out", steps=3, seed=4, device="cpu"),
]


@pytest.mark.parametrize("task", EXAMPLES, ids=lambda task: task.name())
def test_a_task_arrives_as_it_left(task: Task) -> None:
    arrived = json.loads(json.dumps(task.model_dump()))
    assert type(task).model_validate(arrived) == task
    assert resolve(task.name(), arrived).args == (task,)


def test_every_listed_task_has_an_example_and_a_function_of_the_tasks_module() -> None:
    assert {type(task) for task in EXAMPLES} == set(tasks.ALLOWED)
    assert {function.__module__ for function in tasks.ALLOWED.values()} == {tasks.__name__}
    assert len({task.name() for task in tasks.ALLOWED}) == len(tasks.ALLOWED)


def test_a_task_cannot_be_changed_and_takes_no_other_arguments() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        EXAMPLES[1].model = "other"  # type: ignore[attr-defined]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Predict(scan_folder="in", model="m", out_folder="out", boxx=None)  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="instance of str"):
        Predict(scan_folder=Path("in"), model="m", out_folder="out")  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"scheme": {"name": "x"}}, {"box": [[1, 2]]}, {"drawn": 1}])
def test_a_case_that_cannot_be_read_is_named(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"^a: what its labels mean cannot be read\. Accept it again"):
        TuningCase.model_validate({"name": "a", "image": "a", "label": "b", **wrong})


@pytest.mark.parametrize(
    "name", ["predict", "tasks.predict", "Task", "TuningCase", "_predictor", "", None, 3, ["Predict"]]
)
def test_nothing_else_is_resolved(name: object) -> None:
    with pytest.raises(ValueError, match="is not a function that jobs may call"):
        resolve(name, {})
