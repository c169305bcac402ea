"""A band in words: what its margin promises, of how many patients, and how it held so far."""

from __future__ import annotations

import math

from napari_boundaryseg.review.band.border_margin import SHARE
from napari_boundaryseg.review.band.conformal import FEWEST, PATIENTS, Band

TENTHS = round(10 * PATIENTS)


def band_in_words(band: Band) -> str:
    """The promise of a band, or why there is none.

    The margin is rounded up to tenths of a millimetre: rounded down it would promise too much.

    Examples
    --------
    >>> print(band_in_words(Band(18, 1.24, held=17, judged=18)))
    In 9 of 10 patients at least 95 % of the border lies within ± 1.3 mm (n = 18). So far it did in 17 of 18.
    >>> print(band_in_words(Band(5, None, held=0, judged=0)))
    Too few for a band: 5 patients, of whom the model learned nothing, are accepted, and 9 are needed.
    """
    if band.margin_mm is None:
        are = (
            "1 patient, of whom the model learned nothing, is"
            if band.n == 1
            else (f"{band.n} patients, of whom the model learned nothing, are")
        )
        return f"Too few for a band: {are} accepted, and {FEWEST} are needed."
    if math.isinf(band.margin_mm):
        return f"No band: in more than 1 of 10 patients (n = {band.n}) the organ was missed or invented altogether."
    margin = math.ceil(10 * band.margin_mm - 1e-6) / 10
    said = (
        f"In {TENTHS} of 10 patients at least {100 * SHARE:.0f} % of the border lies within ± {margin:.1f} mm "
        f"(n = {band.n})."
    )
    return f"{said} So far it did in {band.held} of {band.judged}." if band.judged else said
