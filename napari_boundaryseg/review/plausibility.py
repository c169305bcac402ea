"""Plausibility of labels: size, pieces and place of each organ, against what is usual in adults."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.data.shapes.places import PLACES
from napari_boundaryseg.data.volume import LabelMap


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
_SPECK = 0.1
"""A piece below this part of an organ is a speck, not a second piece."""


def plausibility(labels: LabelMap) -> dict[str, tuple[str, ...] | None]:
    """What is implausible of each organ that is drawn: one sentence each.

    An organ that the edge of the scan cuts off may be as small as it is.

    Returns
    -------
    dict
        Organ to its sentences, none where nothing is; None for an organ of which nothing usual is known.

    Examples
    --------
    >>> from napari_boundaryseg.data.labels import preset
    >>> from napari_boundaryseg.data.volume import Geometry
    >>> array = np.zeros((20, 20, 20), np.uint8)
    >>> array[5:8, 5:8, 5:8] = 3
    >>> labels = LabelMap(array, Geometry(array.shape, np.eye(4)), preset("pelvis-mr"))
    >>> plausibility(labels)
    {'Rectum': ('0.03 mL is implausibly little: 10 to 300 mL are usual',)}
    """
    volumes = labels.volumes_ml()
    drawn = {organ.name: organ.id for organ in labels.scheme.organs if volumes[organ.name] > 0}
    found: dict[str, list[str] | None] = {}
    for name, integer in drawn.items():
        usual = USUAL.get(name)
        found[name] = None if usual is None else _of_one(labels.array == integer, volumes[name], usual)
    middles = {name: _middle(labels, integer) for name, integer in drawn.items() if name in USUAL}
    for axis, one, other, where in PLACES:
        if one in middles and other in middles and middles[one][axis] < middles[other][axis]:
            for name, sentence in ((one, f"it is not {where} {other}"), (other, f"{one} is not {where} it")):
                said = found[name]
                if said is not None:
                    said.append(sentence)
    return {name: None if said is None else tuple(said) for name, said in found.items()}


def _of_one(mask: np.ndarray, ml: float, usual: Usual) -> list[str]:
    said = []
    limits = f"{usual.low_ml:g} to {usual.high_ml:g} mL are usual"
    if ml < usual.low_ml and not _is_cut(mask):
        said.append(f"{ml_text(ml)} mL is implausibly little: {limits}")
    if ml > usual.high_ml:
        said.append(f"{ml:.0f} mL is implausibly much: {limits}")
    pieces = _pieces(mask)
    if pieces > usual.pieces:
        said.append(f"it is in {pieces} pieces")
    return said


def _pieces(mask: np.ndarray) -> int:
    from scipy.ndimage import find_objects, label

    (box,) = find_objects(mask.astype(np.uint8))
    parts, _ = label(mask[box], structure=np.ones((3, 3, 3)))
    sizes = np.bincount(parts.ravel())[1:]
    return int((sizes >= _SPECK * sizes.sum()).sum())


def _is_cut(mask: np.ndarray) -> bool:
    """Whether it reaches the edge of the scan."""
    return any(bool(mask.take(end, axis).any()) for axis in range(3) for end in (0, -1))


def _middle(labels: LabelMap, integer: int) -> np.ndarray:
    """The middle of an organ in the patient, in mm, RAS+."""
    return (labels.affine @ [*np.argwhere(labels.array == integer).mean(axis=0), 1.0])[:3]
