"""What is usual of an organ in adults, by its TG-263 name: its size, and in how many pieces it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Usual:
    """What is usual of one organ; wide limits, so that what lies outside deserves a look."""

    low_ml: float
    high_ml: float
    pieces: int = 1
    source: str = "usual sizes in adults"


_MEASURED = "half of the smallest and one and a half of the largest of 209 expert labels (MSD Task04)"
USUAL = {
    "Bladder": Usual(20, 1200),
    "Prostate": Usual(10, 250),
    "Rectum": Usual(10, 300),
    "Hippocampus_A": Usual(0.5, 3.9, source=_MEASURED),
    "Hippocampus_P": Usual(0.5, 3.3, source=_MEASURED),
    "Kidney": Usual(50, 900, pieces=2),
    "Spleen": Usual(40, 1500),
    "Femur_Head_L": Usual(20, 120),
    "Femur_Head_R": Usual(20, 120),
}
"""By TG-263 name."""
SPECK = 0.1
"""A piece below this part of an organ is a speck, not a second piece."""
TOUCHING = (("Hippocampus_A", "Hippocampus_P"),)
"""Organs between which nothing lies. Of others accepted cases tell: prostate and rectum lie closely, with a fascia
between them."""
