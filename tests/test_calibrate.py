"""Calibration of a study: what is fitted on a fold never judges it, and a scale that serves nobody is left out."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from napari_boundaryseg.engine.checkpoints.card import Calibration, Scaling
from napari_boundaryseg.engine.inference.calibration import reliability


@pytest.fixture
def tool(scripts: Callable[..., ModuleType]) -> ModuleType:
    return scripts("benchmarks/studies/calibrate.py")


def case(tool: ModuleType, fold: int, sharpness: float, seed: int = 0) -> object:
    """A case whose model says more (sharpness above 1) or less than it knows."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(-3, 3, 4000)
    classes = (rng.random(4000) < 1 / (1 + np.exp(-truth))).astype(int)
    said = 1 / (1 + np.exp(-sharpness * truth))
    return tool.Seen(fold, np.stack([1 - said, said]), classes, said, classes.astype(bool), 0.0)


def test_a_fold_is_put_right_by_the_others(tool: ModuleType) -> None:
    cases = [case(tool, fold, 3.0, fold) for fold in range(3)]
    others = tool.by_other_folds(cases)
    before, after = tool.pooled(cases, None), tool.pooled(cases, others)
    for kind in ("probabilities", "edges"):
        assert before[kind].error > 0.1
        assert after[kind].error < 0.03


def test_what_a_fold_is_put_right_by_does_not_know_it(tool: ModuleType) -> None:
    bold, even, shy = (case(tool, fold, sharpness, fold) for fold, sharpness in enumerate((4.0, 1.0, 0.25)))
    others = tool.by_other_folds([bold, even, shy])
    assert others[0] == tool.fitted([even, shy])
    assert others[0] == tool.by_other_folds([case(tool, 0, 1.0, 7), even, shy])[0], "its own cases change nothing"
    assert others[0].probabilities.scale > 1 > others[2].probabilities.scale


@pytest.mark.parametrize(("said", "gain"), [(0.7, True), (0.9, False), (0.8, True)])
def test_probabilities_are_left_alone_where_their_error_would_rise(tool: ModuleType, said: float, gain: bool) -> None:
    nothing, was = np.full(10_000, 0.01), np.zeros(10_000)
    half = np.repeat([0, 1], 50)
    found = {}
    for state in tool.STATES:
        value = 0.8 if state.startswith("before") else said
        judged = reliability(np.r_[nothing, np.full(100, value)], np.r_[was, half].astype(bool))
        found[state] = {"probabilities": judged, "edges": judged}
    found["before, whole box"] = found["after, whole box"]
    assert tool.kept(found) == {"probabilities": gain, "edges": True}


def test_what_is_right_near_the_border_alone_is_not_kept(tool: ModuleType) -> None:
    near = [case(tool, fold, 0.1, fold) for fold in range(2)]
    far = 20_000
    nothing, no = np.full(far, 0.03), np.zeros(far, int)
    whole = [
        tool.Seen(
            c.fold,
            np.hstack([c.probabilities, [1 - nothing, nothing]]),
            np.r_[c.classes, no],
            np.r_[c.edges, nothing],
            np.r_[c.borders, no > 0],
            0.0,
        )
        for c in near
    ]
    flat = dict.fromkeys(range(2), Calibration(probabilities=Scaling(scale=0.1), edges=Scaling(scale=0.1)))
    judged = (tool.pooled(part, by) for part in (near, whole) for by in (None, flat))
    found = dict(zip(tool.STATES, judged, strict=True))
    assert tool.kept(found) == {"probabilities": False, "edges": False}
    assert whole[0].only(np.arange(len(whole[0].edges)) < 4000).edges.tolist() == near[0].edges.tolist()


def test_the_table_tells_every_bin_and_both_errors(tool: ModuleType) -> None:
    found = tool.pooled([case(tool, 0, 1.0)], None)
    lines = tool.as_csv({"before": found, "after": found}, 0.25).splitlines()
    assert lines[0].split(",")[-2:] == ["calibration_error", "without_first_bin"]
    assert len(lines) == 1 + 4 * len(found["edges"].counts) + 1
    assert lines[-1].startswith("contours,mean distance to the target,")
    assert "0.2500" in lines[-1]
