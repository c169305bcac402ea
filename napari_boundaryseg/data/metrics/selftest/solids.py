"""Solids with known answers: a ball, a shell, a shifted cube, long voxels, an island, the border of the scan."""

from __future__ import annotations

import math

import numpy as np

from napari_boundaryseg.data.metrics.selftest.known_answer import KnownAnswer, box, values

CUBE = box((16, 16, 16), (2, 11), (2, 11), (2, 11))
"""Ten voxels a side: 1000 voxels, 10³ - 8³ = 488 of them at its surface, 36 in the contour of each of its slices."""
MM = (1.0, 1.0, 1.0)


def same() -> KnownAnswer:
    """A cube and itself."""
    return KnownAnswer(
        "a cube and itself",
        "Nothing differs: every overlap is 1, every distance 0, nothing is to be drawn; 1000 voxels of 1 mm³.",
        CUBE,
        CUBE,
        MM,
        0.0,
        {1: values(dsc=1, jaccard=1, asd=0, hd=0, hd95=0, surface_dice=1, at_1_2_3_mm=(1, 1, 1), apl=0, ml=(1, 1))},
    )


def sphere() -> KnownAnswer:
    """Two balls of one centre, of 5 and 4 voxels radius."""
    apart = np.indices((13, 13, 13)) - 6
    squared = (apart**2).sum(axis=0)
    return KnownAnswer(
        "a sphere of 5 mm against one of 4 mm",
        "A ball of radius 5 has 515 points of the grid, of radius 4 257 (OEIS A000605). Of the larger one's 222 "
        "surface voxels those like (5,0,0), (4,2,1), (4,2,0), (4,1,1), (4,1,0), (3,3,1) are 1 mm from the smaller "
        "one's (150), those like (4,3,0), (4,2,2), (3,3,2) √2 mm (72). Of the smaller one's 134 the 8 like (2,2,2) "
        "are √2 mm off, the others, like (4,0,0), (3,2,1), (3,2,0), (3,1,1), (3,1,0), 1 mm. More than a twentieth of "
        "either is √2 mm off. Path: in the slices 2 and 3 mm from the middle four voxels each are √2 mm off, at 4 mm "
        "the one is √5 mm off.",
        (squared <= 25).astype(np.uint8),
        (squared <= 16).astype(np.uint8),
        MM,
        1.2,
        {
            1: values(
                dsc=514 / 772,
                jaccard=257 / 515,
                asd=(150 + 126 + 80 * math.sqrt(2)) / 356,
                hd=math.sqrt(2),
                hd95=math.sqrt(2),
                surface_dice=276 / 356,
                at_1_2_3_mm=(276 / 356, 1, 1),
                apl=4 * 4 + 2,
                ml=(0.515, 0.257),
            )
        },
    )


def shell() -> KnownAnswer:
    """A solid cube against a shell of the same outside."""
    solid, cavity = box((16, 16, 16), *[(2, 13)] * 3), box((16, 16, 16), *[(5, 10)] * 3)
    return KnownAnswer(
        "a solid cube against a shell 3 mm thick",
        "12³ = 1728 voxels against 1728 - 6³ = 1512. Outer surfaces are the same 12³ - 10³ = 728 voxels; the shell "
        "has 6 · 36 = 216 more round its cavity, each 2 mm from the outer ones: none of the solid's 728 distances, "
        "more than a twentieth of the shell's 944. Path: 4 · 6 voxels round the hole in 6 slices.",
        solid,
        solid - cavity,
        MM,
        1.0,
        {
            1: values(
                dsc=2 * 1512 / (1728 + 1512),
                jaccard=1512 / 1728,
                asd=2 * 216 / (728 + 944),
                hd=2,
                hd95=2,
                surface_dice=2 * 728 / (728 + 944),
                at_1_2_3_mm=(2 * 728 / (728 + 944), 1, 1),
                apl=4 * 6 * 6,
                ml=(1.728, 1.512),
            )
        },
    )


