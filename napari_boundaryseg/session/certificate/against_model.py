"""Figures of a model's result against the labels that were accepted: how far off the model was on this case."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.metrics.label_maps import structure_pairs
from napari_boundaryseg.data.metrics.metric import metrics
from napari_boundaryseg.data.metrics.structure_pair import StructurePair
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.review.band.border_margin import border_margin_mm
from napari_boundaryseg.session.certificate.account import Account
from napari_boundaryseg.session.certificate.local_factor import local_factor

NO_MODEL, NOT_KNOWN = "no model's result was applied", "not known"
SOME_SLICES = "Only some of its slices were looked at."
OVER_HAND_WORK = "Not known: the result was applied where hand work stayed, and what the model alone drew is not kept."
IN_RESULT, IN_ACCEPTED = "missing in the model's result", "missing in the accepted labels"


def against_model(
    account: Account, accepted: LabelMap, looked: LookedAt | None = None, prediction: Prediction | None = None
) -> dict[str, Any] | str:
    """What a certificate says of the labels after the last result of a model, beside those that were accepted.

    Parameters
    ----------
    account : Account
        Of the journal that leads to the accepted labels.
    accepted : LabelMap
    looked : LookedAt, optional
        The slices at which a person looked. Of an organ that has others nothing is said: there the two are equal
        because nobody compared them.
    prediction : Prediction, optional
        What a model last said of the scan, for `local_factor`.

    Returns
    -------
    dict or str
        ``model``, ``sha256``, ``adapted`` (whether a copy of the model had been adapted to this scan), ``edited``
        (whether a person has drawn on the result), and ``organs``: each organ that one of the two has, to
        ``surface_dice`` at ``tolerance_mm``, ``apl_mm`` and ``margin_mm`` (`border_margin_mm`), and where it is
        ``missing``: such an organ has no margin; ``factor`` and ``width_mm`` where the model's probabilities are still
        at hand (`local_factor`). `NO_MODEL` where no result was applied.
    """
    result, last = account.result, last_model(account.said)
    if result is None or last is None:
        return NO_MODEL
    details = last.get("model", {})
    said = {
        "model": details.get("model") or last["name"].removeprefix("Model: "),
        "sha256": details.get("sha256") or NOT_KNOWN,
        "adapted": bool(details.get("adapted_steps")),
        "edited": result.edited,
    }
    if not result.is_the_models:
        return {**said, "organs": {}, "why": OVER_HAND_WORK}
    predicted = accepted.geometry, accepted.scheme
    pairs = structure_pairs(LabelMap(result.labels, *predicted), accepted, accepted.scheme)
    ids = dict(zip(accepted.scheme.names, accepted.scheme.ids, strict=True))
    rows = {}
    for name, box, pair in pairs:
        if name in ids:
            unknown = _has_others(looked, ids[name], pair, box, accepted)
            scaled = local_factor(pair, box, name, prediction) if prediction is not None and not unknown else {}
            rows[name] = {"why": SOME_SLICES} if unknown else {**figures_of(pair), **scaled}
    return {**said, "organs": rows}


def figures_of(pair: StructurePair) -> dict[str, Any]:
    """The figures of one organ, as JSON holds them.

    Examples
    --------
    >>> import numpy as np
    >>> slab = np.zeros((20, 12, 12), bool)
    >>> slab[5:10] = True
    >>> figures_of(StructurePair.of(np.roll(slab, 2, axis=0), slab, (1.5, 1.0, 1.0), tolerance_mm=3.0))
    {'surface_dice': 1.0, 'tolerance_mm': 3.0, 'apl_mm': 0.0, 'margin_mm': 3.0}
    """
    known = {metric.name: metric for metric in metrics()}
    margin = border_margin_mm(pair.prediction, pair.reference, pair.spacing_mm)
    missing = IN_RESULT if not pair.n_prediction else IN_ACCEPTED if not pair.n_reference else ""
    return {
        "surface_dice": _number(known["surface_dice"].of(pair)),
        "tolerance_mm": pair.tolerance_mm,
        "apl_mm": _number(known["apl_mm"].of(pair)),
        "margin_mm": _number(margin),
        **({"missing": missing} if missing else {}),
    }


def last_model(work: Mapping[str, Any]) -> dict[str, Any] | None:
    """The last of the ``results`` of an account that came from a model."""
    return next((result for result in reversed(work["results"]) if result["kind"] == "model"), None)


def _has_others(looked: LookedAt | None, organ: int, pair: StructurePair, box: Box, labels: LabelMap) -> bool:
    """Whether either of the two has the organ on a slice at which nobody looked."""
    if looked is None:
        return False
    either = (pair.prediction | pair.reference).any(axis=tuple({0, 1, 2} - {looked.axis}))
    known = looked.known(labels.array.shape[looked.axis], (organ,))[0][box[looked.axis]]
    return bool((either & ~known).any())


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), 4)
