"""Which part of a scan suits a model: whether all of it is far too large, and what is taken of labelled scans."""

from __future__ import annotations

from typing import NamedTuple

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import AnyBox, Box, around
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.errors import InputError, RegionNeeded

FIELD_FACTOR = 1.6
LONG_FACTOR = 2.5
"""A scan `FIELD_FACTOR` times longer than the training scans along two axes, or this much along one, needs a box."""

MARGIN_MM = 15.0
"""Kept round the labels of a scan that is far too large and that nobody gave a box."""


class LabelledScan(NamedTuple):
    """A scan with its labels, and the part of it that a model is given; a plain pair leaves the part open.

    Parameters
    ----------
    volume : Volume
    labels : LabelMap
    box : three slices or (start, stop) pairs of (I, J, K), optional
        The box that the scan was segmented in. It grows where labels lie outside.
    """

    volume: Volume
    labels: LabelMap
    box: AnyBox | None = None


def check_field(volume: Volume, recipe: Recipe, model: str) -> None:
    """Ask for a box where the scan is far larger than what the model has seen."""
    if recipe.box_margin_mm is not None:
        raise RegionNeeded(
            volume.name,
            f"{model} segments what lies in a box",
            "Draw a loose box round it (or give --box or --box-from)",
        )
    expected = recipe.expected_field_mm
    if expected is not None and far_larger(volume, recipe):
        own = _field_mm(volume, recipe)
        raise RegionNeeded(
            volume.name,
            f"it covers {own[0]:.0f} x {own[1]:.0f} x {own[2]:.0f} mm, far more than the {expected[0]:.0f} x "
            f"{expected[1]:.0f} x {expected[2]:.0f} mm that {model} was trained on",
            "Draw a box round the organs (or give --box or --box-from)",
        )


def far_larger(volume: Volume, recipe: Recipe) -> bool:
    """Whether the scan is so much larger than the recipe's training scans that a box is needed."""
    if recipe.expected_field_mm is None:
        return False
    own = _field_mm(volume, recipe)
    factors = sorted((have / want for have, want in zip(own, recipe.expected_field_mm, strict=True)), reverse=True)
    return factors[0] >= LONG_FACTOR or factors[1] >= FIELD_FACTOR


def part_of(case: LabelledScan, recipe: Recipe) -> Box | None:
    """The part of a labelled scan that a model learns from and is judged on; None for all of it.

    Where a locator will propose the box, it is what a perfect locator would propose; of models that a person
    gives a box, one with the mean of the margins that they learnt from.

    Raises
    ------
    InputError
        When the box does not fit, and when a far too large scan has neither a box nor a label.
    """
    drawn = around(case.labels.array > 0, case.labels.spacing_mm)
    if case.box is not None:
        box = boxes.given(case.box, case.volume.geometry.shape)
        return box if drawn is None else boxes.union([box, drawn])
    margin = _margin_mm(recipe)
    if margin is None and not far_larger(case.volume, recipe):
        return None
    if drawn is None:
        raise InputError(
            case.volume.name,
            "the model needs a box round the organs, and nothing is labelled",
            "Label an organ, or crop the scan round it",
        )
    return around(case.labels.array > 0, case.labels.spacing_mm, MARGIN_MM if margin is None else margin)


def _margin_mm(recipe: Recipe) -> float | None:
    """What is kept round the organs where the model is always given a box; None where it may see the whole scan."""
    if recipe.locator:
        return recipe.locator_margin_mm
    return None if recipe.box_margin_mm is None else sum(recipe.box_margin_mm) / 2


def _field_mm(volume: Volume, recipe: Recipe) -> list[float]:
    """Along x, y, z of the patient."""
    grid = NetworkGrid(volume, recipe.preprocessing)
    return [n * s for n, s in zip(grid.shape[::-1], grid.spacing_zyx[::-1], strict=True)]
