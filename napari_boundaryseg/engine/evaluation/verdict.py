"""Verdict of a fine-tuning: surface Dice and added path, organ by organ, each patient once. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from napari_boundaryseg.engine.evaluation.paired_change import t_interval, verdict_of
from napari_boundaryseg.engine.recipes.tuning import SMALLEST_GAIN


class Change(NamedTuple):
    """What changed in one organ of one patient.

    Parameters
    ----------
    surface_dice : float
        After minus before, at the organ's tolerance.
    path_mm : float
        Of the contour that a person would have to draw anew, after minus before.
    """

    surface_dice: float
    path_mm: float


class Verdict(NamedTuple):
    """What is said of a fine-tuned model.

    Parameters
    ----------
    said : {"better", "worse", "no evidence"}
    n : int
        Patients.
    change, path : dict
        ``mean``, ``low``, ``high`` of surface Dice and of the added path in mm, means over the organs of each patient.
    organs : list of dict
        ``organ``, ``n``, ``change``, ``path``, ``verdict``: "better", "worse", "perhaps worse" or "no evidence".
    held_back : list of str
        Why a gain is not called one, in words.
    """

    said: str
    n: int
    change: dict[str, float | None]
    path: dict[str, float | None]
    organs: list[dict[str, Any]]
    held_back: list[str]


def judge(changes: Mapping[str, Mapping[str, Change]], smallest: float = SMALLEST_GAIN) -> Verdict:
    """Judge by what changed in each patient's organs.

    *Better*: the 95 % t interval of the mean surface Dice over organs lies above zero, its mean reaches ``smallest``,
    the mean path does not become longer, and no organ is worse, nor by its mean worse by ``smallest``. *Worse*: that
    interval, or that of an organ's surface Dice, lies below zero, or that of an organ's path above.

    Parameters
    ----------
    changes : mapping
        Patient to organ to change.
    smallest : float
        The smallest gain of surface Dice that matters.

    Examples
    --------
    >>> found = {f"patient {n}": {"Prostate": Change(0.05 + n / 100, -20.0 - n)} for n in range(4)}
    >>> judge(found).said
    'better'
    >>> judge(found, smallest=0.1).held_back
    ['the gain of surface Dice is smaller than 0.1']
    """
    means = [np.mean(list(of_patient.values()), axis=0) for of_patient in changes.values()]
    surface, path = ([float(mean[n]) for mean in means] for n in (0, 1))
    organs = [
        _organ(name, [of[name] for of in changes.values() if name in of], smallest)
        for name in dict.fromkeys(name for of_patient in changes.values() for name in of_patient)
    ]
    said = verdict_of(surface)
    held_back = []
    if said == "better":
        if np.mean(surface) < smallest:
            held_back.append(f"the gain of surface Dice is smaller than {smallest:g}")
        if np.mean(path) > 0:
            held_back.append("there is more to draw anew")
        held_back += [f"{one['organ']} is {one['verdict']}" for one in organs if "worse" in one["verdict"]]
    if any(one["verdict"] == "worse" for one in organs):
        said = "worse"
    elif held_back:
        said = "no evidence"
    return Verdict(said, len(means), _interval(surface), _interval(path), organs, held_back)


def _organ(name: str, changes: Sequence[Change], smallest: float) -> dict[str, Any]:
    surface, path = ([one[n] for one in changes] for n in (0, 1))
    said = verdict_of(surface)
    if verdict_of([-one for one in path]) == "worse":
        said = "worse"
    elif said != "worse" and np.mean(surface) <= -smallest:
        said = "perhaps worse"
    return {"organ": name, "n": len(changes), "change": _interval(surface), "path": _interval(path), "verdict": said}


def _interval(values: Sequence[float]) -> dict[str, float | None]:
    return dict(zip(("mean", "low", "high"), t_interval(values), strict=True))
