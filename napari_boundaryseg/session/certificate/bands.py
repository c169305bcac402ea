"""Bands of a model: of each organ the margin that the figures of accepted cases promise for further patients."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from napari_boundaryseg.review.band.band_words import band_in_words, doubts_in_words
from napari_boundaryseg.review.band.border_margin import SHARE
from napari_boundaryseg.review.band.conformal import PATIENTS, Band, band_of, scaled_is_narrower
from napari_boundaryseg.review.band.local_width import Widths
from napari_boundaryseg.session.certificate.accepted_figures import AcceptedFigures


@dataclass(frozen=True)
class OrganBand:
    """The band of one organ, and what is doubtful about it.

    Parameters
    ----------
    band : Band
    learned : int
        Patients that are left out because the model, or one that it descends from, learned of them, or nobody knows.
    untouched : int
        Cases whose result nobody has corrected: they make the band narrower.
    ancestry_known : bool
        Whether the model says all that it learned from.
    scaled : Band, optional
        That follows the local width of the predicted border, where it is narrower on these cases, all of which were
        measured so.
    model : str
        Its name: only its own results count.
    """

    band: Band
    learned: int = 0
    untouched: int = 0
    ancestry_known: bool = True
    scaled: Band | None = None
    model: str = "this model"

    def in_words(self, widths: Widths | None = None) -> str:
        """The promise, or why there is none, and what is doubtful about it; of the scaled band where it has widths."""
        doubts = doubts_in_words(self.learned, self.untouched, self.ancestry_known)
        band = self.band if self.scaled is None or widths is None else self.scaled
        return " ".join([band_in_words(band, None if band is self.band else widths, self.model), *doubts])

    def as_json(self, widths: Widths | None = None) -> dict[str, Any]:
        """For a certificate: ``margin_mm`` is None where there is no band; ``local`` says of the scaled one."""
        local = {}
        if self.scaled is not None and widths is not None:
            mm = {f"{name}_mm": round(value, 4) for name, value in widths._asdict().items()}
            local = {"local": {"factor": self.scaled.margin, **mm}}
        return {
            **local,
            "margin_mm": self.band.margin if self.band.can_be_drawn else None,
            "of the border": SHARE,
            "of patients": PATIENTS,
            "n": self.band.n,
            "held": self.band.held,
            "judged": self.band.judged,
            "said": self.in_words(widths),
        }


def bands_of(
    figures: Sequence[AcceptedFigures],
    model_sha256: str,
    organs: Iterable[str],
    without: Iterable[str] = (),
    model: str = "this model",
) -> dict[str, OrganBand]:
    """The band of each organ for the results of one model.

    It rests on accepted cases with results of this very model that did not learn of their patients; of several cases
    of a patient the worst counts, once.

    Parameters
    ----------
    figures : sequence of AcceptedFigures
        In the order of acceptance.
    model_sha256 : str
        Of the model's file.
    organs : iterable of str
    without : iterable of str
        Cases of the patient that the band is for.
    model : str
        The model's name, for words.

    Examples
    --------
    >>> def figures(n: int) -> AcceptedFigures:
    ...     return AcceptedFigures(f"c{n}", None, 1, "", "Prostate", "m", "ab", n != 3, 1.0, 0.0, n / 10, 1.0)
    >>> bands_of([figures(n) for n in range(1, 11)], "ab", ["Prostate"])["Prostate"].band
    Band(n=9, margin=1.0, held=0, judged=0)
    """
    own = set(without)
    rows = [one for one in figures if one.model_sha256 == model_sha256 and one.case not in own]
    return {organ: _band([one for one in rows if one.organ == organ], model) for organ in organs}


def _band(rows: Sequence[AcceptedFigures], model: str) -> OrganBand:
    unseen = [one for one in rows if one.unseen]
    # A case that was accepted twice stands here once: `accepted_figures` keeps its newest version.
    margins = {one.case: math.inf if one.margin_mm is None else one.margin_mm for one in unseen}
    band = band_of(margins, {one.case: one.patient for one in unseen if one.patient})
    learned = len({one.patient or one.case for one in rows if not one.unseen})
    known = all(one.ancestry_known for one in unseen)
    return OrganBand(band, learned, sum(not one.edited for one in unseen), known, _scaled(unseen, band), model)


def _scaled(unseen: Sequence[AcceptedFigures], constant: Band) -> Band | None:
    """The band that follows a local width, where every case has its factor and it is narrower."""
    factors = {one.case: one.factor for one in unseen}
    if None in factors.values():
        return None
    scaled = band_of(factors, {one.case: one.patient for one in unseen if one.patient})
    widths = [one.width_mm for one in unseen if one.width_mm is not None]
    return scaled if scaled_is_narrower(constant, scaled, widths) else None
