"""Before and after a fine-tuning: what either model says of cases, scored; and the comparison that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.saving import atomic_json, atomic_text
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model, save
from napari_boundaryseg.engine.evaluation.comparison import compare, with_scores
from napari_boundaryseg.engine.evaluation.comparison_page import as_markdown
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan, part_of
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.engine.training.judges import Judges
from napari_boundaryseg.engine.training.loop.folder import CARD
from napari_boundaryseg.progress import Progress

Scores = dict[str, dict[str, dict[str, dict[str, float]]]]
"""Case to "before" and "after" to organ to metric to value."""


def scored(
    before: LoadedModel, after: LoadedModel, cases: Sequence[LabelledScan], device: str, progress: Progress
) -> Scores:
    """Score both models on the part of each scan that a person would give them."""
    scheme = before.card.recipe.scheme
    scans = [PreparedScan.of(case.volume, before.card.recipe, before.card.name) for case in cases]
    parts = [part_of(scan, case.labels, case.box) for scan, case in zip(scans, cases, strict=True)]
    scores: Scores = {}
    for turn, (label, candidate) in enumerate((("before", before), ("after", after))):
        predictor = Predictor(candidate, device=device, backend="torch")
        for n, (case, box) in enumerate(zip(cases, parts, strict=True)):
            progress((turn * len(cases) + n) / (2 * len(cases)), f"Comparing on {case.volume.name}, {label}")
            found = predictor.segment(case.volume, box=box, whole=True, any_modality=True).labels
            scores.setdefault(case.volume.name, {})[label] = evaluate(found, case.labels.with_scheme(scheme))
    return scores


def keep_comparison(
    before: LoadedModel, path: Path, scores: Scores, judges: Judges, folder: Path, smallest: float, models: int = 0
) -> dict[str, Any]:
    """Compare, write that down, and give the new model's card its scores.

    Parameters
    ----------
    before : LoadedModel
    path : Path
        Of the new checkpoint.
    scores : dict
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
        scores,
        before.card.recipe.scheme,
        patients=judges.patients,
        not_taught=tuned.card.training.not_taught,
        excluded=judges.excluded,
        copies=judges.copies,
        unknown_ancestry=not before.card.ancestry.complete,
        smallest=smallest,
        models=models,
    )
    card = with_scores(tuned.card, comparison)
    save(path, card, tuned.network.state_dict())
    atomic_text(folder / CARD, card.model_dump_json(indent=2))
    atomic_json(folder / "comparison.json", comparison)
    atomic_text(folder / "comparison.md", as_markdown(comparison))
    return comparison
