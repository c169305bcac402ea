"""The share of what a fine-tuning learnt that is taken: each half of its cases is asked what the other has taught.

A converged network that learns from a handful of cases learns, beside what they have in common, what only they have:
it gets worse on others where they agree with it already. What they have in common shows when two halves of them judge
each other: a network that one half has taught is tried on the other half, the whole way from the old weights to its
own, and in between. No case outside the fine-tuning is needed, and none that judges its result is touched.
"""

from __future__ import annotations

import copy
import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from napari_boundaryseg.data.datasets.copies import marks, one_patient_each, one_scan
from napari_boundaryseg.data.saving import atomic_json
from napari_boundaryseg.data.slices.looked_at import only_known
from napari_boundaryseg.engine.checkpoints.card import EarlierScores, TakenWhy
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model
from napari_boundaryseg.engine.devices import choose
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.training.data.cases import TrainingCase, prepare_all
from napari_boundaryseg.engine.training.earlier import few_enough
from napari_boundaryseg.engine.training.loop.folder import HALVES, TAKEN
from napari_boundaryseg.engine.training.loop.validate import dice_scores, mean_of
from napari_boundaryseg.engine.training.share_choice import LITTLE, SHARES, halves, mixed, ranked
from napari_boundaryseg.progress import Progress, part, silent

Learn = Callable[[Sequence[LabelledScan], Path, Progress], Path]
"""``learn(cases, folder, progress)``: fine-tune on these in a folder, or resume that; gives the checkpoint."""


class Taken(NamedTuple):
    """How much is taken of what a fine-tuning learnt, and why not more: see `engine.checkpoints.card.TakenWhy`."""

    share: float
    why: TakenWhy
    earlier: EarlierScores | None = None


def taken(
    before: LoadedModel,
    scans: Sequence[LabelledScan],
    patients: Mapping[str, str],
    learn: Learn,
    folder: Path,
    device: str = "auto",
    kept_of: Callable[[float], EarlierScores | None] = lambda share: None,
    progress: Progress = silent,
) -> Taken:
    """The share to take of what a fine-tuning on some cases learnt; found once in a folder, and kept there.

    Of the shares that surely help, the one that helps most and does not lose too much on earlier scans, where there
    are any: see `earlier.few_enough`.

    Parameters
    ----------
    before : LoadedModel
    scans : sequence of LabelledScan
        The cases of the fine-tuning.
    patients : mapping
        Case to patient, where that is known: the cases of one, and copies of a scan, stay together.
    learn : callable
    folder : Path
        Of the fine-tuning; what one half learns lies under it until the share is known.
    device : str
    kept_of : callable
        A share to what is kept, with it, on earlier scans.
    progress : Progress

    Returns
    -------
    Taken
        By the change of Dice, each patient once; `LITTLE` where no other patient has anything labelled.
    """
    if (folder / TAKEN).is_file():
        shutil.rmtree(folder / HALVES, ignore_errors=True)
        kept = json.loads((folder / TAKEN).read_text("utf-8"))
        said = kept.get("earlier")
        return Taken(float(kept["share"]), kept["why"], said and EarlierScores.model_validate(said))
    names = [case.volume.name for case in scans]
    known = one_patient_each(one_scan((case.volume.name, marks(case.volume)) for case in scans), patients)
    groups = [known.get(name) or name for name in names]
    two = halves(groups, [bool(only_known(case.labels, case.looked).array.any()) for case in scans])
    changes: dict[float, dict[str, list[float]]] = {share: {} for share in SHARES}
    for n, (learning, judging) in enumerate((two, two[::-1]) if two[1] else ()):
        said = _said(part(progress, n / 2, n / 2 + 0.35), f"Half {n + 1} of the cases: ")
        after = load_model(learn([scans[place] for place in learning], folder / HALVES / str(n + 1), said))
        for turn, place in enumerate(judging):
            progress(n / 2 + 0.35 + 0.15 * turn / len(judging), f"Asking {names[place]} what half {n + 1} has taught")
            case = prepare_all([scans[place]], before.card.recipe)[0]
            for share, change in _changes(before, after, case, choose(device)).items():
                if math.isfinite(change):
                    changes[share].setdefault(groups[place], []).append(change)
    means = {share: [float(np.mean(one)) for one in found.values()] for share, found in changes.items()}
    found = _most(ranked(means), means, kept_of) if two[1] else Taken(LITTLE, "one patient", kept_of(LITTLE))
    earlier = found.earlier and found.earlier.model_dump(mode="json")
    told = {"share": found.share, "why": found.why, "earlier": earlier}
    atomic_json(folder / TAKEN, {**told, "patients": len(means[1.0]), "dsc_changes": means})
    shutil.rmtree(folder / HALVES, ignore_errors=True)
    return found


def _most(
    sure: Sequence[float], means: Mapping[float, Sequence[float]], kept_of: Callable[[float], EarlierScores | None]
) -> Taken:
    """The first of the shares that surely help, or a little of it, with which not too much is forgotten."""
    if not sure:
        helped = any(len(one) and np.mean(one) > 0 for one in means.values())
        return Taken(0.0, "unsure" if helped else "no gain")
    kept = None
    for share in (*sure, LITTLE):
        kept = kept_of(share)
        if few_enough(kept):
            return Taken(share, "sure" if share == sure[0] else "forgets", kept)
    return Taken(0.0, "forgets", kept)


def _said(progress: Progress, words: str) -> Progress:
    def report(fraction: float, text: str = "") -> None:
        progress(fraction, f"{words}{text}")

    return report


def _changes(before: LoadedModel, after: LoadedModel, case: TrainingCase, device: str) -> dict[float, float]:
    """Share to the change of the mean Dice of one case; not a number where it holds no organ."""
    recipe, place = before.card.recipe, torch.device(device)
    network = copy.deepcopy(before.network).to(place)
    old = mean_of(dice_scores(network, [case], recipe, place).choosing)
    changes = {}
    for share in SHARES:
        network.load_state_dict(mixed(before.network, after.network, share))
        changes[share] = mean_of(dice_scores(network, [case], recipe, place).choosing) - old
    return changes