def shifted() -> KnownAnswer:
    """A cube one voxel to the right."""
    return KnownAnswer(
        "a cube one voxel of 1 mm beside itself",
        "900 of 1000 voxels are shared. Of each surface's 488 voxels the 100 of the outer face and the 64 within the "
        "rim of the inner face are 1 mm off, the others lie on the other's surface. Path: of a slice's contour of 36 "
        "voxels 8 of the inner and 10 of the outer row are 1 mm off, in 10 slices.",
        np.roll(CUBE, 1, axis=0),
        CUBE,
        MM,
        0.5,
        {
            1: values(
                dsc=0.9,
                jaccard=900 / 1100,
                asd=164 / 488,
                hd=1,
                hd95=1,
                surface_dice=324 / 488,
                at_1_2_3_mm=(1, 1, 1),
                apl=18 * 10,
                ml=(1, 1),
            )
        },
    )


def long_voxels() -> KnownAnswer:
    """A cube one slice of 3 mm above itself."""
    return KnownAnswer(
        "a cube of long voxels (1 × 1 × 3 mm) one slice above itself",
        "900 of 1000 voxels are shared, of 3 mm³ each. Of each surface the 100 voxels of the outer face are 3 mm off;"
        " of the 64 within the rim of the inner face 28, 20 and 16 are 1, 2 and 3 mm from the rim or the face 3 mm "
        "beyond it; 116 of 488 are 3 mm off. Path: the slice that is not drawn, 36 voxels of 1 mm.",
        np.roll(CUBE, 1, axis=2),
        CUBE,
        (1.0, 1.0, 3.0),
        2.5,
        {
            1: values(
                dsc=0.9,
                jaccard=900 / 1100,
                asd=(28 * 1 + 20 * 2 + 116 * 3) / 488,
                hd=3,
                hd95=3,
                surface_dice=372 / 488,
                at_1_2_3_mm=(352 / 488, 372 / 488, 1),
                apl=36,
                ml=(3, 3),
            )
        },
    )


def island() -> KnownAnswer:
    """A cube with an island that the reference has not."""
    spot = box((24, 16, 16), (16, 18), (5, 7), (5, 7))
    cube = np.concatenate([CUBE, np.zeros((8, 16, 16), np.uint8)])
    return KnownAnswer(
        "a cube with an island of 27 voxels that the reference has not",
        "The island's 26 surface voxels are 5 (9), 6 (8) and 7 (9) mm from the cube's right face. They are the 26 "
        "largest of 514 distances: the 95th percentile has rank 0.95 · 513 = 487.35, between the last 0 (487) and the"
        " first 5 mm (488): 0.35 · 5. The other direction is 0, and the larger of the two counts. No contour of the "
        "reference is off.",
        cube + spot,
        cube,
        MM,
        1.0,
        {
            1: values(
                dsc=2000 / 2027,
                jaccard=1000 / 1027,
                asd=(9 * 5 + 8 * 6 + 9 * 7) / (514 + 488),
                hd=7,
                hd95=0.35 * 5,
                surface_dice=976 / 1002,
                at_1_2_3_mm=(976 / 1002,) * 3,
                apl=0,
                ml=(1.027, 1),
            )
        },
    )


def at_the_border() -> KnownAnswer:
    """Slabs that the border of the scan cuts on five sides."""
    shape = (10, 10, 10)
    return KnownAnswer(
        "a slab that the border of the scan cuts, one voxel too thick",
        "500 against 400 voxels. Where the scan ends there is no surface: each has one face of 100 voxels, 1 mm from "
        "the other's. Path: a row of 10 voxels in each of 10 slices.",
        box(shape, (0, 4), (0, 9), (0, 9)),
        box(shape, (0, 3), (0, 9), (0, 9)),
        MM,
        0.5,
        {
            1: values(
                dsc=800 / 900,
                jaccard=400 / 500,
                asd=1,
                hd=1,
                hd95=1,
                surface_dice=0,
                at_1_2_3_mm=(1, 1, 1),
                apl=10 * 10,
                ml=(0.5, 0.4),
            )
        },
    )
