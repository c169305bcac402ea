"""Surface Dice at several tolerances: a metric for each, measured on request."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_boundaryseg.data.metrics import StructurePair, compare_masks, measured, metrics, names
from napari_boundaryseg.data.metrics.structure_pair import ROUNDING_MM
from napari_boundaryseg.data.metrics.surface import AT_TOLERANCES, at_tolerance, surface_dice_at
from napari_boundaryseg.errors import InputError

CUBE = np.zeros((20, 16, 16), bool)
CUBE[3:13, 3:13, 3:13] = True
MOVED = np.roll(CUBE, 2, axis=0)


@pytest.mark.parametrize("mm", [0, 0.5, 1, 2, 3])
def test_it_is_surface_dice_at_that_tolerance(mm: float) -> None:
    own = compare_masks(MOVED, CUBE, (0.8, 1, 1.3), mm)
    other = compare_masks(MOVED, CUBE, (0.8, 1, 1.3), 9.0, also=[at_tolerance(mm)])
    assert other[at_tolerance(mm)] == own["surface_dice"]
    assert other["surface_dice"] == 1
    assert surface_dice_at(StructurePair.of(MOVED, CUBE, (0.8, 1, 1.3), 9.0), mm) == own["surface_dice"]


def test_1_2_and_3_mm_are_in_the_table_on_request_in_their_order() -> None:
    assert AT_TOLERANCES == ("surface_dice_1mm", "surface_dice_2mm", "surface_dice_3mm")
    assert set(AT_TOLERANCES).isdisjoint(names())
    columns = names(AT_TOLERANCES)
    assert columns[columns.index("surface_dice") :][:4] == ("surface_dice", *AT_TOLERANCES)
    assert columns.index("apl_mm") == columns.index("surface_dice") + 4
    (one,) = [metric for metric in metrics(AT_TOLERANCES) if metric.name == "surface_dice_2mm"]
    orders = [metric.order for metric in metrics(AT_TOLERANCES) if metric.name.startswith("surface_dice")]
    assert orders[0] < orders[1] == orders[2] == orders[3], "the tolerance in use comes first whatever the names"
    assert one.heading == "surface Dice at 2 mm"
    assert (one.better, one.missing, one.on_request) == ("higher", 0.0, True)
    assert one.definition == "Share of all surface voxels that lie within 2 mm of the other surface, 0..1."


def test_another_tolerance_joins_the_table_once() -> None:
    assert at_tolerance(4.25) == at_tolerance(4.25 + 1e-9) == "surface_dice_4.25mm"
    assert "surface_dice_4.25mm" in measured([{"surface_dice_4.25mm": 0.5}])
    assert at_tolerance(2) == at_tolerance(2.0) == "surface_dice_2mm"


@pytest.mark.parametrize("mm", [-0.1, math.inf, math.nan])
def test_what_is_no_tolerance_is_refused(mm: float) -> None:
    with pytest.raises(InputError, match="is no tolerance"):
        at_tolerance(mm)


def test_a_distance_that_rounding_makes_equal_counts() -> None:
    pair = StructurePair.of(np.roll(CUBE, 1, axis=0), CUBE, (1, 1, 1), 0.0)
    assert (1 - ROUNDING_MM) + ROUNDING_MM == 1
    assert surface_dice_at(pair, 1 - ROUNDING_MM) == 1 > surface_dice_at(pair, 1 - 2 * ROUNDING_MM)
