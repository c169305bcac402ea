"""Answers of a person to findings: what was meant so, and why, remembered across runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.rules.finding import Finding


@dataclass(frozen=True)
class Answer:
    """*Meant so*: a person's answer to one finding.

    Parameters
    ----------
    identity : str
        `Finding.identity`.
    reason : str
        In the person's words.
    when : str
        ISO 8601.

    Raises
    ------
    InputError
        Without a reason.
    """

    identity: str
    reason: str
    when: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise InputError("meant so", "it has no reason", "Say in a few words why it is right as it is")


def open_findings(findings: Iterable[Finding], answers: Iterable[Answer]) -> tuple[Finding, ...]:
    """The findings that nobody has answered, in their order.

    Examples
    --------
    >>> found = Finding("cavity", ("GTV",), "GTV: a cavity.", (1, 2, 3), 2, 0.05, "mL", "slice 3")
    >>> open_findings([found], [Answer(found.identity, "necrosis", "2026-11-30T10:00:00+00:00")])
    ()
    """
    answered = {answer.identity for answer in answers}
    return tuple(found for found in findings if found.identity not in answered)
