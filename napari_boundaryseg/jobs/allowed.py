"""Which functions the worker may call: those of the engine's tasks, and no others."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

ALLOWED = "napari_boundaryseg.engine.tasks"


def resolve(function: str, allowed: tuple[str, ...] = (ALLOWED,)) -> Callable[..., Any]:
    """The function behind a dotted path; only functions of the allowed modules are ever called.

    Raises
    ------
    ValueError
        For any other path.
    """
    module, _, name = function.partition(":")
    if module not in allowed or not name.isidentifier() or name.startswith("_"):
        raise ValueError(f"{function!r} is not a function that jobs may call")
    found = getattr(importlib.import_module(module), name)
    if getattr(found, "__module__", None) != module:
        raise ValueError(f"{function!r} is not a function that jobs may call")
    return found
