"""Actions of checks: what the contour rules find in the labels in work, and what a person says was meant so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.jobs.error_text import sentence
from napari_boundaryseg.review.rules.answers import Answer, open_findings
from napari_boundaryseg.review.rules.check import check
from napari_boundaryseg.review.rules.finding import Finding
from napari_boundaryseg.session.accepted_measures import AcceptedMeasures
from napari_boundaryseg.session.project.project import AcceptedCase
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.reviewing.beside import Beside
from napari_boundaryseg.ui.control.reviewing.look import Look
from napari_boundaryseg.ui.control.reviewing.settled import Settled
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels, State

SUBJECT = "findings"
"""Of the remarks on labels: the identity of a finding to the reason, the time and the sentence."""


class Checked(NamedTuple):
    """What was found, and in which state of the labels."""

    state: State
    findings: tuple[Finding, ...]
    failed: str = ""
    """Why they could not be checked."""


class CheckActions(QObject):
    """Checks labels beside the window's thread, a moment after they changed or when it is asked for."""

    changed = Signal()
    """Something else is found, answered or asked."""

    def __init__(self, session: Session, settled: Settled, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self._settled, self._look = session, settled, look
        self._beside = Beside(session, "checks", self)
        self._measures, self._measuring = AcceptedMeasures(), Beside(session, "accepted cases", self)
        self._known: WeakKeyDictionary[EditableLabels, Checked] = WeakKeyDictionary()
        self.chosen: Finding | None = None
        """The one whose place was shown last."""
        self._then: list[tuple[EditableLabels, Callable[[], object]]] = []
        settled.settled.connect(self._follow)

    @property
    def is_busy(self) -> bool:
        """Whether labels are being checked."""
        return self._beside.is_busy

    @property
    def is_fresh(self) -> bool:
        """Whether what is known is of the labels as they are."""
        editable = self._settled.editable
        known = self._known.get(editable) if editable is not None else None
        return editable is not None and known is not None and known.state == editable.state

    @report_errors
    def run(self, *_: object, then: Callable[[], object] | None = None) -> None:
        """Check the labels as they are now; ``then`` follows once what was found is known."""
        editable, scan = self._settled.editable, self.session.scan
        if editable is None or scan is None:
            return
        if then is not None:
            self._then.append((editable, then))
        editable.history.commit("Change")
        array, scheme, state = editable.history.array.copy(), editable.scheme, editable.state
        cases = self._measures.cases(self.session.project, editable.scan_hash)
        accepted = self._measures.known(cases)

        def compute() -> Checked:
            own = np.ascontiguousarray(scan.geometry.display.from_display(array))
            try:
                return Checked(state, check(LabelMap(own, scan.geometry, scheme, scan.name), accepted=accepted))
            except Exception as error:  # what cannot be checked can be accepted all the same
                return Checked(state, (), sentence(error))

        self._beside.ask(compute, partial(self._take, editable))
        self._measure(cases)
        self.changed.emit()

    def _measure(self, cases: list[AcceptedCase]) -> None:
        """Measure accepted cases beside, and check again once they are known."""
        project, missing = self.session.project, self._measures.missing(cases)
        if project is not None and missing and not self._measuring.is_busy:
            self._measuring.ask(partial(self._measures.measure, project, missing), lambda _: self.run())

    def _follow(self) -> None:
        if self._settled.editable is not None and not self.is_fresh:
            self.run()
        else:
            self.changed.emit()

    def _take(self, editable: EditableLabels, checked: Checked) -> None:
        self._known[editable] = checked
        then, self._then = self._then, []
        self.changed.emit()
        for asked_of, act in then:
            if asked_of is editable is self._settled.editable:
                act()

    # What the panel wants to know.
    def failed(self) -> str:
        """Why the labels in work could not be checked."""
        editable = self._settled.editable
        known = self._known.get(editable) if editable is not None else None
        return known.failed if known is not None else ""

    def found(self) -> tuple[Finding, ...] | None:
        """Everything that was last found in the labels in work; None where they were not checked yet."""
        editable = self._settled.editable
        known = self._known.get(editable) if editable is not None else None
        return known.findings if known is not None else None

    def open(self) -> tuple[Finding, ...]:
        """The findings that nobody has answered."""
        return open_findings(self.found() or (), self._answers().values())

    def meant_so(self) -> list[tuple[Finding, Answer]]:
        """The findings that a person called right, with the reason."""
        answers = self._answers()
        return [(found, answers[found.identity]) for found in self.found() or () if found.identity in answers]

    def _answers(self) -> dict[str, Answer]:
        editable = self._settled.editable
        said: dict[str, Any] = (editable.remarks.get(SUBJECT) if editable is not None else None) or {}
        return {identity: Answer(identity, one["reason"], one["when"]) for identity, one in said.items()}

    # What the panel asks for.
    @report_errors
    def go_to(self, found: Finding) -> None:
        """Show the place of a finding."""
        self.chosen, scan = found, self.session.scan
        self.changed.emit()
        if scan is not None:
            display = scan.geometry.display
            place = display.points_to_display(np.array(found.voxel, float)).tolist()
            self._look.at(place, display.axis_to_display(found.axis))

    @report_errors
    def mean_so(self, found: Finding, reason: str) -> None:
        """Call a finding right as it is, for a reason."""
        answer = Answer(found.identity, reason.strip(), datetime.now(UTC).isoformat(timespec="seconds"))
        self._put(answer.identity, {"reason": answer.reason, "when": answer.when, "sentence": found.sentence})

    @report_errors
    def take_back(self, found: Finding) -> None:
        """Have a finding open again."""
        self._put(found.identity, None)

    def _put(self, identity: str, answer: dict[str, str] | None) -> None:
        editable = self._settled.editable
        if editable is None:
            return
        said = dict(editable.remarks.get(SUBJECT) or {})
        said.pop(identity, None)
        if answer is not None:
            said[identity] = answer
        editable.remarks.put(SUBJECT, said)
        editable.note()
        self.changed.emit()

    def for_certificate(self) -> list[dict[str, str]] | None:
        """What was found and what was said of it, plain values; None where the labels were not checked as they are."""
        if not self.is_fresh or self.failed():
            return None
        answers = self._answers()
        rows = []
        for found in self.found() or ():
            row = {"sentence": found.sentence, "rule": found.rule, "answer": "open"}
            answer = answers.get(found.identity)
            if answer is not None:
                row |= {"answer": "meant so", "reason": answer.reason, "when": answer.when}
            rows.append(row)
        return rows
