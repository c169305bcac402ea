"""Words for agreement: rows of its tables, and what is said of a border's errors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from napari_boundaryseg.data.metrics.metric import Metric
from napari_boundaryseg.data.metrics.thirds import third_names
from napari_boundaryseg.data.metrics.volumes import ml_text

MISSING, NONE = "missing", "–"
OVERVIEW = ("surface_dice_2mm", "hd95_mm", "dsc")
OVERVIEW_HEADINGS = ("Organ", "surface Dice\n2 mm", "HD95\nmm", "DSC")
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
    return [[metric.heading, *(number_text(metric.name, part) for part in parts)] for metric in metrics]


def detail_headings(organ: str) -> tuple[str, ...]:
    """The headings of `detail_rows`.

    Examples
    --------
    >>> detail_headings("Prostate"), detail_headings("Bladder")[2:]
    (('Prostate', 'whole', 'apex', 'middle', 'base'), ('inferior', 'middle', 'superior'))
    """
    return (organ, "whole", *(third.removesuffix(" third") for third in third_names(organ)))


def left_out(n_listed: int, n_large: int, n_small: int, least_mm2: float) -> str:
    """How many places are not in the list.

    Examples
    --------
    >>> left_out(2, 2, 5, 25.0)
    '5 places smaller than 25 mm² are left out.'
    >>> left_out(30, 41, 1, 25.0)
    '11 more are less far off. 1 place smaller than 25 mm² is left out.'
    """
    said = [f"{n_large - n_listed} more are less far off."] if n_large > n_listed else []
    if n_small:
        several = "s smaller" if n_small > 1 else " smaller"
        said.append(f"{n_small} place{several} than {least_mm2:.0f} mm² {'are' if n_small > 1 else 'is'} left out.")
    return " ".join(said)
