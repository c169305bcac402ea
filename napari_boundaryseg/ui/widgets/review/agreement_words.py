"""Words for agreement: rows of its tables, and what is said of a border's errors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from napari_boundaryseg.data.metrics.metric import Metric
from napari_boundaryseg.data.metrics.thirds import third_names
from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.review.border_errors import BorderErrors

MISSING, NONE = "missing", "–"
OVERVIEW = ("surface_dice_2mm", "hd95_mm", "dsc")
OVERVIEW_HEADINGS = ("Organ", "surface\nDice\n2 mm", "HD95\nmm", "DSC")
SHORT_THIRDS = {"inferior": "inf.", "middle": "mid", "superior": "sup."}
SIZES = ("volume_ml", "reference_ml")
MOST_PLACES = 30
"""Of a list; of more a person is told."""


def number_text(name: str, row: Mapping[str, Any] | None) -> str:
    """A metric of an organ or a part of it for a person.

    Examples
    --------
    >>> row = {"missing": False, "dsc": 0.91234, "hd95_mm": 2.34, "volume_ml": 3.2}
    >>> number_text("dsc", row), number_text("hd95_mm", row), number_text("volume_ml", row), number_text("dsc", None)
    ('0.912', '2.3', '3.20', '–')
    >>> number_text("dsc", {"missing": True, "dsc": 0.0})
    'missing'
    """
    if row is None or name not in row:
        return NONE
    if name in SIZES:
        return ml_text(row[name]) if math.isfinite(row[name]) else NONE
    if row["missing"]:
        return MISSING
    if not math.isfinite(row[name]):
        return NONE
    if name == "apl_mm":
        return f"{row[name]:.0f}"
    return f"{row[name]:.2f}" if name == "asd_mm" else f"{row[name]:.1f}" if name == "hd95_mm" else f"{row[name]:.3f}"


def overview_rows(whole: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """A row for each organ."""
    return [[organ, *(number_text(name, row) for name in OVERVIEW)] for organ, row in whole.items()]


def detail_rows(
    metrics: Sequence[Metric], whole: Mapping[str, Any], thirds: Mapping[str, Mapping[str, Any]], organ: str
) -> list[list[str]]:
    """A row for each metric: of the whole organ, and of its thirds from the feet to the head."""
    parts = [whole, *(thirds.get(third) for third in third_names(organ))]
    return [[row_name(metric), *(number_text(metric.name, part) for part in parts)] for metric in metrics]


def row_name(metric: Metric) -> str:
    """A metric's name in the narrow column of names, which wraps at words.

    Examples
    --------
    >>> from napari_boundaryseg.review.comparing import shown
    >>> [row_name(metric) for metric in shown()][2:5]
    ['surface Dice 3 mm', 'HD95 mm', 'ASD mm']
    """
    return f"{metric.title.replace(' at ', ' ')} {metric.unit}".strip()


def detail_headings(organ: str) -> tuple[str, ...]:
    """The headings of `detail_rows`.

    Examples
    --------
    >>> detail_headings("Prostate"), detail_headings("Bladder")[2:]
    (('', 'whole', 'apex', 'mid', 'base'), ('inf.', 'mid', 'sup.'))
    """
    thirds = (third.removesuffix(" third") for third in third_names(organ))
    return ("", "whole", *(SHORT_THIRDS.get(third, third) for third in thirds))


def worst_title(organ: str, errors: BorderErrors) -> str:
    """What stands over the list of the worst places of an organ.

    Parameters
    ----------
    organ : str
    errors : BorderErrors
    """
    off = f"more than {errors.tolerance_mm:g} mm off"
    if errors.places:
        return f"{organ}, {off}, the worst first:"
    large = f" of {errors.least_mm2:.0f} mm² or more" if errors.n_small else ""
    return f"{organ}: no place{large} is {off}."


def left_out(n_listed: int, n_large: int, n_small: int, least_mm2: float, small_mm: float | None = None) -> str:
    """How many places are not in the list, and how far off the worst of the small ones is where that is known.

    Examples
    --------
    >>> left_out(2, 2, 5, 25.0)
    '5 places smaller than 25 mm² are left out.'
    >>> left_out(30, 41, 1, 25.0)
    '11 more are less far off. 1 place smaller than 25 mm² is left out.'
    >>> left_out(0, 0, 2, 25.0, 1.04)
    '2 places smaller than 25 mm² are left out, off by up to 1.0 mm.'
    """
    said = [f"{n_large - n_listed} more are less far off."] if n_large > n_listed else []
    if n_small:
        several = "s smaller" if n_small > 1 else " smaller"
        far = f", off by up to {small_mm:.1f} mm" if small_mm is not None else ""
        are = "are" if n_small > 1 else "is"
        said.append(f"{n_small} place{several} than {least_mm2:.0f} mm² {are} left out{far}.")
    return " ".join(said)
