"""Scores on a card: sample SD, one case without, values that are not there."""

from __future__ import annotations

import math

import pytest

from napari_boundaryseg.engine.checkpoints.card import Score, migrated
from napari_boundaryseg.engine.evaluation.card_scores import card_scores


def test_a_score_for_each_organ_and_metric_that_has_a_value() -> None:
    values = {
        ("Bladder", "dsc"): [0.8, 0.9],
        ("Bladder", "hd_mm"): [2.0, math.nan, None],
        ("Prostate", "hd_mm"): [None, math.nan],
    }
    dice, distance = card_scores(values, {"Bladder": 0.4})
    assert (dice.organ, dice.metric, dice.n, dice.label_prior) == ("Bladder", "dsc", 2, 0.4)
    assert (dice.mean, dice.sd) == (pytest.approx(0.85), pytest.approx(0.05 * math.sqrt(2)))
    assert (distance.mean, distance.sd, distance.n, distance.label_prior) == (2.0, None, 1, None)
    assert distance.text == "2.000 (n = 1)"


def test_a_label_prior_stands_beside_the_dice_alone() -> None:
    scores = card_scores({("Bladder", metric): [0.5, 0.7] for metric in ("apl_mm", "dsc", "jaccard")}, {"Bladder": 0.4})
    assert {score.metric: score.label_prior for score in scores} == {"apl_mm": None, "dsc": 0.4, "jaccard": None}


def test_the_sd_of_one_case_on_an_older_card_is_none() -> None:
    score = {"organ": "Bladder", "metric": "dsc", "mean": 0.9, "sd": 0.0, "n": 1}
    many = {**score, "n": 2}
    found = migrated({"format": "napari-boundaryseg-model/1", "scores": [score, many]})["scores"]
    assert [Score.model_validate(one).sd for one in found] == [None, 0.0]
