"""Special cases with known answers: empty masks, organs that touch, one voxel, two planes."""

from __future__ import annotations

import math

import numpy as np

from napari_boundaryseg.data.metrics.selftest.known_answer import KnownAnswer, box, values
from napari_boundaryseg.data.metrics.selftest.solids import CUBE, MM

NOTHING = np.zeros_like(CUBE)
NONE = (math.nan, math.nan, math.nan)


def both_empty() -> KnownAnswer:
    """Two label maps without the organ."""
    return KnownAnswer(
        "both empty",
        "Two that agree that nothing is there overlap as well as can be; there is no surface, so no distance, no "
        "share of a surface and no path.",
        NOTHING,
        NOTHING,
        MM,
        1.0,
        {1: values(dsc=1, jaccard=1, surface_dice=math.nan, at_1_2_3_mm=NONE, apl=math.nan, ml=(0, 0))},
    )


def not_found() -> KnownAnswer:
    """An empty prediction."""
    return KnownAnswer(
        "an empty prediction",
        "No overlap, no share of the surface, no distance. Path: the whole contour of 36 voxels of 0.5 mm in 10 "
        "slices of 2 mm; 1000 voxels of 0.5 mm³.",
        NOTHING,
        CUBE,
        (0.5, 0.5, 2.0),
        1.0,
        {1: values(dsc=0, jaccard=0, surface_dice=0, at_1_2_3_mm=(0, 0, 0), apl=36 * 0.5 * 10, ml=(0, 0.5))},
    )


def not_there() -> KnownAnswer:
    """An empty reference."""
    return KnownAnswer(
        "an empty reference",
        "No overlap, no share of the surface, no distance; the reference has no contour that would have to be drawn.",
        CUBE,
        NOTHING,
        (0.5, 0.5, 2.0),
        1.0,
        {1: values(dsc=0, jaccard=0, surface_dice=0, at_1_2_3_mm=(0, 0, 0), apl=0, ml=(0.5, 0))},
    )


def touching() -> KnownAnswer:
    """Two organs whose interface lies one voxel off."""
    shape = (14, 10, 10)
    side = (2, 7)
    first, second = box(shape, (2, 6), side, side), box(shape, (7, 11), side, side, label=2)
    first_found, second_found = box(shape, (2, 7), side, side), box(shape, (8, 11), side, side, label=2)
    return KnownAnswer(
        "two organs that touch, their interface one voxel off",
        "Organs of 5 voxels against 6 and 4, each 6 × 6 across. Surfaces: 180 - 3 · 16 = 132 against 216 - 4 · 16 = "
        "152 and 144 - 2 · 16 = 112 voxels. The longer one's end face (36) is 1 mm off, the shorter one's within its "
        "rim (16). Path: of a slice's contour the 4 voxels within the ends of a row for the first, a row of 6 for the"
        " second, in 6 slices.",
        first_found + second_found,
        first + second,
        MM,
        0.5,
        {
            1: values(
                dsc=360 / 396,
                jaccard=180 / 216,
                asd=52 / 284,
                hd=1,
                hd95=1,
                surface_dice=232 / 284,
                at_1_2_3_mm=(1, 1, 1),
                apl=4 * 6,
                ml=(0.216, 0.18),
            ),
            2: values(
                dsc=288 / 324,
                jaccard=144 / 180,
                asd=52 / 244,
                hd=1,
                hd95=1,
                surface_dice=192 / 244,
                at_1_2_3_mm=(1, 1, 1),
                apl=6 * 6,
                ml=(0.144, 0.18),
            ),
        },
    )


def one_voxel() -> KnownAnswer:
    """Two organs of one voxel each."""
    shape = (9, 9, 9)
    return KnownAnswer(
        "a single voxel 1, 2 and 2 mm beside another",
        "√(1 + 4 + 4) = 3 mm apart, nothing shared. Path: the one voxel, in a slice in which nothing is drawn.",
        box(shape, (3, 3), (3, 3), (3, 3)),
        box(shape, (4, 4), (5, 5), (5, 5)),
        MM,
        2.9,
        {
            1: values(
                dsc=0,
                jaccard=0,
                asd=3,
                hd=3,
                hd95=3,
                surface_dice=0,
                at_1_2_3_mm=(0, 0, 1),
                apl=1,
                ml=(0.001, 0.001),
            )
        },
    )


def planes() -> KnownAnswer:
    """Two planes across the scan, 2.8 mm apart."""
    shape = (10, 10, 10)
    return KnownAnswer(
        "two planes 2.8 mm apart (voxels of 0.7 × 1 × 1 mm)",
        "Every one of 100 voxels is 4 · 0.7 mm from the other plane. Path: a row of 10 voxels of (0.7 + 1) / 2 mm in "
        "each of 10 slices.",
        box(shape, (3, 3), (0, 9), (0, 9)),
        box(shape, (7, 7), (0, 9), (0, 9)),
        (0.7, 1.0, 1.0),
        1.0,
        {
            1: values(
                dsc=0,
                jaccard=0,
                asd=2.8,
                hd=2.8,
                hd95=2.8,
                surface_dice=0,
                at_1_2_3_mm=(0, 0, 1),
                apl=10 * 0.85 * 10,
                ml=(0.07, 0.07),
            )
        },
    )
