"""Measures of a project's accepted cases, for the contour rules: each read once from its labels, on any thread."""

from __future__ import annotations

from pathlib import Path

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.rules.accepted import FEWEST, CaseMeasures
from napari_boundaryseg.review.rules.check import measures
from napari_boundaryseg.session.project.project import AcceptedCase, Project


class AcceptedMeasures:
    """What was measured so far; labels of another version are other ones."""

    def __init__(self) -> None:
        self._known: dict[Path, CaseMeasures | None] = {}

    @staticmethod
    def cases(project: Project | None, scan_hash: str) -> list[AcceptedCase]:
        """The accepted cases but those of this scan; none where they are too few for the rules."""
        try:
            found = project.cases() if project is not None else []
        except InputError:  # a list that cannot be read just now keeps nobody from a check
            found = []
        others = [case for case in found if case.scan_hash != scan_hash]
        return others if len(others) >= FEWEST else []

    def known(self, cases: list[AcceptedCase]) -> list[CaseMeasures]:
        """Of these cases, as far as they were measured."""
        return [found for case in cases if (found := self._known.get(case.label)) is not None]

    def missing(self, cases: list[AcceptedCase]) -> list[AcceptedCase]:
        """Those of these cases that were not measured."""
        return [case for case in cases if case.label not in self._known]

    def measure(self, project: Project, cases: list[AcceptedCase]) -> None:
        """Read and measure these cases; labels that cannot be read say nothing."""
        for case in cases:
            try:
                scheme = LabelScheme.model_validate(project.meaning_of(case)["scheme"])
                self._known[case.label] = measures(formats.read_labels(case.label, scheme=scheme))
            except (InputError, LookupError, ValueError, OSError):
                self._known[case.label] = None
