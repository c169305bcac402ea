"""Words for an accepted version of a case."""

from __future__ import annotations

from napari_boundaryseg.session.project.project import CaseVersion


def version_in_words(version: CaseVersion) -> str:
    """Number, day, person and minutes of labels that were accepted."""
    minutes = "" if version.seconds is None else f"{version.seconds / 60:.0f} min"
    parts = (str(version.version), version.accepted[:10], version.person or "", minutes)
    return " · ".join(part for part in parts if part)
