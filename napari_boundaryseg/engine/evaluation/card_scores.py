"""Scores on a model's card: mean and sample SD per organ and metric. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from napari_boundaryseg.data.mean_sd import mean_sd
from napari_boundaryseg.engine.checkpoints.card import Score


def card_scores(
    values: Mapping[tuple[str, str], Iterable[float | None]], label_priors: Mapping[str, float | None] | None = None
) -> tuple[Score, ...]:
    """One score for each organ and metric that has a value in some case.

    Parameters
    ----------
    values : mapping
        (organ, metric) to its values over cases. None and NaN, as of a distance to an organ that nobody drew, are
        left out.
    label_priors : mapping, optional
        Organ to the Dice of a label prior that ignores the image; it stands beside the organ's Dice.

    Examples
    --------
    >>> (score,) = card_scores({("Bladder", "dsc"): [0.8, 0.9], ("Bladder", "hd_mm"): [None]}, {"Bladder": 0.4})
    >>> score.metric, score.n, round(score.mean, 3), round(score.sd, 3), score.label_prior
    ('dsc', 2, 0.85, 0.071, 0.4)
    """
    found = {key: mean_sd(over) for key, over in values.items()}
    return tuple(
        Score(
            organ=organ,
            metric=metric,
            mean=over.mean,
            sd=over.sd,
            n=over.n,
            label_prior=(label_priors or {}).get(organ) if metric == "dsc" else None,
        )
        for (organ, metric), over in found.items()
        if over.mean is not None
    )
