"""Cases of a study in one list: what waits, what is in work, what was accepted; and the one after another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from napari_boundaryseg.session.project.project import AcceptedCase, Project
from napari_boundaryseg.session.project.worklist import WorkItem

Status = Literal["new", "in work", "accepted"]


@dataclass(frozen=True)
class CaseRow:
    """One scan of a study: of its worklist, accepted, or both."""

    name: str
    status: Status
    item: WorkItem | None = None
    case: AcceptedCase | None = None

    @property
    def images(self) -> tuple[Path, ...]:
        """What `formats.read` takes: the person's own files, or else the project's copy."""
        if self.item is not None:
            return self.item.images
        return (self.case.image,) if self.case is not None else ()

    @property
    def patient(self) -> str | None:
        """None where nobody knows whose scan it is."""
        return (self.case and self.case.patient) or (self.item and self.item.patient) or None

    @property
    def comment(self) -> str:
        """What a person noted."""
        return (self.item and self.item.comment) or (self.case and self.case.comment) or ""


def case_rows(project: Project, in_work: Collection[str] = ()) -> list[CaseRow]:
    """Every scan of the worklist in its order, then accepted cases that are not on it, by name.

    Parameters
    ----------
    project : Project
    in_work : collection of str
        `scan_hash` of each scan on which there is work that nobody accepted yet.
    """
    cases = {case.label.parent.name: case for case in project.cases()}
    rows = [_row(item, cases.get(item.case or ""), in_work) for item in project.worklist()]
    listed = {row.case for row in rows}
    return rows + [_row(None, case, in_work) for case in cases.values() if case not in listed]


def _row(item: WorkItem | None, case: AcceptedCase | None, in_work: Collection[str]) -> CaseRow:
    hashes = {one.scan_hash for one in (item, case) if one is not None}
    status: Status = "in work" if hashes & set(in_work) else "new" if case is None else "accepted"
    name = item.name if item is not None else case.name if case is not None else ""
    return CaseRow(name, status, item, case)


def neighbour(
    rows: Sequence[CaseRow], current: CaseRow | None, step: int, *, unaccepted: bool = False
) -> CaseRow | None:
    """The case after another (``step`` 1) or before it (-1); None where there is none.

    Parameters
    ----------
    current : CaseRow, optional
        None: as if it stood before the first, or after the last.
    unaccepted : bool
        Pass accepted cases over, and begin again at the other end: what is still to be done.
    """
    known = [n for n, row in enumerate(rows) if current is not None and row.name == current.name]
    start = known[0] if known else (-1 if step > 0 else len(rows))
    order = list(range(start + step, len(rows) if step > 0 else -1, step))
    if unaccepted:
        order += [n for n in range(len(rows))[::step] if n not in order and n != start]
        order = [n for n in order if rows[n].status != "accepted"]
    return rows[order[0]] if order else None
