"""From tissues to a scan: contrast, texture, thick slices, blur, bias field, Rician noise."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from scipy import ndimage

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.phantom.fields import smooth_noise
from napari_boundaryseg.phantom.hard import looks, scanner
from napari_boundaryseg.phantom.tissues import EDGES, LOOKS, Difficulty, Tissue, Tissues, check_difficulty

Contrast = Literal["t2", "ct", "random"]

T2_SHARE = 0.85
"""How many of the ``"random"`` scans vary a T2 contrast; the others give any brightness to any tissue."""


class Palette(NamedTuple):
    """How one scan looks: tables over `Tissue` numbers, and the scanner's faults."""

    means: np.ndarray
    textures: np.ndarray
    noise_sd: float
    bias: float
    blur_mm: float


class Clean(NamedTuple):
    """A scan before its noise."""

    array: np.ndarray
    """(I, J, K) float32"""
    noise_sd: float


def render(
    tissues: Tissues,
    seed: int,
    contrast: Contrast = "random",
    name: str = "phantom",
    *,
    difficulty: Difficulty = "standard",
) -> Volume:
    """Scan of an anatomy with random intensities.

    Parameters
    ----------
    tissues : Tissues
    seed : int
        The same anatomy, seed and contrast give the same scan.
    contrast : {"t2", "ct", "random"}
        Like a T2-weighted MR scan; like CT, in HU; or, for training, most of the time a wide variation
        of T2 and otherwise any brightness for any tissue (as SynthSeg does, Billot et al. 2023).
    name : str
    difficulty : {"standard", "hard"}
        Hard: brightness as on real scans; slice profiles that reach into their neighbours or leave gaps, a coarse
        phase direction, ghosts, coils that lie on the surface or in the rectum, more noise.

    Returns
    -------
    Volume
        One channel, float32.
    """
    clean = render_clean(tissues, seed, contrast, difficulty=difficulty)
    rng = np.random.default_rng([seed, 3])
    shape, made = clean.array.shape, _white if difficulty == "standard" else scanner.noise
    array = clean.array + made(rng, shape, clean.noise_sd)
    if contrast != "ct":
        array = np.hypot(array, made(rng, shape, clean.noise_sd))
    modality = "CT" if contrast == "ct" else "MR"
    channel = {"ct": "CT", "t2": "T2"}.get(contrast, "image")
    return Volume(array[None], tissues.geometry, (channel,), name, modality)


def render_clean(
    tissues: Tissues, seed: int, contrast: Contrast = "random", *, difficulty: Difficulty = "standard"
) -> Clean:
    """The scan that `render` makes, before noise, and the SD of that noise."""
    if contrast not in ("t2", "ct", "random"):
        raise InputError(str(contrast), "there is no such contrast", "Known: t2, ct, random")
    check_difficulty(difficulty)
    rng = np.random.default_rng([seed, 2])
    return _standard(rng, tissues, contrast) if difficulty == "standard" else _hard(rng, tissues, contrast)


def _standard(rng: np.random.Generator, tissues: Tissues, contrast: Contrast) -> Clean:
    palette = _palette(rng, contrast)
    shape, spacing = tissues.geometry.shape, tissues.geometry.spacing_mm
    image = _thick(palette.means, tissues)
    grain = smooth_noise(rng, shape, spacing, 2.0) + smooth_noise(rng, shape, spacing, 5.0)
    image += _thick(palette.textures, tissues) * grain * np.float32(0.7)
    for axis in (0, 1):
        image = ndimage.gaussian_filter1d(image, palette.blur_mm / spacing[axis], axis=axis, mode="nearest")
    if contrast != "ct":
        np.clip(image, 0, None, out=image)
        image *= np.exp(np.float32(palette.bias) * smooth_noise(rng, shape, spacing, 90.0))
    return Clean(image, palette.noise_sd)


def _hard(rng: np.random.Generator, tissues: Tissues, contrast: Contrast) -> Clean:
    shape, spacing = tissues.geometry.shape, tissues.geometry.spacing_mm
    palette = _hard_palette(rng, contrast)
    faults = scanner.draw_scanner(rng, palette.noise_sd)
    grain = smooth_noise(rng, shape, (spacing[0], spacing[1] / 2, spacing[2]), 1.6) + smooth_noise(
        rng, shape, spacing, rng.uniform(4, 9)
    )
    image = scanner.measure(palette.means, palette.textures, tissues, grain, faults, positive=contrast != "ct")
    if contrast != "ct":
        image = scanner.add_ghosts(image, rng, faults) * scanner.coils(rng, tissues, faults)
    return Clean(image, palette.noise_sd)


