"""Jobs of a session that have not ended, the oldest first, each with the scan that it is about."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress

from psygnal import EmitLoopError, Signal

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.editing.journal.scan_hash import is_same
from napari_boundaryseg.jobs.error_text import cause_of
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.task import Lane, Task


class JobList:
    """Changes on the thread that made it."""

    added = Signal(object)
    changed = Signal()
    """There is one more, or one fewer."""
    work_changed = Signal(object)
    training_changed = Signal(object)
    """Another job is the first of its lane, or none."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._scans: dict[Job, Volume | None] = {}

    def __iter__(self) -> Iterator[Job]:
        return iter(tuple(self._scans))

    def in_lane(self, lane: Lane) -> tuple[Job, ...]:
        """Those of one lane."""
        return tuple(job for job in self if job.task.lane == lane)

    def first(self, lane: Lane) -> Job | None:
        """The one that has been in a lane for longest."""
        return next(iter(self.in_lane(lane)), None)

    def of(self, *kinds: type[Task], scan: Volume | None = None) -> tuple[Job, ...]:
        """Those that do one of these things, to one scan if it is given."""
        found = (job for job in self if isinstance(job.task, kinds))
        return tuple(job for job in found if scan is None or is_same(scan, self._scans[job]))

    def add(self, job: Job, scan: Volume | None = None) -> None:
        """One more; where a listener cannot deal with it, it is taken off again."""
        try:
            self._put({**self._scans, job: scan})
            self.added.emit(job)
        except EmitLoopError as error:
            with suppress(EmitLoopError):
                self.remove(job)
            raise cause_of(error) from None

    def remove(self, job: Job) -> None:
        """One fewer."""
        self._put({other: scan for other, scan in self._scans.items() if other is not job})

    def _put(self, scans: dict[Job, Volume | None]) -> None:
        if threading.get_ident() != self._thread:
            raise RuntimeError("The session changes only on the thread that made it.")
        work, training = self.first("work"), self.first("training")
        self._scans = scans
        self.changed.emit()
        if self.first("work") is not work:
            self.work_changed.emit(self.first("work"))
        if self.first("training") is not training:
            self.training_changed.emit(self.first("training"))
