"""Distances between two surfaces in mm, and the share of them within a tolerance. A missing structure has no distance.

A surface is a set of voxels: surface Dice counts voxels, not area.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from napari_boundaryseg.data.metrics.metric import register
from napari_boundaryseg.data.metrics.structure_pair import ROUNDING_MM, StructurePair
from napari_boundaryseg.errors import InputError


@register("asd_mm", title="ASD", unit="mm", better="lower", missing=math.nan, order=30)
def average_surface_distance(pair: StructurePair) -> float:
    """Symmetric average surface distance: the mean over both surfaces' voxels together."""
    there, back = pair.distances_mm
    return (there.sum() + back.sum()) / (len(there) + len(back)) if pair.has_distances else math.nan


@register("hd_mm", title="HD", unit="mm", better="lower", missing=math.nan, order=40)
def hausdorff_distance(pair: StructurePair) -> float:
    """Hausdorff distance: the largest of all."""
    return max(found.max() for found in pair.distances_mm if len(found)) if pair.has_distances else math.nan


@register("hd95_mm", title="HD95", unit="mm", better="lower", missing=math.nan, order=50)
def hausdorff_distance_95(pair: StructurePair) -> float:
    """The larger of the two directed 95th percentiles."""
    if not pair.has_distances:
        return math.nan
    return max(float(np.percentile(found, 95)) for found in pair.distances_mm if len(found))


@register("surface_dice", title="surface Dice", better="higher", missing=0.0, order=60)
def surface_dice(pair: StructurePair) -> float:
    """Share of all surface voxels that lie within the tolerance of the other surface, 0..1.

    References
    ----------
    Nikolov et al., Clinically applicable segmentation of head and neck anatomy for radiotherapy, J Med Internet Res 23,
    2021.
    """
    return surface_dice_at(pair, pair.tolerance_mm)


def surface_dice_at(pair: StructurePair, tolerance_mm: float) -> float:
    """`surface_dice` at another tolerance than the pair's own.

    Examples
    --------
    >>> cube = np.zeros((12, 12, 12), bool)
    >>> cube[2:8, 2:8, 2:8] = True
    >>> pair = StructurePair.of(np.roll(cube, 2, axis=0), cube, (1.0, 1.0, 1.0), tolerance_mm=1.0)
    >>> [round(surface_dice_at(pair, mm), 2) for mm in (0, 1, 2)]
    [0.53, 0.74, 1.0]
    """
    if not pair.has_distances:  # equal structures may fill the scan, and have no surface then
        return float(np.array_equal(pair.prediction, pair.reference) and pair.prediction.any())
    near = [np.count_nonzero(found <= tolerance_mm + ROUNDING_MM) for found in pair.distances_mm]
    return float(sum(near) / sum(map(len, pair.distances_mm)))


def at_tolerance(tolerance_mm: float) -> str:
    """The name of surface Dice at a tolerance, as a metric that is measured on request: ``surface_dice_2mm``.

    1, 2 and 3 mm are in the table; another tolerance joins it when it is first asked for.

    Raises
    ------
    InputError
        For what is no distance.

    Examples
    --------
    >>> at_tolerance(1.5)
    'surface_dice_1.5mm'
    """
    if not 0 <= tolerance_mm < math.inf:
        raise InputError("surface Dice", f"{tolerance_mm:g} mm is no tolerance", "Give a number of mm, 0 or more")
    return _registered(f"{tolerance_mm:g}")


@cache
def _registered(mm: str) -> str:
    def compute(pair: StructurePair) -> float:
        return surface_dice_at(pair, float(mm))

    compute.__doc__ = f"Share of all surface voxels that lie within {mm} mm of the other surface, 0..1."
    name = f"surface_dice_{mm}mm"
    title = f"surface Dice at {mm} mm"
    register(name, title=title, better="higher", missing=0.0, order=61, on_request=True)(compute)
    return name


AT_TOLERANCES = tuple(at_tolerance(mm) for mm in (1.0, 2.0, 3.0))
"""Names of surface Dice at 1, 2 and 3 mm."""
