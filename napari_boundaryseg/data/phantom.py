"""Scans with a known answer: synthetic, but not crude. `python -m napari_boundaryseg.data.phantom OUT` makes the samples."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.phantom_anatomy import Tissue, Tissues, anatomy, smooth_noise
from napari_boundaryseg.data.phantom_render import Contrast, clean_image, render
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume

__all__ = ["Tissue", "Tissues", "anatomy", "border_contrast", "brain", "pelvis", "render", "two_part_structure"]


def pelvis(seed: int, shape: tuple[int, int, int] = (280, 280, 30),
           spacing_mm: tuple[float, float, float] = (0.8, 0.8, 3.0), contrast: Contrast = "t2",
           affine: np.ndarray | None = None) -> tuple[Volume, LabelMap]:
    """A synthetic male pelvis with bladder, prostate and rectum.

    Parameters
    ----------
    seed : int
    shape, spacing_mm : tuple
        Along patient left, back, up.
    contrast : str
        ``"t2"``, ``"ct"`` or ``"random"``.
    affine : (4, 4) array, optional
    """
    scheme = preset("pelvis-ct") if contrast == "ct" else preset("pelvis-mr")
    tissues = anatomy(seed, shape, spacing_mm, scheme, affine)
    return render(tissues, seed, contrast), tissues.labels


def border_contrast(tissues: Tissues, seed: int, contrast: Contrast = "t2", organ: int = 2) -> np.ndarray:
    """Contrast across each voxel of an organ's border, in standard deviations of the noise.

    The difference between the noise-free means of the organ and of its surroundings within 2 mm of the voxel.
    """
    image, noise_sd = clean_image(tissues, seed, contrast)
    mask = tissues.labels.array == organ
    spacing = np.array(tissues.labels.spacing_mm)
    sigma = 1.0 / spacing

    def local_mean(where: np.ndarray) -> np.ndarray:
        weight = ndimage.gaussian_filter(where.astype(np.float32), sigma, truncate=2.0)
        return ndimage.gaussian_filter(np.where(where, image, 0), sigma, truncate=2.0) / np.maximum(weight, 1e-6)

    border = mask & ~ndimage.binary_erosion(mask, border_value=1)
    return np.abs(local_mean(mask) - local_mean(~mask))[border] / noise_sd


def two_part_structure(seed: int, shape: tuple[int, int, int] = (36, 52, 36)) -> tuple[Volume, LabelMap]:
    """A curved structure in the brain, 1 mm, whose front and back part touch without a visible border."""
    rng = np.random.default_rng([seed, 5])
    x, y, z = np.meshgrid(*[np.arange(n) - (n - 1) / 2 for n in shape], indexing="ij")
    warp = [2.0 * smooth_noise(rng, shape, 4) for _ in range(3)]
    x, y, z = x + warp[0], y + warp[1], z + warp[2]
    length = rng.uniform(17, 21)
    along = np.clip(y / length, -1, 1)
    bend = rng.uniform(3, 6)
    centre_x, centre_z = bend * (along**2 - 0.4), rng.uniform(-3, 3) * along - 2 * along**2
    radius = 4.0 + rng.uniform(2.2, 3.4) * np.clip(along, 0, 1) - 1.2 * np.clip(-along, 0, 1)
    inside = ((x - centre_x) / (1.25 * radius)) ** 2 + ((z - centre_z) / (0.9 * radius)) ** 2 + np.clip(
        (np.abs(y) - length + 4) / 5, 0, None) ** 2 < 1
    border_at = rng.uniform(-1, 4)
    labels = np.where(inside, np.where(y > border_at, 1, 2), 0).astype(np.uint8)
    fluid = (~inside) & (((x - centre_x) / (1.5 * radius)) ** 2 + ((z - centre_z - 0.8 * radius) / radius) ** 2 < 1)
    image = 0.62 + 0.06 * smooth_noise(rng, shape, 12)
    image += 0.18 * (smooth_noise(rng, shape, 6) > 0.6)
    image[inside] = 0.5 + 0.03 * smooth_noise(rng, shape, 14)[inside]
    image[fluid & (smooth_noise(rng, shape, 5) > -0.4)] = 0.15
    image = ndimage.gaussian_filter(image, 0.6) + rng.normal(0, 0.035, shape)
    affine = np.eye(4)
    geometry = Geometry(shape, affine)
    array = np.clip(np.rint(image * 1000), 0, 32000).astype(np.int16)[None]
    scan = Volume(array, geometry, ("T1",), "two_parts", "MR")
    return scan, LabelMap(labels, geometry, preset("hippocampus"), "two_parts")


def brain(seed: int, shape: tuple[int, int, int] = (64, 64, 64)) -> tuple[Volume, LabelMap]:
    """A four-channel head (T1n, T1c, T2w, T2f) with a tumour: necrotic core, enhancing rim, oedema; BraTS 2023 ids."""
    rng = np.random.default_rng([seed, 7])
    x, y, z = np.meshgrid(*[(np.arange(n) - (n - 1) / 2) * 64 / n for n in shape], indexing="ij")
    warp = [1.5 * smooth_noise(rng, shape, 6) for _ in range(3)]
    head = ((x + warp[0]) / 25) ** 2 + ((y + warp[1]) / 29) ** 2 + ((z + warp[2]) / 25) ** 2 < 1
    folds = smooth_noise(rng, shape, 20) + 0.4 * smooth_noise(rng, shape, 9)
    depth = ndimage.distance_transform_edt(head)
    white = head & (depth + 2.5 * folds > 6)
    fluid = head & ((np.abs(x) - 4 < 0) & (np.abs(y) < 12) & (np.abs(z - 2) < 5) & (np.abs(x) > 1))
    at = np.array([rng.choice((-1, 1)) * rng.uniform(9, 13), rng.uniform(-9, 9), rng.uniform(-6, 8)])
    r = np.sqrt((x - at[0]) ** 2 + (y - at[1]) ** 2 + (z - at[2]) ** 2) + 2.2 * smooth_noise(rng, shape, 9)
    core = rng.uniform(4, 6)
    labels = np.zeros(shape, np.uint8)
    labels[head & (r < core + rng.uniform(6, 9))] = 2
    labels[head & (r < core + rng.uniform(2, 3.2))] = 3
    labels[head & (r < core)] = 1
    table = {  # air, grey, white, fluid, necrosis, oedema, enhancing
        "T1n": (0, 0.5, 0.7, 0.2, 0.3, 0.45, 0.5), "T1c": (0, 0.5, 0.7, 0.2, 0.3, 0.45, 1.0),
        "T2w": (0, 0.55, 0.4, 1.0, 0.85, 0.75, 0.6), "T2f": (0, 0.55, 0.45, 0.15, 0.5, 0.85, 0.7),
    }
    tissue = np.where(head, 1, 0)
    tissue[white] = 2
    tissue[fluid] = 3
    for label, index in ((1, 4), (2, 5), (3, 6)):
        tissue[labels == label] = index
    channels = []
    for means in table.values():
        image = np.array(means)[tissue] + 0.03 * smooth_noise(rng, shape, 14) * head
        image = ndimage.gaussian_filter(image, 0.6) * np.exp(0.1 * smooth_noise(rng, shape, 3))
        channels.append(np.clip(np.hypot(image + rng.normal(0, 0.03, shape), rng.normal(0, 0.03, shape)), 0, 32))
    array = np.rint(np.stack(channels) * 1000).astype(np.int16)
    affine = np.diag([-3.0, -3.0, 3.0, 1.0])
    affine[:3, 3] = (94.5, 94.5, -94.5)
    geometry = Geometry(shape, affine)
    return Volume(array, geometry, tuple(table), "brain", "MR"), LabelMap(labels, geometry, preset("brats-2023"), "brain")
