"""Split-conformal band: a margin that holds the border in nine of ten patients to come, from those accepted so far."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PATIENTS = 0.9
"""Of the patients to come, the share in which the margin shall hold the border."""
FEWEST = 9
"""The fewest patients of whom a margin for nine in ten follows: it is the largest of theirs."""
SPLIT_FROM = 20
"""From so many patients on each is judged by those before it; of fewer, each by all the others."""


@dataclass(frozen=True)
class Band:
    """The margin of an organ, and how it fared.

    Parameters
    ----------
    n : int
        Patients that it rests on, none of whom the model was trained on.
    margin : float or None
        To both sides of the border: mm, or the factor of a local width. None for fewer than `FEWEST` patients; infinite
        where the organ was missed in so many that no margin holds it.
    held, judged : int
        In how many patients the border was held by a margin that others had set, and in how many that could be asked.
    """

    n: int
    margin: float | None
    held: int
    judged: int

    @property
    def can_be_drawn(self) -> bool:
        """Whether there is a margin."""
        return self.margin is not None and math.isfinite(self.margin)


def band_of(margins: Mapping[str, float | None], patients: Mapping[str, str] | None = None) -> Band:
    """The band of an organ from the margins of accepted cases that the model was not trained on.

    If the patients to come are like those so far (exchangeable with them), the margin holds at least `SHARE` of the
    border in at least nine of ten: on average over sets of n patients in ceil(0.9 (n + 1)) / (n + 1), or more where
    margins are equal.

    Parameters
    ----------
    margins : mapping
        Case to `border_margin_mm`, or to `border_factor`, in the order of acceptance, of predictions by one model. A
        case without the organ (None) is left out.
    patients : mapping, optional
        Case to patient; of several cases of a patient the worst counts, once. Each case is a patient where nothing is
        said.

    References
    ----------
    Lei et al., Distribution-free predictive inference for regression, J Am Stat Assoc 113, 2018.

    Examples
    --------
    >>> band_of({f"case {n}": 0.1 * n for n in range(1, 20)})
    Band(n=19, margin=1.8, held=18, judged=19)
    >>> band_of({"one": 1.0, "two": 1.5}, {"one": "subject", "two": "subject"})
    Band(n=1, margin=None, held=0, judged=0)
    """
    scores = worst_of_patients(margins, patients)
    n = len(scores)
    if n < SPLIT_FROM:
        sets = [(scores[:at] + scores[at + 1 :], score) for at, score in enumerate(scores)]
    else:
        sets = [(scores[:at], score) for at, score in enumerate(scores)]
    asked = [(score, margin) for known, score in sets if (margin := conformal_margin(known)) is not None]
    return Band(n, conformal_margin(scores), sum(score <= margin for score, margin in asked), len(asked))


def scaled_is_narrower(constant: Band, scaled: Band, mean_widths_mm: Sequence[float]) -> bool:
    """Whether a band that follows a local width is narrower than one of constant width, on average over borders.

    Parameters
    ----------
    constant, scaled : Band
        Of the same cases, by `border_margin_mm` and by `border_factor`.
    mean_widths_mm : sequence of float
        Of each case, `local_width.widths_of` with a factor of 1. Both bands hold as often; what is lost by choosing on
        the cases that make them is measured in ``docs/evidence/band.md``.

    Examples
    --------
    >>> scaled_is_narrower(Band(9, 2.0, 0, 0), Band(9, 0.5, 0, 0), [3.0, 4.0])
    True
    """
    if constant.margin is None or scaled.margin is None or not scaled.can_be_drawn or not mean_widths_mm:
        return False
    return scaled.margin * sum(mean_widths_mm) / len(mean_widths_mm) < constant.margin


def conformal_margin(scores: Sequence[float], patients: float = PATIENTS) -> float | None:
    """The ceil((n + 1) p)-th smallest of n scores, or None where n is too small for a share p of patients.

    Examples
    --------
    >>> conformal_margin([3.0, 1.0, 2.0], patients=0.5), conformal_margin([3.0, 1.0, 2.0])
    (2.0, None)
    """
    rank = math.ceil((len(scores) + 1) * patients - 1e-9)
    return sorted(scores)[rank - 1] if rank <= len(scores) else None


def worst_of_patients(margins: Mapping[str, float | None], patients: Mapping[str, str] | None = None) -> list[float]:
    """One score for each patient, the largest of its cases, in the order in which patients first came."""
    worst: dict[str, float] = {}
    for case, margin in margins.items():
        if margin is not None:
            patient = (patients or {}).get(case) or case
            worst[patient] = max(worst.get(patient, 0.0), margin)
    return list(worst.values())
