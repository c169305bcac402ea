"""Before and after a fine-tuning: what either model says of cases, scored; and the comparison that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from napari_boundaryseg.data.metrics import evaluate, evaluate_on
from napari_boundaryseg.data.saving import atomic_json, atomic_text
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model, save
from napari_boundaryseg.engine.evaluation.comparison import compare, with_scores
from napari_boundaryseg.engine.evaluation.comparison_card import as_html
from napari_boundaryseg.engine.evaluation.comparison_page import as_markdown
from napari_boundaryseg.engine.evaluation.slice_pictures import pictures
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan, part_of
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.engine.training.judges import Judges
from napari_boundaryseg.engine.training.loop.folder import CARD
from napari_boundaryseg.progress import Progress

LAST_WRITTEN = "comparison.md"
"""What `keep_comparison` writes when all else is there."""
Scores = dict[str, dict[str, dict[str, dict[str, float]]]]
"""Case to "before" and "after" to organ to metric to value."""


class Judged(NamedTuple):
    """What was found of some cases.

    Parameters
    ----------
    scores : dict
        See `Scores`.
    pictures : dict
        Case to the slices that changed most, see `slice_pictures.Picture`.
    """

    scores: Scores
    pictures: dict[str, list[dict[str, Any]]]


def judged(
    before: LoadedModel, after: LoadedModel, cases: Sequence[LabelledScan], device: str, progress: Progress
) -> Judged:
    """Score both models on the part of each scan that a person would give them."""
    scheme = before.card.recipe.scheme
    scans = [PreparedScan.of(case.volume, before.card.recipe, before.card.name) for case in cases]
    parts = [part_of(scan, case.labels, case.box) for scan, case in zip(scans, cases, strict=True)]
    found = Judged({}, {})
    sides = [
        (label, Predictor(one, device=device, backend="torch")) for label, one in (("before", before), ("after", after))
    ]
    for n, (case, box) in enumerate(zip(cases, parts, strict=True)):
        maps, name, truth = [], case.volume.name, case.labels.with_scheme(scheme)
        for turn, (label, predictor) in enumerate(sides):
            progress((2 * n + turn) / (2 * len(cases)), f"Comparing on {name}, {label}")
            maps.append(predictor.segment(case.volume, box=box, whole=True, any_modality=True).labels)
            rows = evaluate(maps[turn], truth) if case.looked is None else evaluate_on(maps[turn], truth, case.looked)
            found.scores.setdefault(name, {})[label] = rows
        shown = pictures(case.volume, maps[0], maps[1], truth, scheme)
        found.pictures[name] = [one._asdict() for one in shown]
    return found


def keep_comparison(
    before: LoadedModel, path: Path, found: Judged, judges: Judges, folder: Path, smallest: float, models: int = 0
) -> dict[str, Any]:
    """Compare, write that down, and give the new model's card its scores.

    Parameters
    ----------
    before : LoadedModel
    path : Path
        Of the new checkpoint.
    found : Judged
    judges : Judges
    folder : Path
        Of the fine-tuning.
    smallest : float
        The smallest gain of surface Dice that matters.
    models : int
        By how many models the cases were judged, where not by the new one itself: see `cross_fit`.
    """
    tuned = load_model(path)
    comparison = compare(
        found.scores,
        before.card.recipe.scheme,
        patients=judges.patients,
        not_taught=tuned.card.training.not_taught,
        excluded=judges.excluded,
        copies=judges.copies,
        unknown_ancestry=not before.card.ancestry.complete,
        smallest=smallest,
        models=models,
        earlier=tuned.card.training.earlier,
        on_slices={case.volume.name: case.looked.counts(case.labels) for case in judges.cases if case.looked},
    )
    card = with_scores(tuned.card, comparison)
    save(path, card, tuned.network.state_dict())
    atomic_text(folder / CARD, card.model_dump_json(indent=2))
    atomic_json(folder / "comparison.json", comparison)
    atomic_text(folder / "comparison.html", as_html(comparison, found.pictures))
    atomic_text(folder / LAST_WRITTEN, as_markdown(comparison))
    return comparison


def is_written(folder: Path) -> bool:
    """Whether the comparison of a fine-tuning is written to its end."""
    return (folder / LAST_WRITTEN).is_file()
