"""Cross-fitting of a fine-tuning: each patient is judged by a model that learnt from the others alone.

With few patients one that is held out says next to nothing, and is missed among those who teach. So the whole
fine-tuning is repeated for a few parts of the patients, each time without one part, which then judges. What is judged
is the procedure; the model that is kept has learnt from all of them.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from napari_boundaryseg.data.datasets.copies import marks, one_patient_each, one_scan
from napari_boundaryseg.data.saving import atomic_json
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.recipes.tuning import FEWEST_PATIENTS, MOST_MODELS, TOO_MANY_PATIENTS
from napari_boundaryseg.engine.training.before_and_after import Judged, judged
from napari_boundaryseg.engine.training.judges import Judges
from napari_boundaryseg.engine.training.loop.folder import PARTS
from napari_boundaryseg.progress import Progress, part

Procedure = Callable[[Sequence[LabelledScan], Path, Progress], Path]
"""``procedure(cases, folder, progress)``: a whole fine-tuning on these, or its resuming; gives the checkpoint."""


def parts_of(groups: Sequence[str]) -> list[list[int]]:
    """Places of cases in parts of about as many cases, all of a group (a patient) in one; none where it makes no sense.

    Examples
    --------
    >>> parts_of(["p", "p", "q", "r"])
    [[0, 1], [2], [3]]
    >>> parts_of(["p", "q"])
    []
    """
    members: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    if not FEWEST_PATIENTS <= len(members) < TOO_MANY_PATIENTS:
        return []
    found: list[list[int]] = [[] for _ in range(min(MOST_MODELS, len(members)))]
    for group in sorted(members, key=lambda one: -len(members[one])):
        min(found, key=len).extend(members[group])
    return [sorted(one) for one in found]


def parts_to_judge(scans: Sequence[LabelledScan], patients: Mapping[str, str]) -> list[list[int]]:
    """As `parts_of`, with copies of a scan as one patient."""
    names = [case.volume.name for case in scans]
    known = one_patient_each(one_scan((case.volume.name, marks(case.volume)) for case in scans), patients)
    return parts_of([known.get(name) or name for name in names])


def cross_fit(
    before: LoadedModel,
    scans: Sequence[LabelledScan],
    parts: Sequence[Sequence[int]],
    patients: Mapping[str, str],
    procedure: Procedure,
    folder: Path,
    device: str,
    progress: Progress,
    untouched: Collection[str] = (),
) -> tuple[Judged, Judges, int]:
    """What is found of every case that may judge, the model before beside one that has not learnt from its patient.

    A case that an earlier version was trained on may not judge, nor one that nobody has corrected. What a part has
    found is kept in the folder until all have: what was stopped is resumed.

    Returns
    -------
    tuple
        What was found, who judges, and how many models there were.
    """
    judges = Judges.of(before.card.ancestry, [], scans, patients, untouched)
    may = {case.volume.name for case in judges.cases}
    asked = [one for one in parts if any(scans[place].volume.name in may for place in one)]
    found = Judged({}, {})
    for n, judging in enumerate(asked):
        place, told = folder / PARTS / str(n + 1), part(progress, n / len(asked), (n + 1) / len(asked))
        kept = place / "judged.json"
        if not kept.is_file():
            others = [case for k, case in enumerate(scans) if k not in judging]
            after = load_model(
                procedure(others, place, _said(part(told, 0.0, 0.9), f"Model {n + 1} of {len(asked)}: "))
            )
            cases = [scans[k] for k in judging if scans[k].volume.name in may]
            found_now = judged(before, after, cases, device, part(told, 0.9, 1.0))
            atomic_json(kept, {"scores": _with(found_now.scores, math.nan, None), "pictures": found_now.pictures})
        said = json.loads(kept.read_text("utf-8"))
        of_part = Judged(_with(said["scores"], None, math.nan), said["pictures"])
        found.scores.update(of_part.scores)
        found.pictures.update(of_part.pictures)
    return found, judges, len(asked)


def forget_parts(folder: Path) -> None:
    """Remove what only the comparison needed, once that is written."""
    shutil.rmtree(folder / PARTS, ignore_errors=True)


def _with(scores: Any, value: float | None, instead: float | None) -> Any:
    """Scores with what stands for a distance that there is not replaced: JSON has no NaN."""
    if isinstance(scores, dict):
        return {name: _with(one, value, instead) for name, one in scores.items()}
    is_it = scores is None if value is None else scores is not None and math.isnan(scores)
    return instead if is_it else scores


def _said(progress: Progress, words: str) -> Progress:
    def report(fraction: float, text: str = "") -> None:
        progress(fraction, f"{words}{text}")

    return report
