"""The Cases panel: what is to be done, in work and accepted; open one, go on to the next."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QMessageBox, QWidget

from napari_boundaryseg.session.case_list import CaseRow
from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.control.cases.version_words import version_in_words
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.file_dialogs import choose_folder
from napari_boundaryseg.ui.panels.notices.project_place import ProjectPlace
from napari_boundaryseg.ui.panels.panel import PANELS, Panel
from napari_boundaryseg.ui.widgets.controls import button, choice, column, form, line, named
from napari_boundaryseg.ui.widgets.scheme_words import scheme_title
from napari_boundaryseg.ui.widgets.work_table import Line, WorkTable

ACCEPT_NEXT = f"Accept the labels, and open the next case that is not accepted ({keys.shown('case.accept')})"
NO_LABELS = "There are no labels to accept yet: segment the scan or draw first"
EMPTY = "Add a folder of scans to work through, or open a single scan below."


def _line(row: CaseRow) -> Line:
    case = row.case
    return Line(
        row.name, row.status, scheme_title(case.scheme) if case else "", case.seconds if case else None, row.comment
    )


def _state(rows: Sequence[CaseRow]) -> tuple[str, str]:
    """How many cases have accepted labels; those on which somebody works again count, and are told."""
    if not rows:
        return "", ""
    accepted = [row for row in rows if row.case is not None]
    again = sum(row.status == "in work" for row in accepted)
    mark = "done" if len(accepted) == len(rows) and not again else ""
    return mark, f"{len(accepted)} of {len(rows)} accepted{f', {again} in work again' if again else ''}"


@PANELS.register("cases")
class CasesPanel(Panel):
    """The top section: the list, the selected case, next and previous."""

    title, position = "Cases", 5

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._cases, self._labels = controller.cases, controller.labels
        self.add = button("cases_panel.add", "Add folder…", "A folder of scans: NIfTI, DICOM, nnU-Net, MSD, BIDS")
        self.table = WorkTable()
        self.empty = line("cases_panel.empty", EMPTY)
        self.previous = button("cases_panel.previous", "Previous", keys.tip("case.previous"))
        self.next = button("cases_panel.next", "Next", keys.tip("case.next"))
        self.accept_next = button(
            "cases_panel.accept_next",
            "Accept and next",
            ACCEPT_NEXT,
            main=True,
        )
        self.ahead = named(
            QCheckBox("Segment ahead"),
            "cases_panel.ahead",
            "Segment ahead",
            "Segment the next case while you work on this one; its labels are there when it is opened",
        )
        self.of = line("cases_panel.of", "")
        self.version = choice("cases_panel.version", "Version", "Labels that were accepted")
        self.open = button("cases_panel.open", "Open", "Open the selected case")
        self.certificate = button(
            "cases_panel.certificate",
            "Certificate",
            "Open the page of the newest accepted version in the browser: what was done, reviewed and checked",
        )
        self.remove = button("cases_panel.remove", "Remove…", "Take the selected case off the list")
        self.patient = named(
            QLineEdit(),
            "cases_panel.patient",
            "Patient",
            "A word that is the same for all scans of one patient, not the name",
        )
        self.patient.setPlaceholderText("not known")
        self.comment = named(QLineEdit(), "cases_panel.comment", "Comment", "Kept with the case")
        self.person = named(
            QLineEdit(self._cases.person()),
            "cases_panel.person",
            "Your name",
            "Versions that you accept say so; remembered for the next window",
        )
        self.person.setPlaceholderText(self._cases.logged_in() or "not known")
        self.place = ProjectPlace(controller)
        self._of: CaseRow | None = None
        """The case whose patient and comment stand in the fields."""
        self._arrange()
        self._connect(controller)
        self._show()

    def _arrange(self) -> None:
        steps = QWidget()
        grid = QGridLayout(steps)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.previous, 0, 0)
        grid.addWidget(self.next, 0, 1)
        grid.addWidget(self.accept_next, 1, 0, 1, 2)
        grid.addWidget(self.ahead, 2, 0, 1, 2)
        self._details = QWidget()
        details = form(self._details)
        details.addRow("Case", self.of)
        details.addRow("Patient", self.patient)
        details.addRow("Version", self.version)
        details.addRow("Comment", self.comment)
        details.addRow(self.open)
        details.addRow(self.certificate)
        details.addRow(self.remove)
        who = QWidget()
        form(who).addRow("Your name", self.person)
        column(self, self.empty, self.table, steps, self._details, self.add, who, self.place).addStretch(1)

    def _connect(self, controller: ViewerController) -> None:
        self.add.clicked.connect(self._ask_folder)
        self.previous.clicked.connect(self._cases.previous)
        self.next.clicked.connect(self._cases.next)
        self.accept_next.clicked.connect(self._cases.accept_next)
        self.person.editingFinished.connect(lambda: self._cases.call_person(self.person.text()))
        self.person.returnPressed.connect(self.person.clearFocus)
        self.ahead.setChecked(self._cases.segments_ahead())
        self.ahead.toggled.connect(self._cases.segment_ahead)
        self.table.asked.connect(lambda row: self._cases.open(self._cases.rows()[row]))
        self.table.chosen.connect(lambda _: self._show_details())
        self.open.clicked.connect(self._open_selected)
        self.certificate.clicked.connect(self._show_certificate)
        self.remove.clicked.connect(self._ask_remove)
        for field, keep in ((self.comment, self._keep_comment), (self.patient, self._keep_patient)):
            field.editingFinished.connect(keep)
            field.returnPressed.connect(field.clearFocus)  # keys are tools again
        self._cases.changed.connect(self._show)
        jobs = controller.jobs
        jobs.changed.connect(self._enable)
        controller.listen(self, self._session.project_changed, lambda _: self._show())

    def _ask_folder(self) -> None:
        folder = choose_folder(self, "Add the scans of a folder to the list", "scans")
        if folder is not None:
            self._cases.add_folder(folder)

    def _ask_remove(self) -> None:
        row = self._selected()
        if row is None:
            return
        kept = "Its accepted labels go to the folder “removed” of the project." if row.case is not None else ""
        text = f"{kept} The scan's own files are not touched.".strip()
        asked = QMessageBox(QMessageBox.Icon.Question, f"Take {row.name} off the list?", text, parent=self)
        asked.setObjectName("cases_panel.remove_question")
        yes = asked.addButton("Take off", QMessageBox.ButtonRole.AcceptRole)
        asked.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        asked.exec()
        if asked.clickedButton() is yes:
            self._cases.remove(row)

    def _selected(self) -> CaseRow | None:
        row = self.table.selected()
        return self._cases.rows()[row] if 0 <= row < len(self._cases.rows()) else None

    def _open_selected(self) -> None:
        row = self._selected()
        if row is not None:
            versions, chosen = self._cases.versions(row), self.version.currentIndex()
            self._cases.open(row, versions[chosen] if 0 < chosen < len(versions) else None)

    def _show_certificate(self) -> None:
        row = self._selected()
        if row is not None:
            self._cases.show_certificate(row)

    def _keep_comment(self) -> None:
        row, text = self._of, self.comment.text().strip()
        if row is not None and text != row.comment:
            self._cases.note(row, text)

    def _keep_patient(self) -> None:
        row, text = self._of, self.patient.text().strip()
        if row is not None and text != (row.patient or ""):
            self._cases.note_patient(row, text)

    def _show(self) -> None:
        rows, current = self._cases.rows(), self._cases.current()
        self.table.show_lines([_line(row) for row in rows], rows.index(current) if current in rows else -1)
        self.table.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        self.set_state(*_state(rows))
        self._show_details()
        self._enable()

    def _show_details(self) -> None:
        row = self._of = self._selected()
        self._details.setVisible(row is not None)
        if row is None:
            return
        self.patient.setText(row.patient or "")
        self.comment.setText(row.comment)
        self.certificate.setVisible(self._cases.has_certificate(row))
        self.of.setText(row.name)
        versions, opened = self._cases.versions(row), self._cases.opened_version(row)
        self.version.clear()
        self.version.addItems([version_in_words(one) for one in versions] or ["none accepted"])
        self.version.setCurrentIndex(next((n for n, one in enumerate(versions) if one.version == opened), 0))

    def _enable(self) -> None:
        rows, opening = bool(self._cases.rows()), self._cases.is_opening()
        self.open.setEnabled(not opening)
        for part in (self.previous, self.next):
            part.setEnabled(rows and not opening)
        ready = rows and not opening and self._session.scan is not None
        has_labels = self._labels.scheme() is not None
        self.accept_next.setEnabled(ready and has_labels and not self._labels.is_accepting())
        tip = NO_LABELS if ready and not has_labels else ACCEPT_NEXT
        named(self.accept_next, "cases_panel.accept_next", tip=tip)
