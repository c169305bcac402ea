"""Organs to correct: masks of models that had not seen the scan, and what the person wants them to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.datasets import load_case, read_dataset
from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.phantom import pelvis

UNSEEN_SEEDS = range(9100, 9106)
"""Hard phantoms that no model was trained or chosen on."""


@dataclass(frozen=True, eq=False)
class Organ:
    """One organ of one scan, slices first.

    Parameters
    ----------
    case, name : str
    start, wanted : (N, R, C) bool arrays
    spacing_mm : three floats
        Between slices, rows and columns.
    """

    case: str
    name: str
    start: np.ndarray
    wanted: np.ndarray
    spacing_mm: tuple[float, float, float]


def hippocampi(data: Path, model: str) -> Iterator[Organ]:
    """Both parts of the validation cases, on coronal slices: across the axis of the hippocampus."""
    folder = data / "hippocampus"
    cases = [case for case in read_dataset(folder, folder / "splits.csv") if case.split == "val"]
    scheme = load_model(model).card.recipe.scheme
    pairs = ((volume, labels) for volume, labels in (load_case(case, scheme) for case in cases) if labels)
    yield from _organs(pairs, model, "PRS")


def phantoms(data: Path, model: str) -> Iterator[Organ]:
    """Three organs of hard synthetic pelves, on axial slices."""
    del data
    yield from _organs((pelvis(seed, difficulty="hard") for seed in UNSEEN_SEEDS), model, "SRA")


def _organs(pairs: Iterator[tuple[Volume, LabelMap]], model: str, axes: str) -> Iterator[Organ]:
    predictor = Predictor(load_model(model), device="cpu")
    for volume, wanted in pairs:
        found = predictor.predict(volume, whole=True, any_modality=True, attention=False).labels
        turned = AxisMap(wanted.affine, wanted.array.shape, axes)
        start, truth = (turned.to_axes(labels.array) for labels in (found, wanted))
        spacing = tuple(float(np.linalg.norm(turned.new_affine[:3, n])) for n in range(3))
        for organ in wanted.scheme.organs:
            if (truth == organ.id).any():
                yield Organ(volume.name, organ.name, start == organ.id, truth == organ.id, spacing)  # type: ignore[arg-type]


SETS = {"hippocampus": hippocampi, "phantoms": phantoms}
