"""One call of a long function, observable and cancellable."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, Literal

from psygnal import Signal

from napari_boundaryseg.errors import BoundarySegError
from napari_boundaryseg.progress import Cancelled

State = Literal["waiting", "running", "returned", "failed", "cancelled"]
ENDED: tuple[State, ...] = ("returned", "failed", "cancelled")
ALLOWED = "napari_boundaryseg.engine.tasks"


class Job:
    """A long function by its dotted path, with plain arguments, and what became of it.

    It ends in exactly one of ``returned``, ``failed`` and ``cancelled``; then ``finished`` is emitted, once.

    Parameters
    ----------
    function : str
        ``"package.module:name"``.
    arguments : mapping
        Values that JSON can hold.
    """

    progressed = Signal(float, str)
    finished = Signal()

    def __init__(self, function: str, arguments: Mapping[str, Any]) -> None:
        self.function = function
        self.arguments = dict(arguments)
        self.state: State = "waiting"
        self.paused = False
        self.fraction = 0.0
        self.text = ""
        self.result: Any = None
        self.error = ""
        self.error_kind = ""
        self.details = ""
        self._control: Callable[[str], None] = lambda command: None

    @property
    def ended(self) -> bool:
        """Whether it returned, failed or was cancelled."""
        return self.state in ENDED

    def cancel(self) -> None:
        """Ask it to stop; it ends as ``cancelled`` within two seconds."""
        if not self.ended:
            self._control("cancel")

    def pause(self) -> None:
        """Let it wait at its next report."""
        if not self.ended:
            self.paused = True
            self._control("pause")

    def resume(self) -> None:
        """Let it go on."""
        if not self.ended:
            self.paused = False
            self._control("resume")

    def controlled_by(self, control: Callable[[str], None]) -> None:
        """Give the function that carries out "cancel", "pause" and "resume"."""
        self._control = control

    def report(self, fraction: float, text: str) -> None:
        """Take the news of a running function."""
        if not self.ended:
            self.state, self.fraction, self.text = "running", fraction, text
            self.progressed.emit(fraction, text)

    def end(self, state: State, *, result: Any = None, error: str = "", kind: str = "", details: str = "") -> None:
        """Take its end; a second one is ignored."""
        if self.ended:
            return
        self.state, self.result, self.error, self.error_kind, self.details = state, result, error, kind, details
        self.finished.emit()


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


def sentence(error: BaseException) -> str:
    """What went wrong, in one sentence for the person at the window."""
    if isinstance(error, BoundarySegError):
        return str(error)
    if isinstance(error, MemoryError):
        return "There is not enough memory. Draw a box round the organs, or close other programs."
    first = (str(error).strip().splitlines() or [""])[0][:200]
    return f"Something went wrong inside the program ({type(error).__name__}: {first}). What you had is unchanged."


class InlineRunner:
    """Runs a job at once, on the thread that asks: for scripts and tests."""

    def __init__(self, allowed: tuple[str, ...] = (ALLOWED,)) -> None:
        self._allowed = allowed

    def run(self, function: str, arguments: Mapping[str, Any],
            started: Callable[[Job], None] = lambda job: None) -> Job:
        """Call the function to its end; ``started`` gets the job before it begins."""
        job = Job(function, arguments)
        asked: set[str] = set()
        job.controlled_by(asked.add)
        started(job)

        def progress(fraction: float, text: str = "") -> None:
            if "cancel" in asked:
                raise Cancelled
            job.report(fraction, text)

        try:
            job.end("returned", result=resolve(function, self._allowed)(**arguments, progress=progress))
        except Cancelled:
            job.end("cancelled")
        except Exception as error:
            job.end("failed", error=sentence(error), kind=type(error).__name__)
        return job

    def call(self, name: str, function: Callable[..., Any], *arguments: Any,
             started: Callable[[Job], None] = lambda job: None) -> Job:
        """Call ``function(*arguments, progress=...)`` of this process at once."""
        job = Job(name, {})
        started(job)
        try:
            job.end("returned", result=function(*arguments, progress=job.report))
        except Cancelled:
            job.end("cancelled")
        except Exception as error:
            job.end("failed", error=sentence(error), kind=type(error).__name__)
        return job

    def close(self) -> None:
        """Nothing is left to close."""
