"""Scores for the cards of the shipped models: on cases that no model saw, beside what position alone is worth."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from shipped_models import DIFFICULTIES, STUDIES, Pair, Shipped, real_pelvis

from napari_boundaryseg.data.datasets import load_labelled
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.mean_sd import mean_sd
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.engine.checkpoints.card import Score
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model, save
from napari_boundaryseg.engine.checkpoints.model_library import WEIGHTS
from napari_boundaryseg.engine.evaluation import study_table
from napari_boundaryseg.engine.evaluation.card_scores import card_scores
from napari_boundaryseg.engine.evaluation.label_prior import LabelPrior
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.phantom import Difficulty, anatomy, brain, label_prior_dice, pelvis

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
    if model.own is not None:
        return _on_men(model)
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
    learned = (labels for _, labels in load_labelled(model.cases(data, *model.rows), wanted.scheme))
    judged = list(load_labelled(held, wanted.scheme))
    priors = priors_of_crops(learned, [labels for _, labels in judged])
    return Scores(on_cases(trained, judged, priors), f"{len(held)} validation cases that trained and chose nothing")


def on_cases(model: LoadedModel, cases: Iterable[Pair], priors: dict[str, float]) -> tuple[Score, ...]:
    """Mean and SD over cases that neither trained nor chose the model."""
    predictor = Predictor(model)
    values: dict[tuple[str, str], list[float]] = {}
    for volume, labels in cases:
        for organ, row in evaluate(predictor.segment(volume, whole=True).labels, labels).items():
            for metric in (metric for metric in study_table.scored() if metric.name in row):
                values.setdefault((organ, metric.name), []).append(float(row[metric.name]))
    return card_scores(values, priors)


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


def pelvic_label_priors(difficulty: Difficulty) -> dict[str, float]:
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
        found[difficulty] = on_cases(trained, cases, pelvic_label_priors(difficulty))
    easier = ", ".join(
        f"{s.organ} {s.text} (label prior {s.label_prior:.3f})" for s in found["standard"] if s.metric == "dsc"
    )
    number = len(TEST_SEEDS)
    return Scores(
        found["hard"],
        f"{number} hard synthetic pelves with seeds it never saw",
        f"DSC on {number} standard ones: {easier}.",
    )


def _on_men(model: Shipped) -> Scores:
    """Each man by a model that had not seen him; glands that none of them had seen give a sentence."""
    rows = [row for row in study_table.read_table(real_pelvis.TABLE) if row["config"] == model.wanted.digest]
    men = _of_rows([row for row in rows if int(row["fold"]) in real_pelvis.MEN])
    others = _of_rows([row for row in rows if int(row["fold"]) == real_pelvis.EVERYBODY])
    drawn = "five men (four with a prostate) against rough labels, each by one of 5 models that had not seen the man"
    glands = [f"{one.text} (n = {one.n}, label prior {one.label_prior:.3f})" for one in others if one.metric == "dsc"]
    said = f"Prostate of PROMISE12, none of which trained it: DSC {glands[0]}." if glands else ""
    return Scores(men, drawn if men else "", said)


def out_of_fold(table: Path, training: str, config: str) -> Scores:
    """Scores of a study's models on the patients that each had not seen; none before they are made so."""
    rows = [row for row in study_table.read_table(table) if (row["training"], row["config"]) == (training, config)]
    if not rows:
        return Scores()
    folds, cases = len({row["fold"] for row in rows}), len({row["case"] for row in rows})
    said = f"{cases} cases in loose boxes, each by one of {folds} models that had not seen the patient"
    return Scores(_of_rows(rows), said)


def _of_rows(rows: list[dict[str, Any]]) -> tuple[Score, ...]:
    organs: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        organs.setdefault(row["organ"], []).append(row)
    priors = {organ: mean_sd(study_table.values(own, "prior_dsc")).mean for organ, own in organs.items()}
    values = {
        (organ, metric.name): study_table.values(own, metric.name)
        for organ, own in organs.items()
        for metric in study_table.scored()
    }
    return card_scores(values, priors)


def ship(model: Shipped, path: Path, found: Scores, folder: Path = WEIGHTS) -> Path:
    """Put the scores onto the card and the weights, in half precision, into a folder: the package's."""
    trained = load_model(path)
    began = f"It began with the weights of {trained.card.parent}." if trained.card.parent else ""
    notes = " ".join(part for part in (model.notes, began, found.notes) if part)
    told = trained.card.recipe.model_copy(update={"task": model.task} if model.task else {})
    card = trained.card.model_copy(
        update={
            "recipe": told,
            "scores": found.scores,
            "scored_on": found.scored_on,
            "notes": notes,
            "calibration": model.calibration,
            "silent": model.silent,
        }
    )
    target = folder / f"{card.name}.safetensors"
    save(target, card, trained.network.state_dict(), half=True)
    return target
