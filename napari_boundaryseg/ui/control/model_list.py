"""The models that can be chosen: shipped ones and a project's versions; which one fits a scan best."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.hounsfield import modality_of
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.checkpoints import model_library
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.errors import BoundarySegError
from napari_boundaryseg.session.project.project import Project

SYNTHETIC = "synthetic"

FITS = 0.7
"""A distance within which a model fits a scan: its field is at most about twice as large, or half as large."""

Models = list[tuple[Card, Path]]


def available(project: Project | None, opened: Iterable[Path] = ()) -> Models:
    """Every model that can be chosen: shipped ones, the project's versions, and files that were opened."""
    found = model_library.cards([project.models_folder] if project is not None else [])
    known = {path for _, path in found}
    more = [(read(path), path) for path in opened if path not in known]
    return found + [(card, path) for card, path in more if card is not None]


def title(card: Card, path: Path) -> str:
    """A model's name in a list: the file's, which says the version; and whether it has seen no patient."""
    return f"{path.stem} · {SYNTHETIC}" if card.synthetic_only else path.stem


def read(path: str | Path | None) -> Card | None:
    """The card of a model file, or None when it cannot be read."""
    try:
        return model_library.read_card(Path(path))[0] if path else None
    except BoundarySegError:
        return None


def in_use(base: str, project: Project | None) -> Path | None:
    """The version of a model that the project uses, else the model as it was shipped."""
    version = project.active_model(base) if project is not None else None
    return version or model_library.shipped().get(base)


def best_for(scan: Volume | None, project: Project | None) -> Path | None:
    """The model whose channels, modality and expected field are closest to the scan's, in the version in use.

    One that has learned from synthetic scans alone gives way to one for an organ of its that fits the scan, too.
    """
    models = available(project)
    if scan is None or not models:
        return None
    modality, _ = modality_of(scan)
    ranked = sorted(models, key=lambda entry: _distance(scan, modality, entry[0]))
    card, path = ranked[0]
    if card.synthetic_only:
        organs = set(card.recipe.scheme.names)
        real = (
            entry
            for entry in ranked
            if not entry[0].synthetic_only
            and organs & set(entry[0].recipe.scheme.names)
            and _distance(scan, modality, entry[0]) < FITS
        )
        card, path = next(real, (card, path))
    return in_use(card.name, project) or path


def serves(scan: Volume, card: Card) -> bool:
    """Whether a model takes a scan's channels, and was made for its modality, as far as both are known."""
    return _mismatch(scan, modality_of(scan)[0], card) == 0


def fits(scan: Volume, card: Card) -> bool:
    """Whether a model serves a scan, and was made for fields of about its size."""
    return _distance(scan, modality_of(scan)[0], card) < FITS


def _distance(scan: Volume, modality: str, card: Card) -> float:
    distance = _mismatch(scan, modality, card)
    if card.expected_field_mm:
        field = [n * mm for n, mm in zip(scan.geometry.shape, scan.spacing_mm)]
        distance += float(np.abs(np.log(np.sort(field) / np.sort(card.expected_field_mm))).mean())
    return distance


def _mismatch(scan: Volume, modality: str, card: Card) -> float:
    other = bool(modality and card.recipe.modality and modality != card.recipe.modality)
    return 100.0 * (len(card.recipe.channels) != len(scan.channels)) + 10.0 * other
