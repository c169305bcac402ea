"""Cases of the project that a scan is: by the files that it is opened from, or by its voxels; and their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent
from napari_boundaryseg.session.case_list import CaseRow, case_rows
from napari_boundaryseg.session.project.project import CaseVersion, Project


def rows_of(project: Project | None) -> list[CaseRow]:
    """Every case of the project's list; none where there is no project, or its list cannot be read just now."""
    try:
        return case_rows(project) if project is not None else []
    except InputError:  # a person who opens a file is not to be kept from it
        return []


def row_of_files(rows: Sequence[CaseRow], paths: Sequence[str | Path]) -> CaseRow | None:
    """The case that is opened from these files: the person's own on the worklist, or the project's copy."""
    wanted = [Path(path).resolve() for path in paths]
    return next((row for row in rows if wanted and [path.resolve() for path in row.images] == wanted), None)


def row_of_scan(rows: Sequence[CaseRow], scan: Volume) -> CaseRow | None:
    """The case whose scan has the voxels of this one; of several, that of its name."""
    known = [row for row in rows if hash_of(scan) in {one.scan_hash for one in (row.item, row.case) if one is not None}]
    return next((row for row in known if row.name == scan.name), known[0] if known else None)


def accepted_labels(
    project: Project, row: CaseRow, scan: Volume, version: CaseVersion | None = None, *, progress: Progress = silent
) -> LabelMap | None:
    """Labels of a case that were accepted, the newest or an earlier version, under the names that they had then."""
    if row.case is None:
        return None
    case = row.case
    if version is not None:
        case = replace(case, version=version.version, label=version.label, scheme=version.scheme)
    scheme = LabelScheme.model_validate(project.meaning_of(case)["scheme"])
    return formats.read_labels(case.label, scan, scheme, progress=progress)