def _hard_palette(rng: np.random.Generator, contrast: Contrast) -> Palette:
    if contrast == "ct":
        return _ct(rng)
    if contrast == "random" and rng.random() >= T2_SHARE:
        return _any(rng)
    wide = contrast == "random"
    spread = rng.uniform(0.1, 0.22) if wide else 0.09
    means, textures = looks.draw_t2(rng, spread, suppressed=0.07 if wide else 0.0)
    noise_sd = 400 * (rng.uniform(0.02, 0.1) if wide else rng.uniform(0.05, 0.085))
    return Palette(*_tables(means, textures, edges=0.7), noise_sd, 0.0, 0.0)


def _white(rng: np.random.Generator, shape: tuple[int, ...], sd: float) -> np.ndarray:
    return sd * rng.standard_normal(shape, np.float32)


def _thick(table: np.ndarray, tissues: Tissues) -> np.ndarray:
    """Look a table up at every thin slice and average those of one thick slice."""
    sub = tissues.sub_slices
    values = table[tissues.map[..., 0::sub]]
    for n in range(1, sub):
        values += table[tissues.map[..., n::sub]]
    return values / np.float32(sub)


def _palette(rng: np.random.Generator, contrast: Contrast) -> Palette:
    if contrast == "ct":
        return _ct(rng)
    if contrast == "t2":
        return _t2(rng, 0.10, rng.uniform(0.03, 0.045))
    if rng.random() < T2_SHARE:
        return _t2(rng, rng.uniform(0.1, 0.35), rng.uniform(0.01, 0.07))
    return _any(rng)


def _tables(
    means: dict[Tissue, float], textures: dict[Tissue, float], edges: float = 0.03
) -> tuple[np.ndarray, np.ndarray]:
    """Tables over tissue numbers; the tissue of a faded border is as bright as its zone, `edges` times as textured."""
    mean, texture = np.zeros(256, np.float32), np.zeros(256, np.float32)
    for tissue in means:
        mean[tissue], texture[tissue] = means[tissue], textures[tissue]
    for edge, zone in EDGES.items():
        mean[edge], texture[edge] = mean[zone], edges * texture[zone]
    return mean, texture


def _t2(rng: np.random.Generator, spread: float, noise: float) -> Palette:
    means = {t: look.t2 * float(np.exp(rng.normal(0, spread))) for t, look in LOOKS.items()}
    means[Tissue.SUBCUTANEOUS_FAT] = means[Tissue.FAT] * rng.uniform(0.95, 1.15)
    textures = {t: means[t] * look.texture * rng.uniform(0.6, 1.2) for t, look in LOOKS.items()}
    mean, texture = _tables(means, textures)
    return Palette(mean, texture, noise * 400, rng.uniform(0.03, 0.14), rng.uniform(0.35, 0.7))


def _any(rng: np.random.Generator) -> Palette:
    means = {t: rng.uniform(10, 650) for t in LOOKS}
    means[Tissue.AIR] = rng.uniform(0, 20)
    means[Tissue.SUBCUTANEOUS_FAT] = means[Tissue.FAT] * rng.uniform(0.9, 1.15)
    textures = {t: rng.uniform(0, 40) for t in LOOKS}
    mean, texture = _tables(means, textures)
    return Palette(mean, texture, rng.uniform(4, 30), rng.uniform(0, 0.25), rng.uniform(0.3, 1.0))


def _ct(rng: np.random.Generator) -> Palette:
    means = {t: look.ct_hu + rng.normal(0, 3 if abs(look.ct_hu) < 150 else 25) for t, look in LOOKS.items()}
    textures = {t: rng.uniform(1, 5) for t in LOOKS} | {
        Tissue.MARROW: 45.0,
        Tissue.STOOL: 60.0,
        Tissue.AIR: 0.0,
    }
    mean, texture = _tables(means, textures)
    return Palette(mean, texture, rng.uniform(11, 18), 0.0, rng.uniform(0.5, 0.8))
