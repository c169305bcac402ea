"""Power of a comparison: how often so few cases show a gain that is there. No torch."""

from __future__ import annotations

import math

from napari_boundaryseg.engine.evaluation.paired_change import FEWEST_CASES

SHARES = ((1, 10), (1, 5), (1, 4), (3, 10), (1, 3), (2, 5), (1, 2), (3, 5), (2, 3), (3, 4), (4, 5), (9, 10), (19, 20))
"""Of trials, as they are said."""


def power(n: int, gain_sd: float = 1.0) -> float:
    """How often a true gain is called "better" by the t interval of n patients, `paired_change.verdict_of`.

    Parameters
    ----------
    n : int
        Patients.
    gain_sd : float
        The mean change over its standard deviation between patients; changes are taken as normal.

    Returns
    -------
    float
        Between 0 and 1; 0 where there is no verdict.

    References
    ----------
    Cohen, Statistical power analysis for the behavioral sciences, 1988 (noncentral t distribution).

    Examples
    --------
    >>> [round(power(n), 2) for n in (2, 3, 4, 5, 10, 20)]
    [0.0, 0.18, 0.29, 0.4, 0.8, 0.99]
    >>> round(power(10, gain_sd=0.0), 3)
    0.025
    """
    if n < FEWEST_CASES:
        return 0.0
    from scipy.special import nctdtr, stdtrit

    return float(1 - nctdtr(n - 1, math.sqrt(n) * gain_sd, stdtrit(n - 1, 0.975)))


def power_in_words(n: int) -> str:
    """What a comparison with n patients can show, in a sentence for a card.

    Examples
    --------
    >>> power_in_words(4)
    'With 4 patients a true gain of one SD is found in 3 of 10 trials.'
    >>> power_in_words(2)
    'With 2 patients no gain can be found: 3 are needed.'
    """
    patients = f"With {n} patient{'' if n == 1 else 's'}"
    if n < FEWEST_CASES:
        return f"{patients} no gain can be found: {FEWEST_CASES} are needed."
    found = power(n)
    hits, trials = min(SHARES, key=lambda share: abs(share[0] / share[1] - found))
    return f"{patients} a true gain of one SD is found in {hits} of {trials} trials."
