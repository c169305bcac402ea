"""A band in words: what its margin promises, of how many patients, and how it held so far."""

from __future__ import annotations

import math

from napari_boundaryseg.review.band.border_margin import SHARE
from napari_boundaryseg.review.band.conformal import FEWEST, PATIENTS, Band
from napari_boundaryseg.review.band.local_width import Widths

TENTHS = round(10 * PATIENTS)


def band_in_words(band: Band, widths: Widths | None = None, model: str = "this model") -> str:
    """The promise of a band, or why there is none.

    The margin is rounded up to tenths of a millimetre: rounded down it would promise too much.

    Parameters
    ----------
    band : Band
    widths : Widths, optional
        Of a band that follows a local width, whose margin is a factor: how wide it is on the scan that is shown.
    model : str
        Only its own results count, and none of another version.

    Examples
    --------
    >>> print(band_in_words(Band(18, 1.24, held=17, judged=18)))
    In 9 of 10 patients at least 95 % of the border lies within ± 1.3 mm (n = 18). So far it did in 17 of 18.
    >>> print(band_in_words(Band(5, None, held=0, judged=0), model="pelvis-v2"))
    Too few for a band: 5 patients accepted with a result of pelvis-v2 of whom it learned nothing; 9 are needed.
    """
    if band.margin is None:
        patients = f"{band.n} patient{'' if band.n == 1 else 's'}" if band.n else "no patient yet"
        of = f"accepted with a result of {model} of whom it learned nothing"
        return f"Too few for a band: {patients} {of}; {FEWEST} are needed."
    if math.isinf(band.margin):
        return f"No band: in more than 1 of 10 patients (n = {band.n}) the organ was missed or invented altogether."
    within = f"± {_up(band.margin)} mm (n = {band.n})"
    if widths is not None:
        between = f"{_up(widths.low)} to {_up(widths.high)} mm on this scan"
        within = f"the band (± {_up(widths.mean)} mm on average, {between}; n = {band.n})"
    said = f"In {TENTHS} of 10 patients at least {100 * SHARE:.0f} % of the border lies within {within}."
    return f"{said} So far it did in {band.held} of {band.judged}." if band.judged else said


def doubts_in_words(learned: int, untouched: int, ancestry_known: bool) -> list[str]:
    """What a person should know beside the promise of a band, a sentence each.

    Parameters
    ----------
    learned : int
        Patients that are left out because the model learned of them.
    untouched : int
        Cases whose result was accepted as it was.
    ancestry_known : bool
        Whether the model says all that it learned from.

    Examples
    --------
    >>> for sentence in doubts_in_words(2, 1, False):
    ...     print(sentence)
    2 patients are left out: the model learned of them, or nobody knows.
    The result of 1 case was accepted as it was, which makes the band narrower.
    The model does not say all that it learned from.
    """
    found = []
    if learned:
        are = "patient is" if learned == 1 else "patients are"
        found.append(f"{learned} {are} left out: the model learned of them, or nobody knows.")
    if untouched:
        cases = "case was" if untouched == 1 else "cases was"
        found.append(f"The result of {untouched} {cases} accepted as it was, which makes the band narrower.")
    return found if ancestry_known else [*found, "The model does not say all that it learned from."]


def _up(mm: float) -> str:
    return f"{math.ceil(10 * mm - 1e-6) / 10:.1f}"
