"""Begin of a review in the window: what is computed beside its thread, and how it lies with the labels."""

from __future__ import annotations

import base64
import json
import secrets
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from napari_boundaryseg.data.geometry import slice_axis
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.slice_work import RESULTS
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.arcs import stored
from napari_boundaryseg.review.arcs.begin import begun
from napari_boundaryseg.review.arcs.empty_slices import EmptySlice, empty_slices
from napari_boundaryseg.review.arcs.rankings import NO_MODEL, Ranking, proven
from napari_boundaryseg.ui.control.reviewing.going import Going

FORMAT = "review in the window, version 1"


class Ranked(NamedTuple):
    """By what arcs are ranked: a model's probabilities of the scan, or the scan alone.

    Parameters
    ----------
    model : str
    measured : str
        By whose ranking: the model itself where it ships, its base where it was fine-tuned; `NO_MODEL` for others.
    probabilities : (C, I, J, K) array, optional
    classes : tuple of int
        The integer in the labels in work of each class; below 0 for one that they do not have.
    is_version : bool
        Whether the model was made from the one that was measured.
    """

    model: str = NO_MODEL
    measured: str = NO_MODEL
    probabilities: np.ndarray | None = None
    classes: tuple[int, ...] = ()
    is_version: bool = False


def ranked_by(prediction: Prediction | None, scheme: LabelScheme) -> Ranked:
    """What a prediction says of the organs of a scheme, which are known by their names."""
    if prediction is None:
        return Ranked()
    own = dict(zip(scheme.names, scheme.ids, strict=True))
    names = prediction.labels.scheme.names
    classes = (0, *(own.get(name, -1 - n) for n, name in enumerate(names)))
    model = str(prediction.details.get("model", NO_MODEL))
    if prediction.details.get("ships", True):
        return Ranked(model, model, prediction.probabilities, classes)
    base = str(prediction.details.get("base") or NO_MODEL)
    return Ranked(model, base, prediction.probabilities, classes, is_version=True)


def begin(scan: Volume, labels: np.ndarray, scheme: LabelScheme, ranked: Ranked, result: int) -> Going:
    """A review of labels, (I, J, K) in file order; see `review.arcs.begin.begun`."""
    axis, drawn = slice_axis(scan.affine), set(np.unique(labels).tolist())
    organs = {organ.id: organ.name for organ in scheme.organs if organ.id in drawn}
    model, base, ranking = rankings_of(ranked, organs.values())
    review = begun(
        labels,
        organs,
        scan.spacing_mm,
        axis,
        base or model,
        probabilities=None if model == NO_MODEL else ranked.probabilities,
        classes=() if model == NO_MODEL else ranked.classes,
        image=scan.array,
        seed=secrets.randbelow(2**31),
    )
    tolerances = {organ: ranking[name].tolerance_mm for organ, name in organs.items() if name in ranking}
    empty = [(one, _beside(labels, one)) for one in empty_slices(labels, tolerances, axis)]
    return Going(review, empty, model, tolerances, result, base=base)


class Rankings(NamedTuple):
    """How organs are ranked.

    Parameters
    ----------
    model : str
        By whose doubts, or `NO_MODEL`.
    base : str
        Of which model the ranking was measured, where that is not the model itself: it is not proven for it then.
    proven : dict
        Organ to its ranking.
    """

    model: str
    base: str
    proven: dict[str, Ranking]


def rankings_of(ranked: Ranked, organs: Iterable[str]) -> Rankings:
    """By which model organs are ranked, or by none, and the rankings that were measured."""
    names, measured = list(organs), ranked.measured
    found = proven(measured, names) if ranked.probabilities is not None and measured != NO_MODEL else {}
    if not found:
        return Rankings(NO_MODEL, "", proven(NO_MODEL, names))
    return Rankings(ranked.model, measured if ranked.is_version else "", found)


def _beside(labels: np.ndarray, one: EmptySlice) -> tuple[float, float, float]:
    """The middle of the organ on the nearest slice that has it, moved to the empty one."""
    there = np.flatnonzero((labels == one.organ).any(axis=tuple({0, 1, 2} - {one.axis})))
    near = int(there[np.abs(there - one.slice).argmin()])
    a, b = np.argwhere(labels.take(near, one.axis) == one.organ).mean(axis=0)
    i, j, k = np.insert([a, b], one.axis, one.slice).tolist()
    return i, j, k


def last_result(history: History) -> int:
    """The position of the last result or file in the labels as they are; 0 without one."""
    done = history.steps[: history.position - history.first]
    return max((history.first + n for n, step in enumerate(done, start=1) if step.kind in RESULTS), default=0)


def to_text(going: Going) -> str:
    """What was asked, without what was said of it: written once, packed JSON."""
    plain = {
        "format": FORMAT,
        "review": stored.to_json(going.review),
        "empty": [[one.organ, one.axis, one.slice, one.where, [round(at, 2) for at in c]] for one, c in going.empty],
        "model": going.model,
        "base": going.base,
        "tolerances_mm": [[organ, mm] for organ, mm in going.tolerances_mm.items()],
        "result": going.result,
    }
    return base64.b64encode(zlib.compress(json.dumps(plain).encode())).decode()


def from_text(text: str, said: Mapping[str, Any] | None) -> Going | None:
    """Undo `to_text`; None for what another version wrote or what cannot be read: it can be begun anew."""
    try:
        asked = json.loads(zlib.decompress(base64.b64decode(text)))
        if asked["format"] != FORMAT:
            return None
        empty = [
            (EmptySlice(int(organ), int(axis), int(n), where), (float(i), float(j), float(k)))
            for organ, axis, n, where, (i, j, k) in asked["empty"]
        ]
        tolerances = {int(organ): float(mm) for organ, mm in asked["tolerances_mm"]}
        review = stored.from_json(asked["review"])
        base = str(asked.get("base", ""))
        return Going(review, empty, str(asked["model"]), tolerances, int(asked["result"]), said, base=base)
    except (LookupError, TypeError, ValueError, InputError, zlib.error):
        return None
