"""Review of labels before they were accepted: what was checked, and what was not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NOT_CHECKED, NOT_REVIEWED, NO_BAND, NO_REFERENCE = "not checked", "not reviewed", "none", "none"
"""What is said of the rules, the arcs, the band and a reference where nothing was done."""


@dataclass(frozen=True)
class Reviewed:
    """Plain values, as JSON holds them; None says that it was not done, and nothing else is said of it.

    Parameters
    ----------
    findings : sequence of mappings, optional
        What the contour rules found: a ``sentence`` each, and what the person said, such as ``answer`` and ``reason``.
        Empty where they were asked and found nothing.
    arcs : mapping, optional
        How many arcs of each organ's border were reviewed and audited, and what an audit says is still wrong.
    band : mapping, optional
        Organ to its margin in mm, which holds so much of the border in so many patients, and on how many it rests.
    reference : mapping, optional
        Against which labels metrics were taken, and the metrics, by organ.

    Raises
    ------
    ValueError, TypeError
        For what JSON cannot hold, such as a number that is none.

    Examples
    --------
    >>> Reviewed().as_json()
    {'rules': 'not checked', 'arcs': 'not reviewed', 'band': 'none', 'reference': 'none'}
    >>> Reviewed(findings=[{"sentence": "Slice 4 has no prostate.", "answer": "meant so"}]).as_json()["rules"]
    [{'sentence': 'Slice 4 has no prostate.', 'answer': 'meant so'}]
    """

    findings: Sequence[Mapping[str, Any]] | None = None
    arcs: Mapping[str, Any] | None = None
    band: Mapping[str, Any] | None = None
    reference: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        self.as_json()

    def as_json(self) -> dict[str, Any]:
        """For the certificate: each value, or the words for its absence."""
        said = {
            "rules": NOT_CHECKED if self.findings is None else [dict(finding) for finding in self.findings],
            "arcs": NOT_REVIEWED if self.arcs is None else dict(self.arcs),
            "band": NO_BAND if self.band is None else dict(self.band),
            "reference": NO_REFERENCE if self.reference is None else dict(self.reference),
        }
        return dict(json.loads(json.dumps(said, allow_nan=False)))


NOTHING = Reviewed()
