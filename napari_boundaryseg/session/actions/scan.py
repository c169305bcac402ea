"""Open a scan, and labels that were drawn on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.progress import Progress, silent
from napari_boundaryseg.session.actions.running import beside, scan_of, warn
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.task import Task


class OpenScan(Task):
    """Read a scan."""


class OpenLabels(Task):
    """Read labels that were drawn on the open scan."""


def open_scan(session: Session, *paths: str | Path) -> Job:
    """Read a scan from one file or folder, or from one file per channel; what is open stays until it is read."""

    def done(volume: Volume) -> None:
        session.scan = volume

    return beside(session, OpenScan(), done, _read, paths, abandon=True)


def _read(paths: Sequence[str | Path], *, progress: Progress = silent) -> Volume:
    volume = formats.read(*paths, progress=progress)
    hash_of(volume)  # beside the window's thread, which will ask for it
    return volume


def open_labels(session: Session, path: str | Path, scheme: LabelScheme | None = None) -> Job:
    """Read labels that were drawn on the open scan."""
    scan = scan_of(session)

    def done(labels: LabelMap) -> None:
        if session.scan is not scan:
            session.say("warning", "The scan was closed before its labels were read.")
            return
        session.labels = labels
        warn(session, labels.warnings)

    def read(*, progress: Progress = silent) -> LabelMap:
        return formats.read_labels(path, scan, scheme, progress=progress)

    return beside(session, OpenLabels(), done, read, abandon=True)
