"""Rows of the Train panel: an accepted case with its role, and a model version."""

from __future__ import annotations

from napari_boundaryseg.session.project.model_versions import ModelVersion
from napari_boundaryseg.session.training_cases import Candidate
from napari_boundaryseg.ui.widgets.case_table import CaseLine
from napari_boundaryseg.ui.widgets.scheme_words import scheme_title
from napari_boundaryseg.ui.widgets.version_list import Version


def case_line(case: Candidate, role: str) -> CaseLine:
    """A case as the table shows it: grey where the model can learn nothing from it, which its tip says."""
    patient = f"patient {case.patient}" if case.patient else "patient not known"
    tip = f"{case.name}, labelled as {scheme_title(case.scheme)}, {patient}"
    why = f"\nNot for this model: {case.misfit}." if case.misfit else ""
    return CaseLine(case.name, role, f"{tip}{why}", not case.misfit)


def listed(version: ModelVersion) -> Version:
    """A project's version as its list shows it."""
    return Version(
        version.path, version.base, version.added, version.active, version.comparison, version.page.is_file()
    )
