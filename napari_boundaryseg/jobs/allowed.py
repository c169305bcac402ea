"""Allow-list of the worker: the functions that are listed with their task, and no others."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from napari_boundaryseg.task import Task

TASKS = "napari_boundaryseg.engine.tasks"
"""The module that lists the functions; by its name, because the window's process must not load it."""


def resolve(name: object, arguments: Mapping[str, Any], module: str = TASKS) -> Callable[..., Any]:
    """What carries out a task: the listed function with the task made from its arguments; it still takes ``progress``.

    Parameters
    ----------
    name : str
        The task's name; see `task.Task`.
    arguments : mapping
        The task's fields.
    module : str
        Where a mapping ``ALLOWED`` from tasks to their functions is.

    Raises
    ------
    ValueError
        For a task that is not listed, and (as pydantic's `ValidationError`) for arguments that are not its own.
    """
    allowed: Mapping[type[Task], Callable[..., Any]] = importlib.import_module(module).ALLOWED
    for task, function in allowed.items():
        if task.name() == name:
            return partial(function, task.model_validate(arguments))
    raise ValueError(f"{name!r} is not a function that jobs may call")
