"""How large the organs of a harder pelvis are, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_boundaryseg.phantom.organs import Sizes
from napari_boundaryseg.phantom.shapes import Ellipsoid


@dataclass(frozen=True)
class HardSizes(Sizes):
    """Also what only some patients have."""

    lean: float
    """How much one half of the prostate is wider than the other."""
    lobe: Ellipsoid | None
    """A median lobe that pushes into the bladder."""
    urine_ml: float


def draw_sizes(rng: np.random.Generator) -> HardSizes:
    """Draw them, before the size of the body: prostate 20 to 100 mL, urine 15 to 500 mL, a median lobe in some."""
    px, py, pz = (float(p) for p in rng.normal(0, (3, 3, 4)))
    volume = 20 * 5 ** (rng.random() ** 1.2)
    a, b, c = (float(r) for r in _radii(volume * 0.98, np.array([1.24, 0.92, 0.92]) * rng.uniform(0.9, 1.1, 3)))
    urine = float(15 * (500 / 15) ** rng.random())
    wall = float(np.clip((9.5 - 1.25 * np.log2(urine / 15)) * rng.uniform(0.6, 1.5), 2.2, 9))
    flat = np.interp(np.log(urine), np.log([15, 300]), [0.65, 0.95])
    rx, ry, rz = _radii(urine, np.array([1.15, rng.uniform(0.85, 1.1), flat]) * rng.uniform(0.92, 1.08, 3)) + wall
    ahead = min(rng.uniform(2, 28), 58 - ry - py)
    middle = (px + rng.normal(0, 4), py + ahead, pz + 0.85 * c + rz - 0.3 * abs(ahead) - rng.uniform(-1, 5))
    return HardSizes(
        prostate=(px, py, pz),
        radii=(a, b, c),
        bladder=Ellipsoid((float(middle[0]), float(middle[1]), float(middle[2])), (float(rx), float(ry), float(rz))),
        wall=wall,
        rectum_radius=rng.uniform(10, 17.5),
        gap=rng.uniform(0.8, 4.0),
        junction=float(pz - c - rng.uniform(0, 9)),
        lean=rng.normal(0, 0.09),
        lobe=_lobe(rng, (px, py, pz), (a, b, c)) if rng.random() < 0.15 + volume / 250 else None,
        urine_ml=urine,
    )


def _radii(volume_ml: float, shape: np.ndarray) -> np.ndarray:
    """Of an ellipsoid with a volume and proportions, in mm."""
    return (volume_ml * 1000 * 3 / (4 * np.pi * shape.prod())) ** (1 / 3) * shape


def _lobe(rng: np.random.Generator, at: tuple[float, ...], radii: tuple[float, ...]) -> Ellipsoid:
    wide = rng.uniform(0.28, 0.5) * radii[0]
    up = rng.uniform(0.75, 1.05) * radii[2]
    return Ellipsoid(
        (at[0] + rng.normal(0, 3), at[1] + rng.uniform(-0.2, 0.3) * radii[1], at[2] + up),
        (wide, wide * rng.uniform(0.8, 1.1), wide * rng.uniform(0.9, 1.5)),
    )
