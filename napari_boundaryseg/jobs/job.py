"""One call of a long function, observable and cancellable."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from psygnal import EmitLoopError, Signal

from napari_boundaryseg.errors import BoundarySegError
from napari_boundaryseg.progress import Cancelled, Progress

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


Dispatch = Callable[[Callable[[], None]], None]
"""Gets each piece of news as a function, and calls it on the thread where it belongs."""
Started = Callable[[Job], None]
Before = Callable[[], None]
After = Callable[[Any], Any]


def directly(call: Callable[[], None]) -> None:
    """Give news on the thread that has it."""
    call()


def unwatched(job: Job) -> None:
    """Do nothing with a job that begins."""


def nothing() -> None:
    """Prepare nothing."""


def unchanged(result: Any) -> Any:
    """Give a result on as it came."""
    return result


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


class Failed(Exception):
    """What another process said of a function that failed there."""

    def __init__(self, said: str, kind: str, details: str) -> None:
        super().__init__(said)
        self.said, self.kind, self.details = said, kind, details


def settle(job: Job, call: Callable[[], Any], tell: Dispatch = directly) -> None:
    """Call a function and bring the job to its one end: returned, failed or cancelled."""
    try:
        result = call()
    except Cancelled:
        tell(lambda: job.end("cancelled"))
    except Failed as failed:
        said, kind, details = failed.said, failed.kind, failed.details
        tell(lambda: job.end("failed", error=said, kind=kind, details=details))
    except Exception as error:
        said, kind, details = sentence(error), type(cause_of(error)).__name__, trace(error)
        tell(lambda: job.end("failed", error=said, kind=kind, details=details))
    else:
        tell(lambda: job.end("returned", result=result))


class InlineRunner:
    """Runs a job at once, on the thread that asks: for scripts and tests."""

    def __init__(self, allowed: tuple[str, ...] = (ALLOWED,)) -> None:
        self._allowed = allowed

    def run(
        self,
        function: str,
        arguments: Mapping[str, Any],
        started: Started = unwatched,
        *,
        before: Before = nothing,
        after: After = unchanged,
    ) -> Job:
        """Call the function to its end; see `jobs.worker_runner.WorkerRunner.run`."""

        def work(progress: Progress) -> Any:
            before()
            return after(resolve(function, self._allowed)(**arguments, progress=progress))

        return self._work(Job(function, arguments), work, started)

    def call(
        self,
        name: str,
        function: Callable[..., Any],
        *arguments: Any,
        started: Started = unwatched,
        abandon: bool = False,
    ) -> Job:
        """Call ``function(*arguments, progress=...)`` of this process at once."""
        return self._work(Job(name, {}), lambda progress: function(*arguments, progress=progress), started)

    def _work(self, job: Job, work: Callable[[Progress], Any], started: Started) -> Job:
        asked: set[str] = set()
        job.controlled_by(asked.add)
        started(job)

        def progress(fraction: float, text: str = "") -> None:
            if "cancel" in asked:
                raise Cancelled
            job.report(fraction, text)

        settle(job, lambda: work(progress))
        return job

    def close(self) -> None:
        """Nothing is left to close."""
