"""Export of results: what is written and where, and what is asked before something is replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.session.actions import export
from napari_boundaryseg.session.earlier_results import ResultsInTheWay
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.layers.labels import read_labels


class ExportActions(QObject):
    """Writes the labels as they stand in the window, and what the last prediction found."""

    exported = Signal(list)
    """The files that were written and read back."""
    asked = Signal(str)
    """Whether files may be replaced; nothing when that was answered, or is no longer a question."""

    def __init__(self, viewer: Any, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self.session = viewer, session
        self._waiting: tuple[set[str], Path] | None = None
        session.scan_changed.connect(self._on_scan)

    @report_errors
    def save(self, what: set[str], folder: Path) -> None:
        """Write results into a folder and read them back; ask before a file of unknown origin is replaced."""
        self._write(what, folder, overwrite=False)

    @report_errors
    def replace(self) -> None:
        """Write what was asked about, and replace what is there."""
        if self._waiting is not None:
            self._write(*self._waiting, overwrite=True)

    def is_writing(self) -> bool:
        """Whether an export has not ended yet."""
        return bool(self.session.jobs.of(export.Export))

    def forget(self) -> None:
        """Drop what was asked about: the files that are there stay."""
        self._waiting = None
        self.asked.emit("")

    def _write(self, what: set[str], folder: Path, overwrite: bool) -> None:
        self.forget()
        labels = read_labels(self._viewer, self.session.scan)
        if labels is None:
            return

        def ask(question: ResultsInTheWay) -> None:
            self._waiting = what, folder
            self.asked.emit(in_words(question))

        export.start_export(self.session, labels, what, folder, self.exported.emit, in_the_way=ask, overwrite=overwrite)

    def _on_scan(self, scan: object) -> None:
        self.forget()


def in_words(question: ResultsInTheWay) -> str:
    """What is in the way and why, as a question.

    Examples
    --------
    >>> in_words(ResultsInTheWay({"a_seg.nii.gz": "it was changed after this program wrote it"}))
    'a_seg.nii.gz: it was changed after this program wrote it. Replace what is there?'
    """
    return f"{question.subject}: {question.reason}. Replace what is there?"
