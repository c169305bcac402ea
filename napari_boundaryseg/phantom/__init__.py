"""Scans with a known answer: synthetic, made from solids and smooth random fields.

Nothing here comes from a patient. `pelvis` draws a male pelvis whose prostate has a border that truly fades;
`anatomy` and `render` are its two halves, so that training can give one anatomy ever new intensities. `brain` has
four channels and a nested tumour, `two_part_structure` two organs that touch without a visible border.
``python -m napari_boundaryseg.phantom OUT`` writes the sample data.
"""

from __future__ import annotations

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.phantom.brain import brain
from napari_boundaryseg.phantom.measures import best_threshold_dice, border_contrast, label_prior_dice
from napari_boundaryseg.phantom.pelvis import SHAPE, SPACING_MM, anatomy, scanner_affine
from napari_boundaryseg.phantom.render import Clean, Contrast, render, render_clean
from napari_boundaryseg.phantom.tissues import Difficulty, Tissue, Tissues
from napari_boundaryseg.phantom.two_part import two_part_structure

__all__ = [
    "Clean",
    "Contrast",
    "Difficulty",
    "Tissue",
    "Tissues",
    "anatomy",
    "best_threshold_dice",
    "border_contrast",
    "brain",
    "label_prior_dice",
    "pelvis",
    "render",
    "render_clean",
    "scanner_affine",
    "two_part_structure",
]


def pelvis(
    seed: int,
    shape: tuple[int, int, int] = SHAPE,
    spacing_mm: tuple[float, float, float] = SPACING_MM,
    contrast: Contrast = "t2",
    *,
    tilt_deg: float = 0.0,
    difficulty: Difficulty = "standard",
) -> tuple[Volume, LabelMap]:
    """A synthetic scan of a male pelvis, and its labels.

    Parameters
    ----------
    seed : int
        The same seed gives the same scan.
    shape : tuple of int
        (I, J, K): i to the patient's left, j to the back, k upwards.
    spacing_mm : tuple of float
    contrast : {"t2", "ct", "random"}
        See `render`.
    tilt_deg : float
        Tilt of the stack about the patient's x axis: an oblique scan.
    difficulty : {"standard", "hard"}
        See `anatomy` and `render`.

    Returns
    -------
    Volume, LabelMap
        One channel, float32; labels after the preset ``pelvis-mr``, or ``pelvis-ct`` for CT.

    Examples
    --------
    >>> scan, labels = pelvis(7, (32, 32, 8), (6.0, 6.0, 12.0))
    >>> scan.array.shape, labels.scheme.names
    ((1, 32, 32, 8), ('Bladder', 'Prostate', 'Rectum'))
    """
    tissues = anatomy(
        seed,
        shape,
        affine=scanner_affine(shape, spacing_mm, tilt_deg),
        femoral_heads=contrast == "ct",
        difficulty=difficulty,
    )
    scan = render(tissues, seed, contrast, name=f"pelvis_{seed}", difficulty=difficulty)
    return scan, scan.with_labels(tissues.labels, preset("pelvis-ct" if contrast == "ct" else "pelvis-mr"))
