"""A scanner with its faults: slices thicker than their distance or with gaps, few phase lines, ghosts, coils, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_boundaryseg.phantom.fields import smooth_noise
from napari_boundaryseg.phantom.tissues import Tissues


@dataclass(frozen=True)
class Scanner:
    """What one scan suffers from."""

    thickness: float
    """Of a slice (full width at half maximum), in distances between slices."""
    resolution_mm: tuple[float, float]
    """Along i and j: the finest detail that was measured."""
    ringing: float
    """From 1 (none) to 3 (clear) beside sharp borders."""
    ghosts: float
    """Brightness of the ghosts, as a part of the image."""
    phase_axis: int
    bias: float
    surface: float
    """How much brighter it is beside the coils in front and behind, as a logarithm."""
    endorectal: float
    noise_sd: float


def draw_scanner(rng: np.random.Generator, noise_sd: float) -> Scanner:
    """Draw one."""
    fine, coarse = rng.uniform(0.6, 1.1), rng.uniform(1.0, 1.7)
    axis = int(rng.integers(2))
    return Scanner(
        thickness=rng.uniform(0.75, 1.7),
        resolution_mm=(coarse * fine, fine) if axis == 0 else (fine, coarse * fine),
        ringing=rng.uniform(1.0, 2.2),
        ghosts=rng.uniform(0.01, 0.07) if rng.random() < 0.5 else 0.0,
        phase_axis=axis,
        bias=rng.uniform(0.03, 0.16),
        surface=rng.uniform(0, 0.9),
        endorectal=rng.uniform(0.5, 2.0) if rng.random() < 0.1 else 0.0,
        noise_sd=noise_sd,
    )


def measure(
    means: np.ndarray,
    textures: np.ndarray,
    tissues: Tissues,
    grain: np.ndarray,
    scanner: Scanner,
    *,
    positive: bool = True,
) -> np.ndarray:
    """What the scanner measures of an anatomy, before gains and noise, (I, J, K) float32.

    Parameters
    ----------
    means, textures : (256,) float32 arrays
        Over `Tissue` numbers.
    tissues : Tissues
    grain : (I, J, K) float32 array
        What textures are made of.
    scanner : Scanner
    positive : bool
        Nothing below 0.
    """
    i, j, k = tissues.geometry.shape
    profile = _slices(k, tissues.sub_slices, scanner.thickness)
    looked_up = (table[tissues.map].reshape(i * j, -1) @ profile for table in (means, textures))
    image = next(looked_up)
    image += next(looked_up) * grain.reshape(i * j, k) * np.float32(0.7)
    first, second = (
        _spread(n, step, detail, scanner.ringing)
        for n, step, detail in zip((i, j), tissues.geometry.spacing_mm, scanner.resolution_mm)
    )
    image = (first @ image.reshape(i, j * k)).reshape(i, j, k)
    image = np.matmul(second, image)
    return np.clip(image, 0, None, out=image) if positive else image


def _slices(count: int, sub: int, thickness: float) -> np.ndarray:
    """How much each thin slice adds to each thick one, (count * sub, count); a slice reaches into its neighbours."""
    thin = (np.arange(count * sub) + 0.5) / sub
    offset = (thin[:, None] - (np.arange(count) + 0.5)) / (thickness / 2)
    weights = np.exp(-np.log(2) * np.abs(offset) ** 3)
    return (weights / weights.sum(axis=0)).astype(np.float32)


def _spread(count: int, step_mm: float, detail_mm: float, ringing: float) -> np.ndarray:
    """Point-spread function along an axis, as a matrix; rows sum to one."""
    offset = np.subtract.outer(np.arange(count), np.arange(count)) * step_mm / max(detail_mm, step_mm)
    weights = np.sinc(offset) * np.exp(-((offset / ringing) ** 2))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def add_ghosts(image: np.ndarray, rng: np.random.Generator, scanner: Scanner) -> np.ndarray:
    """Copies of what moves, shifted along the phase direction, brighter in some slices and dark in others."""
    if not scanner.ghosts:
        return image
    axis, count = scanner.phase_axis, image.shape[scanner.phase_axis]
    shift = int(count / rng.uniform(2.2, 6))
    strength = (scanner.ghosts * np.cos(rng.uniform(0, 2 * np.pi, image.shape[2]))).astype(np.float32)
    ghosts = np.roll(image, shift, axis) + np.roll(image, -shift, axis)
    return np.abs(image + strength * ghosts)


def coils(rng: np.random.Generator, tissues: Tissues, scanner: Scanner) -> np.ndarray:
    """How strongly each place is received, (I, J, K) float32, about 1 in the middle."""
    shape, spacing = tissues.geometry.shape, tissues.geometry.spacing_mm
    x, y, z = (
        ((np.arange(n) - (n - 1) / 2) * s).astype(np.float32).reshape([-1 if a == b else 1 for b in range(3)])
        for a, (n, s) in enumerate(zip(shape, spacing))
    )
    half = np.float32(shape[1] * spacing[1] / 2)
    front, back = rng.uniform(0.3, 1, 2).astype(np.float32) * np.float32(scanner.surface)
    reach = np.float32(rng.uniform(25, 50))
    gain = front * np.exp(-(y + half) / reach) + back * np.exp((y - half) / reach)
    gain = gain + np.float32(scanner.bias) * smooth_noise(rng, shape, spacing, rng.uniform(60, 120))
    if scanner.endorectal:
        behind = np.float32(rng.uniform(20, 45))
        squared = x * x + (y - behind) ** 2 + z * z / 4
        gain = gain + np.float32(scanner.endorectal) / (1 + squared / np.float32(900))
    return np.exp(gain)


def noise(rng: np.random.Generator, shape: tuple[int, ...], sd: float) -> np.ndarray:
    """Noise of an image that was made finer than it was measured: neighbours are alike."""
    white = rng.standard_normal(shape, np.float32)
    white += np.float32(0.35) * (np.roll(white, 1, 0) + np.roll(white, 1, 1))
    return white * np.float32(sd / 1.12)
