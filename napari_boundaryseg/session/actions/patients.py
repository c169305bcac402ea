"""Actions on patients: say whose scan a case is, or that nobody knows; the words that a study has for them."""

from __future__ import annotations

from napari_boundaryseg.session.actions.running import project_of
from napari_boundaryseg.session.case_list import CaseRow
from napari_boundaryseg.session.session import Session


def note_patient(session: Session, row: CaseRow, patient: str) -> None:
    """Say of which patient a scan is: a word that is the same for all scans of one."""
    project = project_of(session)
    if row.item is not None:
        project.note_patient(row.item.number, patient)
    elif row.case is not None:
        project.note_patient_of(row.case.name, patient.strip() or None)
    if row.case is not None and patient.strip():
        session.patient_questions.answered(project, row.case.name)
    session.project_changed.emit(project)


def answer(session: Session, patient: str) -> None:
    """Answer whose scan the case is that a person is asked about; with an empty word that nobody knows, for good."""
    project = project_of(session)
    name = session.patient_questions.first(project)
    if name is not None:
        project.note_patient_of(name, patient.strip())
        session.patient_questions.answered(project, name)
        session.project_changed.emit(project)


def known_patients(session: Session) -> list[str]:
    """The words that the study has for its patients, in the order of the alphabet."""
    project = session.project
    if project is None:
        return []
    words = [*(case.patient for case in project.cases()), *(item.patient for item in project.worklist())]
    return sorted({word for word in words if word})
