"""A result in words: where its maps come from, what of it is doubtful, what it would change, what locks keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.editing.history.change import Change
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.engine.inference.prediction import Prediction

PLAIN = {
    "hard head": "learned as a sharp line",
    "soft head": "learned as a soft band",
    "derived": "computed from the probabilities",
}
"""What a map's source is called in the window."""
MOST_NAMED = 3
"""Organs whose change is told; of more, how many there are."""


def origins(prediction: Prediction) -> str:
    """Which contours and edges the network has learned, and which are computed from its probabilities."""
    silent: Any = prediction.details.get("silent", ())
    if silent:
        said = " and ".join(silent).capitalize()
        return f"{said} are not shown: on scans that this model had not seen they said nothing of where the border is"
    sources = dict(prediction.contour_sources)
    edges = sources.pop("edges", "derived")
    if {edges, *sources.values()} == {"derived"}:
        return "Edges and contours: computed from the probabilities, this network has not learned them"
    parts = [
        f"{PLAIN[word]} ({', '.join(organ for organ, found in sources.items() if found == word)})"
        for word in dict.fromkeys(sources.values())
    ]
    return f"Contours: {', '.join(parts)}. Edges: {PLAIN[edges]}"


def plausibility_in_words(missing: Sequence[str], checked: Mapping[str, Sequence[str] | None]) -> tuple[str, list[str]]:
    """The mark of a result, and what is to be said: a tick only where every organ was found and is plausible.

    Examples
    --------
    >>> plausibility_in_words([], {"Bladder": (), "Rectum": ("it is in 2 pieces",)})
    ('warning', ['⚠ Rectum: it is in 2 pieces.'])
    >>> plausibility_in_words([], {"GTV": None})
    ('', ['Size and place not checked: GTV.'])
    """
    doubtful = [f"⚠ {organ}: {'; '.join(said)}." for organ, said in checked.items() if said]
    unknown = [organ for organ, said in checked.items() if said is None]
    said = [f"⚠ Not found: {', '.join(missing)}."] if missing else []
    said += doubtful + ([f"Size and place not checked: {', '.join(unknown)}."] if unknown else [])
    return "warning" if missing or doubtful else "" if unknown else "done", said


def change_in_words(change: Change, scheme: LabelScheme, voxel_ml: float, what: str = "") -> str:
    """How many mL a result would add and remove, in all and of the organs that change most.

    Examples
    --------
    >>> from napari_boundaryseg.data.labels import preset
    >>> change_in_words(Change({2: 8000, 3: 400}, {2: 1200}, 0), preset("pelvis-mr"), 0.001, "your corrections")
    'Over your corrections it would add 8.40 mL and remove 1.20 mL: Prostate +8.00 −1.20 mL, Rectum +0.40 −0.0 mL.'
    """
    total = [ml_text(sum(part.values()) * voxel_ml) for part in (change.added, change.removed)]
    names = {organ.id: organ.name for organ in scheme.organs}
    most = change.most_first
    parts = [
        f"{names.get(i, f'Label {i}')} +{ml_text(change.added.get(i, 0) * voxel_ml)} "
        f"−{ml_text(change.removed.get(i, 0) * voxel_ml)} mL"
        for i in most[:MOST_NAMED]
    ]
    if len(most) > MOST_NAMED:
        more = len(most) - MOST_NAMED
        parts.append(f"{more} more organ{'s' if more != 1 else ''}")
    said = f"{f'Over {what} it' if what else 'It'} would add {total[0]} mL and remove {total[1]} mL"
    return f"{said}: {', '.join(parts)}." if parts else f"{f'Over {what} it' if what else 'It'} would change nothing."


def locked_in_words(locks: Iterable[Lock], scheme: LabelScheme) -> str:
    """What is locked, for a person, who counts slices from 1: "Bladder; slice 41; Prostate on slice 12"."""
    words = []
    for lock in sorted(locks, key=lambda one: (one.slice is not None, one.slice or 0, one.organ or 0)):
        organ = scheme.organ(lock.organ).name if lock.organ is not None and lock.organ in scheme.ids else ""
        place = f"slice {lock.slice + 1}" if lock.slice is not None else ""
        words.append(f"{organ} on {place}" if organ and place else organ or place)
    return "; ".join(words)
