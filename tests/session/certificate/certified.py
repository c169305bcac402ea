"""Work on the labels of two boxes, with a journal, and the accept of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from session_cases import box_labels, box_scan

from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.effort import Work as Effort
from napari_boundaryseg.editing.history.edit import CARRIED, CLEANED, MODEL
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.kept import JournalUpTo
from napari_boundaryseg.editing.journal.note import note_body
from napari_boundaryseg.editing.journal.records import JournalHeader
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.session.certificate.reviewed import NOTHING, Reviewed
from napari_boundaryseg.session.project.accepting import Work
from napari_boundaryseg.session.project.project import AcceptedCase, Project

AFFINE = np.array([[0, -1.0, 0, 7], [0, 0, 2.5, -3], [-1.5, 0, 0, 11], [0, 0, 0, 1.0]])
"""Axes that are neither in order nor in the display's direction."""


@dataclass
class Bench:
    """A scan with labels in work, as a window has them: (z, y, x) on the display grid."""

    scan: Volume
    history: History
    journal: Journal

    def labels(self) -> LabelMap:
        array = np.ascontiguousarray(self.scan.geometry.display.from_display(self.history.array))
        return self.scan.with_labels(array.copy(), box_labels(self.scan).scheme)

    def moment(self) -> JournalUpTo:
        return JournalUpTo(self.journal, self.journal.handed)

    def accept(self, project: Project, reviewed: Reviewed = NOTHING) -> AcceptedCase:
        work = Work("reader", 150.0, journal=self.moment(), reviewed=reviewed)
        return project.add_case(self.scan, self.labels(), work=work)


def bench(folder: Path, name: str = "case1", seed: int = 0) -> Bench:
    """Labels after a model's result, five steps of a person's, one of them undone, and a lock."""
    scan = box_scan(name, seed, AFFINE)
    display = scan.geometry.display
    history = History(np.zeros(display.display_shape, np.uint8))
    source = ("/home/doe/DOE^JANE/scan.nii.gz",)
    scheme = box_labels(scan).scheme.model_dump_json()
    journal = Journal(JournalHeader(name, hash_of(scan), scheme, scan.geometry.voxel_ml, source), history.array, folder)
    journal.follow(history)
    result = display.to_display(box_labels(scan).array)
    history.apply("Model: Tiny", (slice(None),) * 3, result, MODEL)
    journal.note(note_body({}, 1, None, {1: {"model": "Tiny", "sha256": "ab" * 32, "device": "cpu", "notes": []}}))
    paint(history, 5, 1, "Paint: Hippocampus_A, slice 6")
    paint(history, 6, 2, "Pull: Hippocampus_P, slice 7")
    paint(history, 8, 1, "Paint: Hippocampus_A, slice 9")
    history.undo()
    paint(history, 7, 1, "Carry: Hippocampus_A, slice 8", CARRIED)
    paint(history, 9, 1, "Fill holes: Hippocampus_A", CLEANED)
    history.lock(Lock(1, 5), "Lock: Hippocampus_A, slice 6")
    journal.note(note_body({(1, 5): Effort(3, 41.26, 90.0, 1), (2, 6): Effort(1, 10.0, 30.0, 0)}, 1, None))
    return Bench(scan, history, journal)


def paint(history: History, at: int, organ: int, name: str, kind: str = "paint") -> None:
    values = np.full((1, 2, 2), organ, np.uint8)
    history.apply(name, (slice(at, at + 1), slice(0, 2), slice(at % 3, at % 3 + 2)), values, kind)
