"""Actions on the list of cases: open, reopen, next, accept and next; and what the list shows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.actions import cases, patients
from napari_boundaryseg.session.actions.accept import Accept, logged_in
from napari_boundaryseg.session.actions.ahead import Ahead
from napari_boundaryseg.session.actions.scan import OpenScan
from napari_boundaryseg.session.case_list import CaseRow, case_rows, neighbour
from napari_boundaryseg.session.project.project import CaseVersion
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.cases import certificate_page
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.labels_actions import LabelsActions
from napari_boundaryseg.ui.remembered import Remembered


class CaseActions(QObject):
    """Acts on the project's cases, and opens one after the other."""

    changed = Signal()
    """The list, or which of its cases is open, is another."""
    patient_asked = Signal()
    """There is another case whose patient is asked for, or none any more."""

    def __init__(
        self,
        session: Session,
        labels: LabelsActions,
        unsaved: Callable[[], set[str]],
        model_for: Callable[[Volume], Path | None] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.session = session
        self._labels, self._in_work, self._unsaved = labels, labels.in_work, unsaved
        self._chosen = Remembered("cases", {"segment_ahead": False, "person": ""})
        self.ahead = Ahead(session, unsaved, model_for)
        self.ahead.segments = bool(self._chosen["segment_ahead"])
        session.person = str(self._chosen["person"])
        self._rows: list[CaseRow] = []
        self._marked: set[str] = set()
        self._wants_next = False
        self._version: tuple[str, int] | None = None
        """The case whose earlier labels were opened, and which of them."""
        session.project_changed.connect(lambda _: self._read())
        session.project_changed.connect(lambda _: self.patient_asked.emit())
        session.patient_questions.changed.connect(self.patient_asked.emit)
        session.scan_changed.connect(lambda _: self._read())
        session.model_changed.connect(lambda _: self.ahead.go_on())
        labels.shown.connect(self._read)
        labels.accepted.connect(self._on_accepted)

    def rows(self) -> list[CaseRow]:
        """Every case of the project, as `session.case_list.case_rows` orders them."""
        return self._rows

    def current(self) -> CaseRow | None:
        """The case of the open scan; None where it is not on the list."""
        scan = self.session.scan
        if scan is None:
            return None
        named = [row for row in self._rows if row.name == scan.name]
        known = [row for row in named if row.item is None or row.item.scan_hash in (None, hash_of(scan))]
        return known[0] if known else None

    def is_opening(self) -> bool:
        """Whether a scan is being read, after which another case is the open one."""
        return bool(self.session.jobs.of(OpenScan))

    def versions(self, row: CaseRow) -> list[CaseVersion]:
        """The labels of a case as they were accepted, the newest first."""
        project = self.session.project
        return project.versions_of(row.case) if project is not None and row.case is not None else []

    def opened_version(self, row: CaseRow) -> int | None:
        """Which accepted labels of a case are in the window, where they are not the newest."""
        return self._version[1] if self._version is not None and self._version[0] == row.name else None

    def has_certificate(self, row: CaseRow) -> bool:
        """Whether the newest accepted version of a case has a page to read."""
        return certificate_page.newest_page(row) is not None

    @report_errors
    def show_certificate(self, row: CaseRow) -> None:
        """Open the certificate of the newest accepted version in the system's browser."""
        path = certificate_page.newest_page(row)
        if path is None:
            raise InputError("Certificate", f"{row.name} has none", "Accept its labels: each version gets one")
        certificate_page.show(path)

    @report_errors
    def add_folder(self, folder: Path) -> None:
        """Put the scans of a folder on the list."""
        if self._labels.place.allows(partial(self.add_folder, folder)):
            cases.add_folder(self.session, folder)

    @report_errors
    def open(self, row: CaseRow, version: CaseVersion | None = None) -> None:
        """Open a case with the work that nobody accepted yet, else with the labels that were accepted."""
        hashes = {one.scan_hash for one in (row.item, row.case) if one is not None}
        labels = version is not None or (row.status == "accepted" and not hashes & self._unsaved())
        self._version = None if version is None else (row.name, version.version)
        cases.open_case(self.session, row, version, labels=labels, ready=self.ahead.take(row))

    @report_errors
    def next(self, *_: object) -> None:
        """Open the case after the open one."""
        self._go(1)

    @report_errors
    def previous(self, *_: object) -> None:
        """Open the case before the open one."""
        self._go(-1)

    @report_errors
    def accept_next(self, *_: object) -> None:
        """Accept the labels in the window, and open the next case that nobody accepted yet."""
        if self._labels.scheme() is None:
            raise InputError("labels", "there are none to accept", "Segment the scan or draw first")
        if not self._labels.place.allows(self.accept_next) or not self._labels.allows(self.accept_next):
            return
        self._wants_next = True
        self._labels.accept()
        self._wants_next = self._labels.is_accepting()

    def accept_and_go_on(self, *_: object) -> None:
        """Accept the labels in the window; of a case of the list, open the next too."""
        if self.current() is not None:
            self.accept_next()
        else:
            self._labels.accept()

    @report_errors
    def note(self, row: CaseRow, comment: str) -> None:
        """Keep what a person noted about a case."""
        cases.note(self.session, row, comment)

    @report_errors
    def note_patient(self, row: CaseRow, patient: str) -> None:
        """Say whose scan a case is."""
        patients.note_patient(self.session, row, patient)

    def asked_patient(self) -> str | None:
        """The accepted case of which a person is asked whose it is."""
        return self.session.patient_questions.first(self.session.project)

    def known_patients(self) -> list[str]:
        """The words that the study has for its patients."""
        return patients.known_patients(self.session)

    @report_errors
    def answer_patient(self, patient: str) -> None:
        """Say whose the case is that a person is asked about; nothing where that is not known."""
        patients.answer(self.session, patient)

    @report_errors
    def remove(self, row: CaseRow) -> None:
        """Take a case off the list."""
        cases.remove(self.session, row)

    def _go(self, step: int) -> None:
        if self.is_opening():  # a key that is held asks many times
            return
        row = neighbour(self._rows, self.current(), step)
        if row is None:
            raise InputError(
                "cases",
                "the open one is the last" if step > 0 else "the open one is the first",
                "Add a folder of scans, or choose one from the list",
            )
        self.open(row)

    def _on_accepted(self) -> None:
        self._version = None  # what is in the window is the newest now
        self._read()  # it is no longer in work
        if not self._wants_next:
            return
        self._wants_next = False
        row = neighbour(self._rows, self.current(), 1, unaccepted=True)
        if row is None:
            self.session.say("info", "Every case of the list is accepted.")
        else:
            self.open(row)

    def on_job_finished(self, job: Job) -> None:
        """Labels that were not accepted after all are not left for the next case."""
        if isinstance(job.task, Accept):
            self._wants_next = False

    def on_edited(self) -> None:
        """Work that has just begun is marked."""
        if self._in_work() != self._marked:
            self._read()

    @report_errors
    def _read(self) -> None:
        project, self._marked = self.session.project, self._in_work()
        self._rows = case_rows(project, self._marked) if project is not None else []
        self.changed.emit()
        current = self.current()
        self.ahead.follow(neighbour(self._rows, current, 1, unaccepted=True) if current is not None else None)

    def segment_ahead(self, on: bool) -> None:
        """Let the chosen model segment the next case while a person works on this one."""
        self._chosen["segment_ahead"] = self.ahead.segments = on
        self.ahead.go_on()

    def segments_ahead(self) -> bool:
        """Whether the next case is segmented ahead."""
        return self.ahead.segments

    def person(self) -> str:
        """How the person wishes to be called; empty where nobody said."""
        return self.session.person

    def logged_in(self) -> str | None:
        """In whose name labels are accepted where nobody gave one; None where the system does not say."""
        return logged_in()

    def call_person(self, name: str) -> None:
        """Accept in this name from now on; without one, in the name of who is logged in."""
        self._chosen["person"] = self.session.person = name.strip()
