"""A synthetic brain with four channels and a tumour in it: a core within an enhancing rim within oedema."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.phantom.fields import smooth_noise, waves
from napari_boundaryseg.phantom.shapes import Ellipsoid

CHANNELS = ("t1", "t1c", "t2", "flair")
_LOOKS = {  # t1, t1c, t2, flair
    "outside": (0, 0, 0, 0),
    "fluid": (45, 48, 300, 30),
    "grey": (120, 128, 150, 140),
    "white": (180, 186, 105, 110),
    "necrosis": (65, 72, 250, 90),
    "oedema": (125, 130, 215, 230),
    "enhancing": (130, 300, 170, 185),
}
_TISSUES = tuple(_LOOKS)


class Variety(NamedTuple):
    """How much brains differ; lengths in mm."""

    looks: float
    """Of a tissue's brightness in a channel."""
    radii: tuple[float, float]
    rim: tuple[float, float]
    """How thick the enhancing rim is."""
    oedema: tuple[float, float]
    """How far it reaches."""
    noise: tuple[float, float]


_ALIKE = Variety(0.08, (13, 20), (4, 6), (9, 14), (5, 5))
_VARIED = Variety(0.3, (7, 28), (2, 9), (3, 20), (2, 14))


def brain(
    seed: int,
    shape: tuple[int, int, int] = (64, 64, 64),
    spacing_mm: float = 2.5,
    *,
    varied: bool = False,
) -> tuple[Volume, LabelMap]:
    """Four channels of a synthetic brain without its skull, and its tumour.

    Parameters
    ----------
    seed : int
    shape : tuple of int
        (I, J, K), axes RAS+.
    spacing_mm : float
    varied : bool
        Tumours from small to very large, brightness as it varies between scanners: for training.

    Returns
    -------
    Volume, LabelMap
        Channels t1, t1c, t2, flair, float32; labels after the preset ``brats-2023``: 1 necrotic core, 2 oedema,
        3 enhancing tumour.
    """
    rng = np.random.default_rng([seed, 11])
    variety = _VARIED if varied else _ALIKE
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = -spacing_mm * (np.array(shape) - 1) / 2
    geometry = Geometry(shape, affine)
    tissue = _healthy(rng, geometry)
    labels = _tumour(rng, geometry, tissue, variety)
    for organ_id, name in ((1, "necrosis"), (2, "oedema"), (3, "enhancing")):
        tissue[labels == organ_id] = _TISSUES.index(name)
    scan = Volume(_channels(rng, geometry, tissue, variety), geometry, CHANNELS, f"brain_{seed}", "MR")
    return scan, scan.with_labels(labels, preset("brats-2023"))


def _grid(geometry: Geometry) -> list[np.ndarray]:
    return [
        np.arange(n, dtype=np.float32).reshape([-1 if axis == a else 1 for a in range(3)])
        * np.float32(geometry.affine[axis, axis])
        + np.float32(geometry.affine[axis, 3])
        for axis, n in enumerate(geometry.shape)
    ]


def _healthy(rng: np.random.Generator, geometry: Geometry) -> np.ndarray:
    """White matter under a folded cortex, fluid in the furrows and in two ventricles, grey nuclei beside them."""
    x, y, z = _grid(geometry)
    bend = [smooth_noise(rng, geometry.shape, geometry.spacing_mm, 30) * 2 for _ in range(3)]
    at = x + bend[0], y + bend[1], z + bend[2]
    depth = -Ellipsoid((0, 0, 0), tuple(rng.uniform(0.95, 1.03, 3) * (64, 76, 60))).distance(*at)
    folds = smooth_noise(rng, geometry.shape, geometry.spacing_mm, 9)
    tissue = np.zeros(geometry.shape, np.uint8)
    tissue[depth > 0] = _TISSUES.index("fluid")
    tissue[(depth > 1.5) & ~((np.abs(folds) < 0.22) & (depth < 16))] = _TISSUES.index("grey")
    tissue[(depth > 5) & ((np.abs(folds) > 0.75) | (depth > 19))] = _TISSUES.index("white")
    tissue[(np.abs(at[0]) < 1.6) & (depth > 0) & (at[2] > 8)] = _TISSUES.index("fluid")
    wide = rng.uniform(0.8, 1.4)
    for side in (1, -1):
        nucleus = Ellipsoid((side * 15, -6, 0), (10, 16, 10), side * -15)
        tissue[nucleus.distance(*at) < 0] = _TISSUES.index("grey")
        ventricle = Ellipsoid((side * 9, -4, 13), (5 * wide, 30, 6 * wide), side * -12)
        tissue[ventricle.distance(*at) < 0] = _TISSUES.index("fluid")
    return tissue


def _tumour(rng: np.random.Generator, geometry: Geometry, tissue: np.ndarray, variety: Variety) -> np.ndarray:
    x, y, z = _grid(geometry)
    centre = (rng.choice([-1, 1]) * rng.uniform(24, 34), rng.uniform(-30, 30), rng.uniform(-5, 25))
    body = Ellipsoid(centre, tuple(rng.uniform(*variety.radii, 3)), rng.uniform(0, 180))
    distance = body.distance(x, y, z) + waves(rng, x, y, z, 22) * 2
    rim = rng.uniform(*variety.rim) + waves(rng, x, y, z, 16) * np.float32(1.2)
    fingers = rng.uniform(*variety.oedema) + smooth_noise(rng, geometry.shape, geometry.spacing_mm, 12) * 5
    inside = tissue > 0
    white = tissue == _TISSUES.index("white")
    labels = np.zeros(geometry.shape, np.uint8)
    labels[inside & (distance < fingers) & (white | (distance < 4))] = 2
    labels[inside & (distance < 0)] = 3
    labels[inside & (distance < -rim)] = 1
    return labels


def _channels(rng: np.random.Generator, geometry: Geometry, tissue: np.ndarray, variety: Variety) -> np.ndarray:
    grain = smooth_noise(rng, geometry.shape, geometry.spacing_mm, 6)
    channels = []
    low, high = variety.noise
    noise_sd = rng.uniform(low, high) if high > low else low
    for looks in np.array([_LOOKS[name] for name in _TISSUES], np.float32).T:
        looks = looks * rng.uniform(1 - variety.looks, 1 + variety.looks, len(looks)).astype(np.float32)
        image = ndimage.gaussian_filter(looks[tissue] * (1 + 0.05 * grain), 0.5)
        image *= np.exp(0.06 * smooth_noise(rng, geometry.shape, geometry.spacing_mm, 80))
        noise = rng.standard_normal((2, *geometry.shape), np.float32) * np.float32(noise_sd)
        channels.append(np.where(tissue > 0, np.hypot(image + noise[0], noise[1]), 0))
    return np.stack(channels).astype(np.float32)
