"""Moments at which a study can be killed: each step on the disk, by the phase of the work that it belongs to."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from types import CodeType, FrameType

from accepting_process import is_moment

from napari_boundaryseg.engine.training import before_and_after, cross_fit, fine_tune, taken_share, train
from napari_boundaryseg.session.actions import fine_tune as action
from napari_boundaryseg.session.certificate import writing
from napari_boundaryseg.session.project import accepting
from napari_boundaryseg.session.project.project import Project

_FUNCTIONS: dict[str, tuple[Callable[..., object], ...]] = {
    "accept": (accepting.store,),
    "certificate": (writing.told, writing.keep_journal, writing.put),
    "patient": (Project.note_patient,),
    "roles": (Project.give_roles,),
    "order": (action.fine_tune,),
    "training": (train.fit,),
    "share": (taken_share.taken, fine_tune._keep),
    "cross-fitting": (cross_fit.cross_fit,),
    "card": (before_and_after.keep_comparison, cross_fit.forget_parts),
    "store": (Project.add_model,),
    "use": (Project.use_model,),
    "roll back": (Project.roll_back,),
}
PHASES = tuple(_FUNCTIONS)
AT_REST = "at rest"
"""What lies between the steps."""
_WHOLE = ("share", "cross-fitting")
"""Phases that train models of their own: whatever happens within one belongs to it."""
_PHASE_OF: dict[CodeType, str] = {one.__code__: phase for phase, some in _FUNCTIONS.items() for one in some}


class Watch:
    """A profile function that counts the moments of each phase, and calls at one of them.

    Parameters
    ----------
    phase : str
        The phase in which it calls.
    moment : int
        At which of its moments; 0 for never.
    reached : callable
        What is called.
    entered : callable
        Gets every phase that begins or goes on.
    """

    def __init__(
        self, phase: str, moment: int, reached: Callable[[], None], entered: Callable[[str], None] = lambda phase: None
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._phase, self._moment, self._reached, self._entered = phase, moment, reached, entered
        self._stack: list[str] = []
        self._now = AT_REST

    def __call__(self, frame: FrameType, event: str, function: object) -> None:
        if event in ("call", "return"):
            phase = _PHASE_OF.get(frame.f_code)
            if phase is None:
                return
            if event == "call":
                self._stack.append(phase)
            else:
                self._stack.pop()
            whole = [one for one in self._stack if one in _WHOLE]
            now = (whole[:1] or self._stack[-1:] or [AT_REST])[0]
            if now != self._now:
                self._now = now
                self._entered(now)
        elif is_moment(event, function):
            self.counts[self._now] += 1
            if self._now == self._phase and self.counts[self._now] == self._moment:
                self._reached()


def say(pipe: int, *words: object) -> None:
    """One line into a pipe, in one piece: it is there also when this process is killed at once."""
    os.write(pipe, ("|".join(map(str, words)) + "\n").encode())
