"""Words for several observers: rows of their tables, and what is said of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from napari_boundaryseg.review.observer_spread import ObserverSpread
from napari_boundaryseg.review.observing import Observing
from napari_boundaryseg.ui.widgets.review.agreement_words import NONE, number_text

SPREAD_HEADINGS = ("Organ", "apart\nmedian\nmm", "apart\n95 %\nmm", "labels\namong")
OBSERVER_HEADINGS = ("Observer", "surface\nDice\n2 mm", "HD95\nmm", "added\npath\nmm")
METRICS = ("surface_dice_2mm", "hd95_mm", "apl_mm")
IN_WORK = "Labels in work"
TOO_FEW = "Tick two observers or more: one alone has no spread."
NOBODY = "There are no other labels of this scan. Choose files, or put a layer of labels over it."


def spread_rows(observing: Observing, lying: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """A row for each organ: how far observers lie apart, and how much of the labels' border lies among theirs."""
    return [
        [organ, f"{one.apart_mm.median:.1f}", f"{one.apart_mm.p95:.1f}", percent(lying.get(organ, {}).get("among"))]
        for organ, one in observing.organs.items()
    ]


def observer_rows(names: Sequence[str], spread: ObserverSpread, lying: Mapping[str, Any] | None) -> list[list[str]]:
    """A row for each observer, and one for the labels in work."""
    rows = [*zip(names, spread.rows, strict=True), (IN_WORK, lying)]
    return [[name, *(number_text(metric, row) for metric in METRICS)] for name, row in rows]


def percent(share: float | None) -> str:
    """A share for a person.

    Examples
    --------
    >>> percent(0.934), percent(None), percent(float("nan"))
    ('93 %', '–', '–')
    """
    return NONE if share is None or not math.isfinite(share) else f"{100 * share:.0f} %"


def lying_sentence(organ: str, row: Mapping[str, Any] | None) -> str:
    """Where the labels in work lie among the observers.

    Examples
    --------
    >>> lying_sentence("Prostate", {"among": 0.82, "outside_mm": -0.34, "missing": False})
    'Labels in work, Prostate: 82 % of the border lies among the observers; on average 0.3 mm within their median.'
    >>> lying_sentence("Prostate", {"among": float("nan"), "outside_mm": float("nan"), "missing": True})
    'Labels in work have no Prostate.'
    """
    if row is None:
        return ""
    if row["missing"]:
        return f"{IN_WORK} have no {organ}."
    mm = row["outside_mm"]
    side = "outside" if mm > 0 else "within"
    where = "on their median" if abs(mm) < 0.05 else f"{abs(mm):.1f} mm {side} their median"
    among = f"{percent(row['among'])} of the border lies among the observers"
    return f"{IN_WORK}, {organ}: {among}; on average {where}."


def said_of(names: Sequence[str], observing: Observing) -> str:
    """Which observers are compared, and what a person should know of them.

    Parameters
    ----------
    names : sequence of str
    observing : Observing
    """
    told = [f"{len(names)} observers: {', '.join(names)}."]
    told += [f"{names[a]} and {names[b]} are the same, voxel by voxel." for a, b in observing.copies]
    if not observing.organs:
        told.append("No organ was drawn by two of them.")
    return " ".join([*told, *observing.left_out.values()])


def places_title(organ: str, spread: ObserverSpread) -> str:
    """What stands over the places of an organ.

    Parameters
    ----------
    organ : str
    spread : ObserverSpread
    """
    apart = f"{spread.least_mm:.1f} mm apart or more"
    if spread.places:
        return f"{organ}, {apart}, the farthest first:"
    return f"{organ}: at no place of {spread.least_mm2:.0f} mm² are observers {apart}."


def legend(spread: ObserverSpread) -> str:
    """What the colours of the spread mean.

    Parameters
    ----------
    spread : ObserverSpread
    """
    return f"Pale: observers agree; yellow to dark red: they lie apart, full colour from {spread.limit_mm:.1f} mm on."
