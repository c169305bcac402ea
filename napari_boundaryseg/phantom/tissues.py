"""The tissues of the synthetic pelvis, and what each looks like on T2 and on CT."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, NamedTuple, get_args

import numpy as np

from napari_boundaryseg.data.volume import Geometry
from napari_boundaryseg.errors import InputError

Difficulty = Literal["standard", "hard"]


def check_difficulty(difficulty: str) -> None:
    """Raise `InputError` for a difficulty that does not exist."""
    if difficulty not in get_args(Difficulty):
        raise InputError(difficulty, "there is no such difficulty", f"Known: {', '.join(get_args(Difficulty))}")


class Tissue(IntEnum):
    """What a voxel of the tissue map is made of."""

    AIR = 0
    SKIN = 1
    SUBCUTANEOUS_FAT = 2
    FAT = 3
    MUSCLE = 4
    CORTEX = 5
    MARROW = 6
    CARTILAGE = 7
    FLOW_VOID = 8
    VEIN = 9
    FASCIA = 10
    BOWEL_WALL = 11
    BOWEL_CONTENT = 12
    BLADDER_WALL = 13
    URINE = 14
    TRANSITION_ZONE = 15
    PERIPHERAL_ZONE = 16
    STROMA = 17
    CAPSULE = 18
    NODULE_BRIGHT = 19
    NODULE_DARK = 20
    VESICLE = 21
    VESICLE_WALL = 22
    RECTAL_WALL = 23
    MUCOSA = 24
    GAS = 25
    STOOL = 26
    LEVATOR = 27
    SPHINCTER = 28
    BULB = 29
    NERVE = 30
    TRANSITION_EDGE = 31
    PERIPHERAL_EDGE = 32
    STROMA_EDGE = 33


EDGES = {
    Tissue.TRANSITION_EDGE: Tissue.TRANSITION_ZONE,
    Tissue.PERIPHERAL_EDGE: Tissue.PERIPHERAL_ZONE,
    Tissue.STROMA_EDGE: Tissue.STROMA,
}
"""Where the border of the prostate fades, one even tissue lies on both of its sides, as bright as the zone within."""


class Look(NamedTuple):
    """Brightness on T2 (fat about 400), HU on CT, and texture as a part of the T2 brightness."""

    t2: float
    ct_hu: float
    texture: float


LOOKS: dict[Tissue, Look] = {
    Tissue.AIR: Look(4, -1000, 0),
    Tissue.SKIN: Look(130, 10, 0.1),
    Tissue.SUBCUTANEOUS_FAT: Look(430, -105, 0.06),
    Tissue.FAT: Look(390, -98, 0.10),
    Tissue.MUSCLE: Look(68, 56, 0.30),
    Tissue.CORTEX: Look(28, 620, 0.2),
    Tissue.MARROW: Look(270, 190, 0.16),
    Tissue.CARTILAGE: Look(120, 95, 0.1),
    Tissue.FLOW_VOID: Look(30, 48, 0.2),
    Tissue.VEIN: Look(470, 46, 0.15),
    Tissue.FASCIA: Look(120, 20, 0.1),
    Tissue.BOWEL_WALL: Look(140, 38, 0.15),
    Tissue.BOWEL_CONTENT: Look(330, 22, 0.3),
    Tissue.BLADDER_WALL: Look(100, 36, 0.12),
    Tissue.URINE: Look(620, 4, 0.03),
    Tissue.TRANSITION_ZONE: Look(185, 43, 0.26),
    Tissue.PERIPHERAL_ZONE: Look(410, 38, 0.16),
    Tissue.STROMA: Look(92, 45, 0.15),
    Tissue.CAPSULE: Look(120, 42, 0.1),
    Tissue.NODULE_BRIGHT: Look(310, 42, 0.22),
    Tissue.NODULE_DARK: Look(125, 44, 0.2),
    Tissue.VESICLE: Look(460, 24, 0.12),
    Tissue.VESICLE_WALL: Look(170, 34, 0.1),
    Tissue.RECTAL_WALL: Look(125, 40, 0.15),
    Tissue.MUCOSA: Look(250, 44, 0.15),
    Tissue.GAS: Look(10, -920, 0.3),
    Tissue.STOOL: Look(110, 25, 0.5),
    Tissue.LEVATOR: Look(80, 52, 0.15),
    Tissue.SPHINCTER: Look(130, 46, 0.15),
    Tissue.BULB: Look(450, 46, 0.1),
    Tissue.NERVE: Look(210, 30, 0.1),
}


@dataclass(frozen=True, eq=False)
class Tissues:
    """An anatomy without intensities: render it as often as needed.

    Parameters
    ----------
    map : (I, J, K * sub_slices) uint8 array
        `Tissue` numbers; every slice is cut into ``sub_slices`` thin ones, averaged when rendered.
    labels : (I, J, K) uint8 array
        Organ ids after the preset ``pelvis-mr`` (or ``pelvis-ct`` with femoral heads).
    geometry : Geometry
        Grid of ``labels`` and of the rendered scan.
    sub_slices : int
    """

    map: np.ndarray
    labels: np.ndarray
    geometry: Geometry
    sub_slices: int = 1
