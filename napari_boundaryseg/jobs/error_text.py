"""Errors in words: one sentence for a person, the traceback for developers."""

from __future__ import annotations

import traceback
from pathlib import Path

from psygnal import EmitLoopError

from napari_boundaryseg.errors import BoundarySegError


def cause_of(error: BaseException) -> BaseException:
    """What a listener of a signal raised, without what the signal says around it."""
    while isinstance(error, EmitLoopError) and error.__cause__ is not None:
        error = error.__cause__
    return error


def trace(error: BaseException) -> str:
    """Where the program went wrong, for its developers; nothing for a fault that a person can do something about.

    It may hold names of files, so it goes to the person's own terminal and never into a file.
    """
    cause = cause_of(error)
    return "" if isinstance(cause, BoundarySegError) else "".join(traceback.format_exception(cause))


def sentence(error: BaseException) -> str:
    """What went wrong, in one sentence for the person at the window; of files only the names."""
    error = cause_of(error)
    if isinstance(error, BoundarySegError):
        return str(error)
    first = (str(error).strip().splitlines() or [""])[0][:200]
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or "allocate memory" in first:
        return "There is not enough memory. Draw a box round the organs, or close other programs."
    if isinstance(error, OSError):
        name = Path(str(error.filename)).name if error.filename else "A file"
        return f"{name}: {error.strerror or 'it cannot be used'}. Check whether the disk is connected and has space."
    return f"Something went wrong inside the program ({type(error).__name__}: {first}). What you had is unchanged."
