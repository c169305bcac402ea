"""Scores for the cards of the shipped models: on cases that no model saw, beside what position alone is worth."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from shipped_models import DIFFICULTIES, STUDIES, Pair, Shipped, labelled

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.engine.checkpoints.card import Score
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model, save
from napari_boundaryseg.engine.checkpoints.model_library import WEIGHTS
from napari_boundaryseg.engine.evaluation.label_prior import LabelPrior
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.phantom import Difficulty, anatomy, brain, label_prior_dice, pelvis

FIGURES = ("dsc", "asd_mm", "hd95_mm", "surface_dice")
TEST_SEEDS = range(9000, 9010)
PRIOR_SEEDS = range(7000, 7020)
BRAIN = ((74, 86, 70), 2.0)


class Scores(NamedTuple):
    """What goes onto a card."""

    scores: tuple[Score, ...] = ()
    scored_on: str = ""
    notes: str = ""


def score(model: Shipped, path: Path, data: Path) -> Scores:
    """The scores of a trained model."""
    if "val" in model.rows:
        study, training = model.study.split("/")
        return out_of_fold(STUDIES / f"{study}.csv", training, model.studied)
    trained = load_model(path)
    wanted = trained.card.recipe
    if wanted.synthetic == "pelvis":
        return _on_pelves(trained)
    if wanted.synthetic == "brain":
        unseen = [brain(seed, *BRAIN, varied=True) for seed in TEST_SEEDS]
        known = [brain(seed, *BRAIN, varied=True)[1] for seed in PRIOR_SEEDS]
        priors = label_priors(known, [labels for _, labels in unseen])
        return Scores(on_cases(trained, unseen, priors), f"{len(unseen)} synthetic brains with seeds it never saw")
    held = model.cases(data, "val")
    known = (labels for _, labels in labelled(model.cases(data, *model.rows), wanted))
    unseen = list(labelled(held, wanted))
    priors = priors_of_crops(known, [labels for _, labels in unseen])
    return Scores(on_cases(trained, unseen, priors), f"{len(held)} validation cases that trained and chose nothing")


def on_cases(model: LoadedModel, cases: Iterable[Pair], priors: dict[str, float]) -> tuple[Score, ...]:
    """Mean and SD over cases that neither trained nor chose the model."""
    predictor = Predictor(model)
    values: dict[tuple[str, str], list[float]] = {}
    for volume, labels in cases:
        for organ, row in evaluate(predictor.predict(volume, whole=True).labels, labels).items():
            for metric in FIGURES:
                values.setdefault((organ, metric), []).append(float(row[metric]))
    return tuple(s for (organ, metric), v in values.items() for s in _summary(organ, metric, v, priors.get(organ)))


def _summary(organ: str, metric: str, values: list[float], prior: float | None) -> list[Score]:
    """Over the cases in which the figure exists (a distance to an organ that nobody drew does not)."""
    finite = [v for v in values if np.isfinite(v)]
    if not finite:
        return []
    sd = float(np.std(finite, ddof=1)) if len(finite) > 1 else 0.0
    return [
        Score(
            organ=organ,
            metric=metric,
            mean=float(np.mean(finite)),
            sd=sd,
            n=len(finite),
            label_prior=prior if metric == "dsc" else None,
        )
    ]


def priors_of_crops(known: Iterable[LabelMap], unseen: list[LabelMap]) -> dict[str, float]:
    """What a mean label map of the training cases scores on crops of other sizes, by organ."""
    seen = [(labels, None) for labels in known]
    return {
        organ.name: float(np.mean([LabelPrior(seen, organ.id).dice(labels, None) for labels in unseen]))
        for organ in unseen[0].scheme.organs
    }


def label_priors(known: list, unseen: list) -> dict[str, float]:
    """What a mean label map of other scans scores on label maps of the same grid, by organ."""
    organs = known[0].scheme.organs
    return {
        organ.name: label_prior_dice(
            [labels.array == organ.id for labels in known], [labels.array == organ.id for labels in unseen]
        )
        for organ in organs
    }


def pelvic_floors(difficulty: Difficulty) -> dict[str, float]:
    """What a label prior of twenty other pelves scores on the test seeds: what position alone is worth."""
    both = (PRIOR_SEEDS, TEST_SEEDS)
    known, unseen = ([anatomy(seed, difficulty=difficulty).labels for seed in seeds] for seeds in both)
    return {
        name: label_prior_dice([labels == n for labels in known], [labels == n for labels in unseen])
        for n, name in zip(preset("pelvis-mr").ids, preset("pelvis-mr").names, strict=True)
    }


def _on_pelves(trained: LoadedModel) -> Scores:
    """The hard ones give the scores, the standard ones a sentence."""
    found = {}
    for difficulty in DIFFICULTIES:
        cases = (pelvis(seed, difficulty=difficulty) for seed in TEST_SEEDS)
        found[difficulty] = on_cases(trained, cases, pelvic_floors(difficulty))
    easier = ", ".join(
        f"{s.organ} {s.mean:.3f} ± {s.sd:.3f} (label prior {s.label_prior:.3f})"
        for s in found["standard"]
        if s.metric == "dsc"
    )
    number = len(TEST_SEEDS)
    return Scores(
        found["hard"],
        f"{number} hard synthetic pelves with seeds it never saw",
        f"DSC on {number} standard ones: {easier}.",
    )


def out_of_fold(table: Path, training: str, config: str) -> Scores:
    """Scores of a study's models on the patients that each had not seen; none before they are made so."""
    if not table.is_file():
        return Scores()
    with table.open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if (row["training"], row["config"]) == (training, config)]
    if not rows:
        return Scores()
    folds, cases = len({row["fold"] for row in rows}), len({row["case"] for row in rows})
    scores: list[Score] = []
    for organ in dict.fromkeys(row["organ"] for row in rows):
        own = [row for row in rows if row["organ"] == organ]
        prior = float(np.mean([float(row["prior_dsc"]) for row in own]))
        for figure in FIGURES:
            scores += _summary(organ, figure, [float(row[figure]) for row in own], prior)
    said = f"{cases} cases in loose boxes, each by one of {folds} models that had not seen the patient"
    return Scores(tuple(scores), said)


def ship(model: Shipped, path: Path, found: Scores, folder: Path = WEIGHTS) -> Path:
    """Put the scores onto the card and the weights, in half precision, into a folder: the package's."""
    trained = load_model(path)
    began = f"It began with the weights of {trained.card.parent}." if trained.card.parent else ""
    notes = " ".join(part for part in (model.notes, began, found.notes) if part)
    card = trained.card.model_copy(
        update={"scores": found.scores, "scored_on": found.scored_on, "notes": notes, "calibration": model.calibration}
    )
    target = folder / f"{card.name}.safetensors"
    save(target, card, trained.network.state_dict(), half=True)
    return target
