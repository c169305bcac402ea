"""Field of view: whether a scan is far larger than a model's training scans, and which part is taken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import AnyBox, Box, around
from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.errors import InputError, RegionNeeded

FIELD_FACTOR = 1.6
LONG_FACTOR = 2.5
"""A scan `FIELD_FACTOR` times longer than the training scans along two axes, or this much along one, needs a box."""

MOST_NAMED = 4
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
    looked : LookedAt, optional
        The slices that a person has looked at; the labels say nothing on the others. All of them by default.
    """

    volume: Volume
    labels: LabelMap
    box: AnyBox | None = None
    looked: LookedAt | None = None


def check_field(scan: PreparedScan, model: str) -> None:
    """Ask for a box where the whole scan is far larger than what the model has seen.

    Raises
    ------
    RegionNeeded
        Then, and for models that are always given a box.
    """
    if scan.recipe.box_margin_mm is not None:
        raise RegionNeeded(
            scan.volume.name,
            f"{model} segments what lies in a box",
            "Draw a loose box round it (or give --box or --box-from)",
        )
    expected = scan.recipe.expected_field_mm
    if expected is not None and far_larger(scan):
        own, organs = scan.field_mm, in_words(scan.recipe.scheme.names)
        raise RegionNeeded(
            scan.volume.name,
            f"it covers {own[0]:.0f} x {own[1]:.0f} x {own[2]:.0f} mm, far more than the {expected[0]:.0f} x "
            f"{expected[1]:.0f} x {expected[2]:.0f} mm that {model} was trained on. It finds {organs}",
            "Draw a box round them (or give --box or --box-from), or take another model if you look for something else",
        )


def in_words(names: Sequence[str]) -> str:
    """Names of organs for a sentence: the first few, and how many more there are.

    Examples
    --------
    >>> in_words(["Bladder", "Prostate", "Rectum"])
    'Bladder, Prostate, Rectum'
    >>> in_words([f"Bone_{n}" for n in range(8)])
    'Bone_0, Bone_1, Bone_2, Bone_3 and 4 more'
    """
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def far_larger(scan: PreparedScan) -> bool:
    """Whether the scan is so much larger than the recipe's training scans that a box is needed."""
    expected = scan.recipe.expected_field_mm
    if expected is None:
        return False
    factors = sorted((have / want for have, want in zip(scan.field_mm, expected, strict=True)), reverse=True)
    return factors[0] >= LONG_FACTOR or factors[1] >= FIELD_FACTOR


def part_of(scan: PreparedScan, labels: LabelMap, box: AnyBox | None = None) -> Box | None:
    """The part of a labelled scan that a model learns from and is judged on; None for all of it.

    Where a locator will propose the box, it is what a perfect locator would propose; of models that a person
    gives a box, one with the mean of the margins that they learnt from.

    Parameters
    ----------
    scan : PreparedScan
        All of it.
    labels : LabelMap
    box : three slices or (start, stop) pairs of (I, J, K), optional
        The box that the scan was segmented in. It grows where labels lie outside.

    Raises
    ------
    InputError
        When the box does not fit, and when a far too large scan has neither a box nor a label.
    """
    drawn = around(labels.array > 0, labels.spacing_mm)
    if box is not None:
        given = boxes.given(box, scan.volume.geometry.shape)
        return given if drawn is None else boxes.union([given, drawn])
    margins = _margins_mm(scan)
    if margins is None and not far_larger(scan):
        return None
    if drawn is None:
        raise InputError(
            scan.volume.name,
            "the model needs a box round the organs, and nothing is labelled",
            "Label an organ, or crop the scan round it",
        )
    if scan.recipe.locator:
        return located(scan, labels)
    return around(labels.array > 0, labels.spacing_mm, MARGIN_MM if margins is None else margins)


def located(scan: PreparedScan, found: LabelMap) -> Box | None:
    """The box round what a locator found; None where that is nothing.

    Where the recipe says so, it grows until a patch and a window fit into it: these are full of the scan then, and not
    of padding.
    """
    recipe, shape = scan.recipe, scan.volume.geometry.shape
    box = around(found.array > 0, found.spacing_mm, recipe.locator_margin_mm)
    if box is None or not recipe.locator_fills_patch or recipe.preprocessing.size_vox is not None:
        return box
    axes = AxisMap(scan.volume.affine, shape, "RAS")
    own, wanted = axes.new_spacing_mm, recipe.preprocessing.spacing_mm or axes.new_spacing_mm
    most = [max(pair) for pair in zip(recipe.patch_vox, recipe.window_vox, strict=True)][::-1]
    size = [math.ceil(n * want / have - 1e-3) for n, want, have in zip(most, wanted, own, strict=True)]
    return boxes.at_least(box, shape, [size[int(axis)] for axis, _ in axes.there])


def _margins_mm(scan: PreparedScan) -> list[float] | None:
    """What is kept round the organs along the scan's axes where the model is always given a box; else None."""
    recipe, volume = scan.recipe, scan.volume
    if recipe.locator:
        return [recipe.locator_margin_mm] * 3
    if recipe.box_margins_mm is None:
        return None
    mean = [sum(margins) / 2 for margins in recipe.box_margins_mm]
    return [mean[int(axis)] for axis, _ in AxisMap(volume.affine, volume.geometry.shape, "RAS").there]
