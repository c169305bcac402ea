"""Calibration of a study: what is fitted on a fold never judges it, and a scale that serves nobody is left out."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from napari_boundaryseg.engine.checkpoints.card import Calibration, Scaling
from napari_boundaryseg.engine.inference.assembling.reliability import reliability


@pytest.fixture
def tool(scripts: Callable[..., ModuleType]) -> ModuleType:
    return scripts("benchmarks/studies/real_pelvis.py", "benchmarks/studies/calibrate.py")


NEAR_ALONE = {"probabilities": 0.0, "edges": 0.0}


def case(tool: ModuleType, fold: int, sharpness: float, seed: int = 0) -> object:
    """A case whose model says more (sharpness above 1) or less than it knows."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(-3, 3, 4000)
    classes = (rng.random(4000) < 1 / (1 + np.exp(-truth))).astype(int)
    said = 1 / (1 + np.exp(-sharpness * truth))
    near = np.ones(4000, bool)
    return tool.Seen(fold, np.stack([1 - said, said]), classes, said, classes.astype(bool), near, 0.0)


def in_a_box(tool: ModuleType, near: object, nothing: float, far: int = 20_000) -> object:
    """The same case with all that lies far from its border: nothing, and said to be nearly nothing."""
    said, no = np.full(far, nothing), np.zeros(far, int)
    return tool.Seen(
        near.fold,
        np.hstack([near.probabilities, [1 - said, said]]),
        np.r_[near.classes, no],
        np.r_[near.edges, said],
        np.r_[near.borders, no > 0],
        np.r_[near.near, no > 0],
        0.0,
    )


def test_a_fold_is_put_right_by_the_others(tool: ModuleType) -> None:
    cases = [case(tool, fold, 3.0, fold) for fold in range(3)]
    others = tool.by_other_folds(cases, NEAR_ALONE)
    before, after = tool.pooled(cases, None), tool.pooled(cases, others)
    for kind in ("probabilities", "edges"):
        assert before[kind].error > 0.1
        assert after[kind].error < 0.03


def test_what_a_fold_is_put_right_by_does_not_know_it(tool: ModuleType) -> None:
    bold, even, shy = (case(tool, fold, sharpness, fold) for fold, sharpness in enumerate((4.0, 1.0, 0.25)))
    others = tool.by_other_folds([bold, even, shy], NEAR_ALONE)
    assert others[0] == tool.fitted([even, shy], NEAR_ALONE)
    assert others[0] == tool.by_other_folds([case(tool, 0, 1.0, 7), even, shy], NEAR_ALONE)[0], (
        "its own cases change nothing"
    )
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
    whole = [in_a_box(tool, c, 0.03) for c in near]
    flat = dict.fromkeys(range(2), Calibration(probabilities=Scaling(scale=0.1), edges=Scaling(scale=0.1)))
    judged = (tool.pooled(part, by) for part in (near, whole) for by in (None, flat))
    found = dict(zip(tool.STATES, judged, strict=True))
    assert tool.kept(found) == {"probabilities": False, "edges": False}
    assert whole[0].close.edges.tolist() == near[0].edges.tolist()


def test_what_lies_far_from_borders_keeps_a_fit_from_making_something_of_nothing(tool: ModuleType) -> None:
    cases = [in_a_box(tool, case(tool, fold, 3.0, fold), 0.05) for fold in range(3)]
    alone, with_far = (
        tool.judged(cases, {"probabilities": share, "edges": share}) for share in (0.0, float(tool.FAR_SHARES[-1]))
    )
    for kind in ("probabilities", "edges"):
        before = alone["before, whole box"][kind].error
        assert alone["after, whole box"][kind].error > before, "right near the border, wrong elsewhere"
        assert alone["after"][kind].error < alone["before"][kind].error
        assert with_far["after, whole box"][kind].error < alone["after, whole box"][kind].error
    assert tool.kept(with_far)["edges"]


def test_a_part_of_the_far_voxels_stands_for_all(tool: ModuleType) -> None:
    whole = in_a_box(tool, case(tool, 0, 2.0), 0.02)
    assert whole.thinned.near.sum() == 4000
    assert (~whole.thinned.near).sum() == 20_000 / tool.ONE_IN


def test_the_table_tells_every_bin_and_both_errors(tool: ModuleType) -> None:
    found = tool.pooled([case(tool, 0, 1.0)], None)
    lines = tool.as_csv({"before": found, "after": found}, 0.25).splitlines()
    assert lines[0].split(",")[-2:] == ["calibration_error", "without_first_bin"]
    assert len(lines) == 1 + 4 * len(found["edges"].counts) + 1
    assert lines[-1].startswith("contours,mean distance to the target,")
    assert "0.2500" in lines[-1]
