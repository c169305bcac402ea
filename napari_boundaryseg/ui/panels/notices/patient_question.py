"""Question whose scan an accepted case is, whichever section is open; the work goes on meanwhile."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCompleter, QGridLayout, QLineEdit, QWidget

from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import button, line, named

WHY = "The same word for all scans of one patient, so that nobody is both learnt from and held out; not the name"


class PatientQuestion(QWidget):
    """One sentence, a field with the words used so far, and "not known"; nothing while there is nothing to ask."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cases, self._asked = controller.cases, ""
        self.text = line("patient_question.text")
        self.text.setToolTip(WHY)
        self.patient = named(QLineEdit(), "patient_question.patient", "Patient", WHY)
        self.patient.setPlaceholderText("a word, not the name")
        self.keep = button("patient_question.keep", "Keep", "Keep this word with the case (Enter)", main=True)
        self.unknown = button("patient_question.unknown", "Not known", "You are not asked about this case again")
        grid = QGridLayout(self)
        grid.setContentsMargins(8, 4, 8, 4)
        grid.addWidget(self.text, 0, 0, 1, 3)
        for n, part in enumerate((self.patient, self.keep, self.unknown)):
            grid.addWidget(part, 1, n)
        grid.setColumnStretch(0, 1)
        self.patient.textChanged.connect(lambda text: self.keep.setEnabled(bool(text.strip())))
        self.patient.returnPressed.connect(self.keep.click)
        self.keep.clicked.connect(lambda _: self._cases.answer_patient(self.patient.text()))
        self.unknown.clicked.connect(lambda _: self._cases.answer_patient(""))
        self._cases.patient_asked.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        asked = self._cases.asked_patient() or ""
        if asked != self._asked:
            self.patient.clear()
        self._asked = asked
        self.setVisible(bool(asked))
        self.text.setText(f"Whose scan is {asked}?")
        self.keep.setEnabled(bool(self.patient.text().strip()))
        if asked:
            words = QCompleter(self._cases.known_patients(), self.patient)
            words.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            self.patient.setCompleter(words)
