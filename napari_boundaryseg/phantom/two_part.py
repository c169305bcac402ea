"""A small brain structure of two parts that touch: nothing in the scan shows where one becomes the other."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.phantom.fields import smooth_noise

_LENGTH_MM = 40.0


def two_part_structure(
    seed: int, shape: tuple[int, int, int] = (36, 50, 36), spacing_mm: float = 1.0
) -> tuple[Volume, LabelMap]:
    """A curved structure, like a hippocampus on T1, with a thick anterior and a thin posterior part.

    Both parts have one brightness; the only clue to their border is the shape: it lies where the thick part ends.

    Parameters
    ----------
    seed : int
    shape : tuple of int
        (I, J, K), axes RAS+.
    spacing_mm : float

    Returns
    -------
    Volume, LabelMap
        One channel, float32; labels after the preset ``hippocampus``: 1 anterior, 2 posterior.

    Examples
    --------
    >>> scan, labels = two_part_structure(1)
    >>> scan.modality, sorted(set(labels.array.ravel().tolist()))
    ('MR', [0, 1, 2])
    """
    rng = np.random.default_rng([seed, 21])
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = -spacing_mm * (np.array(shape) - 1) / 2
    geometry = Geometry(shape, affine)
    at = _bent_grid(rng, geometry)
    along, across, up, distance, border = _course(rng, *at)
    labels = np.where(distance < 0, np.where(along < border, 1, 2), 0).astype(np.uint8)
    image = _image(rng, geometry, distance, across, up)
    scan = Volume(image[None], geometry, ("T1",), f"two_parts_{seed}", "MR")
    return scan, scan.with_labels(labels, preset("hippocampus"))


def _bent_grid(rng: np.random.Generator, geometry: Geometry) -> list[np.ndarray]:
    """Position of every voxel in mm: moved, and smoothly deformed."""
    index = np.indices(geometry.shape, np.float32)
    return [
        index[axis] * np.float32(geometry.affine[axis, axis])
        + np.float32(geometry.affine[axis, 3] + rng.uniform(-2, 2))
        + smooth_noise(rng, geometry.shape, geometry.spacing_mm, 14) * np.float32(0.8)
        for axis in range(3)
    ]


def _course(
    rng: np.random.Generator, x: np.ndarray, y: np.ndarray, z: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float]:
    """Place along the structure (0 in front, 1 behind), offsets from its axis, distance to its surface, border."""
    long = _LENGTH_MM * rng.uniform(0.88, 1.08)
    along = 0.5 - y / np.float32(long)
    border = float(rng.uniform(0.36, 0.44))
    places = np.linspace(0, 1, 101)
    thick, thin = rng.uniform(6.0, 7.2), rng.uniform(3.6, 4.4)
    radius = thin + (thick - thin) / (1 + np.exp((places - border) * 22))
    radius *= np.sqrt(np.clip(1 - (np.clip(0.13 - places, 0, 1) / 0.13) ** 2, 0, 1))
    radius *= np.sqrt(np.clip(1 - (np.clip(places - 0.84, 0, 1) / 0.16) ** 2, 0, 1))
    bend_x = rng.uniform(3, 6) * np.sin(np.pi * places) * rng.choice([-1, 1])
    bend_z = rng.uniform(6, 10) * (places - 0.4) ** 2 * 3 - 2
    radius_at, xc, zc = (np.interp(along, places, f, left=-2, right=-2) for f in (radius, bend_x, bend_z))
    across, up = (x - xc) / 1.25, z - zc
    distance = np.where((along < 0) | (along > 1), 9, np.hypot(across, up) - radius_at)
    return along, across, up, distance, border


def _image(
    rng: np.random.Generator, geometry: Geometry, distance: np.ndarray, across: np.ndarray, up: np.ndarray
) -> np.ndarray:
    """Grey structure between fluid at its side and white matter; cortex folds further away."""
    grey, white, fluid = rng.uniform(115, 130), rng.uniform(165, 185), rng.uniform(40, 60)
    folds = smooth_noise(rng, geometry.shape, geometry.spacing_mm, 7)
    image = np.where((np.abs(folds) < 0.45) & (distance > 4), grey, white)
    image = np.where((np.abs(folds) < 0.12) & (distance > 6), fluid, image)
    horn = (distance > 0) & (distance < rng.uniform(1.5, 3)) & (across * rng.choice([-1, 1]) > up * 0.5)
    image = np.where(horn, fluid, image)
    image = np.where(distance < 0, grey, image)
    image = ndimage.gaussian_filter(image.astype(np.float32), 0.6 / np.array(geometry.spacing_mm))
    image *= np.exp(0.05 * smooth_noise(rng, geometry.shape, geometry.spacing_mm, 40))
    noise = rng.standard_normal((2, *geometry.shape), np.float32) * np.float32(6)
    return np.hypot(image + noise[0], noise[1]).astype(np.float32)
