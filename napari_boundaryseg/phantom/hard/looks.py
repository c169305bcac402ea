"""How bright the tissues of a harder pelvis are on T2: what one real 3 T scan shows, and what other scans may."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.phantom.tissues import LOOKS, Tissue

T2: dict[Tissue, tuple[float, float]] = {
    Tissue.SUBCUTANEOUS_FAT: (400, 0.05),
    Tissue.FAT: (390, 0.06),
    Tissue.MUSCLE: (52, 0.30),
    Tissue.CORTEX: (22, 0.2),
    Tissue.MARROW: (270, 0.17),
    Tissue.CARTILAGE: (110, 0.1),
    Tissue.FLOW_VOID: (32, 0.2),
    Tissue.VEIN: (430, 0.2),
    Tissue.FASCIA: (190, 0.15),
    Tissue.BLADDER_WALL: (78, 0.25),
    Tissue.URINE: (540, 0.02),
    Tissue.TRANSITION_ZONE: (150, 0.22),
    Tissue.PERIPHERAL_ZONE: (370, 0.15),
    Tissue.STROMA: (82, 0.25),
    Tissue.CAPSULE: (85, 0.2),
    Tissue.NODULE_BRIGHT: (300, 0.18),
    Tissue.NODULE_DARK: (135, 0.25),
    Tissue.VESICLE: (450, 0.2),
    Tissue.VESICLE_WALL: (150, 0.2),
    Tissue.RECTAL_WALL: (112, 0.25),
    Tissue.MUCOSA: (165, 0.2),
    Tissue.STOOL: (130, 0.25),
    Tissue.LEVATOR: (75, 0.25),
    Tissue.SPHINCTER: (100, 0.25),
}
"""Brightness, and texture as a part of it; fat is about 400. The others look as on the easier scans."""

_ALIKE = (
    (Tissue.MUSCLE, Tissue.LEVATOR, Tissue.SPHINCTER, Tissue.RECTAL_WALL, Tissue.BLADDER_WALL, Tissue.STROMA),
    (Tissue.URINE, Tissue.VESICLE, Tissue.PERIPHERAL_ZONE, Tissue.NODULE_BRIGHT, Tissue.BOWEL_CONTENT),
    (Tissue.FAT, Tissue.SUBCUTANEOUS_FAT, Tissue.MARROW),
)


def draw_t2(
    rng: np.random.Generator, spread: float, suppressed: float = 0.0
) -> tuple[dict[Tissue, float], dict[Tissue, float]]:
    """Brightness and texture of every tissue of one scan.

    Parameters
    ----------
    rng : numpy Generator
    spread : float
        SD of the logarithm, half of it shared by tissues that are alike.
    suppressed : float
        How many of the scans have dark fat.
    """
    means = {t: T2.get(t, (LOOKS[t].t2, 0))[0] * float(np.exp(rng.normal(0, spread))) for t in LOOKS}
    parts = {t: T2.get(t, (0, LOOKS[t].texture))[1] for t in LOOKS}
    for group in _ALIKE:
        shared = float(np.exp(rng.normal(0, spread)))
        for tissue in group:
            means[tissue] *= shared
    means[Tissue.STOOL] = float(rng.uniform(40, 330))
    means[Tissue.MUCOSA] = means[Tissue.RECTAL_WALL] * float(rng.uniform(1.1, 2.6))
    parts[Tissue.STOOL] = float(rng.uniform(0.1, 0.5))
    if rng.random() < suppressed:
        for tissue in (Tissue.FAT, Tissue.SUBCUTANEOUS_FAT, Tissue.MARROW):
            means[tissue] *= float(rng.uniform(0.1, 0.35))
    else:
        means[Tissue.SUBCUTANEOUS_FAT] = means[Tissue.FAT] * float(rng.uniform(0.95, 1.12))
    textures = {t: means[t] * parts[t] * float(rng.uniform(0.6, 1.3)) for t in LOOKS}
    return means, textures
