"""From a map of tissues to a scan: intensities, faded borders, texture, blur, bias field, noise."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import ndimage

from napari_boundaryseg.data.phantom_anatomy import Tissue, Tissues, smooth_noise
from napari_boundaryseg.data.volume import Volume

Contrast = Literal["t2", "ct", "random"]

T2 = {
    Tissue.AIR: 0.01, Tissue.FAT: 0.72, Tissue.MUSCLE: 0.2, Tissue.MARROW: 0.5, Tissue.CORTEX: 0.05,
    Tissue.URINE: 1.0, Tissue.BLADDER_WALL: 0.26, Tissue.TRANSITION_ZONE: 0.4, Tissue.PERIPHERAL_ZONE: 0.58,
    Tissue.RECTAL_WALL: 0.32, Tissue.STOOL: 0.42, Tissue.GAS: 0.03, Tissue.SEMINAL_VESICLE: 0.75,
    Tissue.PLEXUS: 0.6, Tissue.SKIN: 0.3,
}
"""Mean brightness on a T2-weighted scan; urine is 1."""

HU = {
    Tissue.AIR: -1000, Tissue.FAT: -95, Tissue.MUSCLE: 55, Tissue.MARROW: 180, Tissue.CORTEX: 850, Tissue.URINE: 8,
    Tissue.BLADDER_WALL: 32, Tissue.TRANSITION_ZONE: 42, Tissue.PERIPHERAL_ZONE: 38, Tissue.RECTAL_WALL: 40,
    Tissue.STOOL: 25, Tissue.GAS: -850, Tissue.SEMINAL_VESICLE: 22, Tissue.PLEXUS: 30, Tissue.SKIN: 20,
}
"""Mean CT numbers, HU."""


def render(tissues: Tissues, seed: int, contrast: Contrast = "t2") -> Volume:
    """One scan of an anatomy.

    Parameters
    ----------
    tissues : Tissues
    seed : int
        Of intensities, fading, bias field and noise: the same anatomy can be scanned again and again.
    contrast : str
        ``"t2"``, ``"ct"``, or ``"random"``: T2-like half of the time, else means drawn freely (after SynthSeg).

    Returns
    -------
    Volume
        int16; HU for CT.
    """
    image, noise_sd = clean_image(tissues, seed, contrast)
    rng = np.random.default_rng([seed, 3])
    if contrast == "ct":
        noisy = image + rng.normal(0, noise_sd, image.shape)
    else:
        noisy = np.hypot(image + rng.normal(0, noise_sd, image.shape), rng.normal(0, noise_sd, image.shape))
        noisy *= 1000
    array = np.clip(np.rint(noisy), -1024, 32000).astype(np.int16)
    geometry = tissues.labels.geometry
    return Volume(array[None], geometry, ("CT",) if contrast == "ct" else ("T2",), tissues.labels.name,
                  "CT" if contrast == "ct" else "MR")


def clean_image(tissues: Tissues, seed: int, contrast: Contrast = "t2") -> tuple[np.ndarray, float]:
    """The scan without noise, (I, J, K) float32, and the SD of the noise that `render` adds."""
    rng = np.random.default_rng([seed, 2])
    means = _means(rng, contrast)
    image = means[tissues.array]
    image += _texture(rng, tissues, contrast)
    image = _faded(image, tissues, means)
    spacing = np.array(tissues.labels.spacing_mm)
    image = ndimage.gaussian_filter(image, rng.uniform(0.35, 0.8) / spacing * np.array([1, 1, spacing[2] * 0.6]))
    if contrast == "ct":
        return image.astype(np.float32), float(rng.uniform(12, 22))
    amplitude = 0.12 if contrast == "t2" else rng.uniform(0.05, 0.3)
    image *= np.exp(amplitude * smooth_noise(rng, image.shape, 4))
    low, high = (0.07, 0.1) if contrast == "t2" else (0.02, 0.12)
    return np.maximum(image, 0).astype(np.float32), float(rng.uniform(low, high))


def _means(rng: np.random.Generator, contrast: Contrast) -> np.ndarray:
    table = HU if contrast == "ct" else T2
    means = np.zeros(max(Tissue) + 1, np.float32)
    for tissue, value in table.items():
        means[tissue] = value
    if contrast == "ct":
        soft = np.abs(means) < 100
        return means + soft * rng.normal(0, 4, means.shape).astype(np.float32)
    if contrast == "t2" or rng.random() < 0.6:
        means *= np.exp(rng.normal(0, 0.12, means.shape)).astype(np.float32)
    else:
        means[1:] = rng.uniform(0.05, 1.0, len(means) - 1)
        means[[Tissue.GAS, Tissue.CORTEX]] = rng.uniform(0.0, 0.15, 2)
    if rng.random() < 0.15:
        means[Tissue.STOOL] = rng.uniform(0.05, 0.9)
    return means


def _texture(rng: np.random.Generator, tissues: Tissues, contrast: Contrast) -> np.ndarray:
    scale = 6.0 if contrast == "ct" else 0.05
    amount = np.full(max(Tissue) + 1, 1.0, np.float32)
    amount[[Tissue.AIR, Tissue.GAS, Tissue.URINE]] = 0.15
    amount[[Tissue.TRANSITION_ZONE, Tissue.STOOL]] = 1.6
    fine = smooth_noise(rng, tissues.array.shape, 60)
    coarse = smooth_noise(rng, tissues.array.shape, 18)
    return (scale * amount[tissues.array] * (0.7 * fine + 0.7 * coarse)).astype(np.float32)


def _faded(image: np.ndarray, tissues: Tissues, means: np.ndarray) -> np.ndarray:
    """Where `Tissues.fade` is 1, the gland and what lies round it have one brightness: no border is left to see."""
    common = 0.6 * means[Tissue.PERIPHERAL_ZONE] + 0.4 * means[Tissue.TRANSITION_ZONE]
    fade = np.where(np.isin(tissues.labels.array, (1, 3)), 0, tissues.fade)
    fade = np.where(np.isin(tissues.array, (Tissue.CORTEX, Tissue.MARROW, Tissue.AIR)), 0, fade)
    texture = image - means[tissues.array]
    return (1 - fade) * image + fade * (common + 0.7 * texture)
