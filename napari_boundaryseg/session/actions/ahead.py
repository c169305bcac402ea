"""The next case of the list, read while a person works on this one and, if wished, segmented: one at most."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.editing.journal.scan_hash import hash_of, is_same
from napari_boundaryseg.engine.task_list import FineTune, Predict
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.progress import Progress, silent
from napari_boundaryseg.session.actions.scan import OpenScan, read_case
from napari_boundaryseg.session.actions.segment import drop_ahead, segment_ahead
from napari_boundaryseg.session.case_list import CaseRow
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.task import Task

Stamps = frozenset[tuple[str, int, int]]


class ReadAhead(Task):
    """Read the case that is likely to be opened next."""

    title = "Read ahead"


class ReadCase(NamedTuple):
    """A case that was read before it was asked for, and what its files were like then."""

    volume: Volume
    paths: tuple[Path, ...]
    stamps: Stamps

    def is_current(self) -> bool:
        """Whether the files are still what was read."""
        return self.stamps == stamps_of(self.paths)


class Ahead:
    """What is ready of the next case. It gives way to whatever a person asks for.

    Parameters
    ----------
    session : Session
    in_work : callable
        Gives `scan_hash` of every scan with work that nobody accepted yet, of which no model needs to find labels.
    model_for : callable
        Gives the model for a scan, which need not be that of the open one; None where none suits it.
    """

    def __init__(
        self,
        session: Session,
        in_work: Callable[[], set[str]] = set,
        model_for: Callable[[Volume], Path | None] | None = None,
    ) -> None:
        self.session, self._in_work = session, in_work
        self._model_for = model_for or (lambda scan: session.model)
        self._segments = False
        self._row: CaseRow | None = None
        self.ready: ReadCase | None = None
        """The case that was read."""
        self._job: Job | None = None
        self._model: Path | None = None
        self._failed = False
        self._opened: tuple[Job, Volume] | None = None
        """The segmentation of a case that was opened while it ran."""
        self._gave_way: Job | None = None
        self._called_off: set[str] = set()
        """Scans whose segmentation a person cancelled."""
        self._models: dict[str, Path] = {}
        """By which model a scan was last segmented ahead."""
        session.jobs.added.connect(self._give_way)
        session.jobs.changed.connect(self.go_on)

    @property
    def segments(self) -> bool:
        """Whether the next case is segmented ahead, too; a person's wish, which takes back what was cancelled."""
        return self._segments

    @segments.setter
    def segments(self, on: bool) -> None:
        self._segments = on
        self._called_off.clear()

    def follow(self, row: CaseRow | None) -> None:
        """Have this case ready and no other; None for none."""
        self._look_at_opened()
        if (row and row.images) != (self._row and self._row.images):
            self._drop()
        self._row = row
        self.go_on()

    def take(self, row: CaseRow) -> ReadCase | None:
        """What is ready of a case that is being opened; its segmentation goes on while it is open and has no work."""
        if self._row is None or self._row.images != row.images:
            return None
        if self._job is not None and self.ready is not None:
            self._opened = (self._job, self.ready.volume)
            self._job.about = self.ready.volume.name  # it is the next case no more
        read, self._row, self.ready, self._job, self._model = self.ready, None, None, None, None
        return read

    def go_on(self) -> None:
        """Begin what can be begun: nothing while a person waits for something."""
        if self.session.closing or self._row is None or self._failed:
            return
        if self.ready is not None and self._model not in (None, self._wanted()):
            self._cancel()
            self._model = None
            drop_ahead(self.session, self.ready.volume)
        if self._job is not None or self.session.jobs.in_lane("work"):
            return
        if self.ready is None:
            self._begin_reading(self._row)
        elif self._model is None and (model := self._wanted()) is not None:
            self._model = model  # it is not tried again where it fails
            if self._is_kept(self.ready.volume, model):
                return
            with suppress(InputError):  # the person is told when it is segmented in earnest
                volume = self.ready.volume
                self._models[hash_of(volume)] = model
                self._job = segment_ahead(self.session, volume, model, lambda job: self._ended(job, volume))
            if self._job is not None and self._job.ended:
                self._job = None

    def _wanted(self) -> Path | None:
        """The model to segment with; None where nothing is to be segmented."""
        row, read = self._row, self.ready
        if not self.segments or row is None or read is None or row.status != "new":
            return None
        kept, left = self.session.kept_results.of(read.volume), self.session.left_results.of(read.volume)
        done = left is not None or (kept is not None and not kept.ahead) or is_same(read.volume, self.session.scan)
        if done or hash_of(read.volume) in self._in_work() | self._called_off:
            return None
        return self._model_for(read.volume)

    def _is_kept(self, scan: Volume, model: Path) -> bool:
        """Whether a model's result is there already; that of another is dropped."""
        if self.session.kept_results.of(scan) is None:
            return False
        if self._models.get(hash_of(scan)) == model:
            return True
        drop_ahead(self.session, scan)
        return False

    def _begin_reading(self, row: CaseRow) -> None:
        def read(*, progress: Progress = silent) -> ReadCase:
            volume = read_case(row, progress=progress)
            paths = (*row.images, *volume.source)
            return ReadCase(volume, paths, stamps_of(paths))

        def started(job: Job) -> None:
            self._job = job
            job.finished.connect(lambda: self._on_read(job))

        self.session.runner.call(ReadAhead(), read, started=started, abandon=True)

    def _on_read(self, job: Job) -> None:
        if job is not self._job:
            return
        self._job = None
        if job.state == "returned":
            self.ready = job.result
        self._failed = job.state == "failed"  # whoever opens it is told why
        self.go_on()

    def _ended(self, job: Job, scan: Volume) -> None:
        opened, ours = self._opened is not None and job is self._opened[0], job is self._job
        if job.state == "cancelled" and (opened or ours) and job is not self._gave_way:
            self._called_off.add(hash_of(scan))
        if opened:
            self._opened = None
        if ours:
            self._job = None
            if job.state == "cancelled":
                self._model = None

    def _give_way(self, job: Job) -> None:
        """A person's own job does not wait for what nobody asked for."""
        if isinstance(job.task, FineTune):
            return
        for ours in (self._job, self._opened[0] if self._opened is not None else None):
            if ours is not None and ours is not job and isinstance(job.task, Predict) == isinstance(ours.task, Predict):
                self._gave_way = ours
                ours.cancel()

    def _look_at_opened(self) -> None:
        """Stop the segmentation of a case that was opened, once that is left, accepted, or drawn on."""
        if self._opened is None or self.session.jobs.of(OpenScan):
            return
        (job, scan), project = self._opened, self.session.project
        accepted = {case.scan_hash for case in project.cases()} if project is not None else set()
        if not is_same(scan, self.session.scan) or hash_of(scan) in self._in_work() | accepted:
            self._opened = None
            job.cancel()

    def _cancel(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.cancel()

    def _drop(self) -> None:
        self._cancel()
        if self.ready is not None:
            drop_ahead(self.session, self.ready.volume)
        self.ready, self._model, self._failed = None, None, False


def stamps_of(paths: Iterable[Path]) -> Stamps:
    """Name, time and size of files, and of those in folders; none where one is not there."""
    try:
        files = [file for path in paths for file in (path.iterdir() if path.is_dir() else [path])]
        return frozenset((str(file), stat.st_mtime_ns, stat.st_size) for file in files for stat in [file.stat()])
    except OSError:
        return frozenset()
