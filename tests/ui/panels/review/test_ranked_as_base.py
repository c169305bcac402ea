"""A fine-tuned version is ranked as its base, and that is said wherever the ranking is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doubtful_results import MODEL, ORGANS, prove, segmented, settled
from hands import LEFT, live
from qtpy.QtTest import QTest

from napari_boundaryseg.data import formats
from napari_boundaryseg.ui.control.reviewing import begun_review

SAID = f"Ranked as its base {MODEL}; not proven for this version."


@pytest.fixture
def opened(controller: Any, bench: Any, wait: Callable[..., None], pelvis_files: list[Path]) -> Any:
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    bench.sections.open("Review")
    return controller


@pytest.fixture
def labels(pelvis_files: list[Path]) -> np.ndarray:
    stored = formats.read(pelvis_files[0].with_name("case1_labels.nii.gz"))
    return np.asarray(stored.array[0]).astype(np.uint8)


def result(opened: Any, monkeypatch: pytest.MonkeyPatch, labels: np.ndarray, wait: Any, **said: Any) -> None:
    prove(monkeypatch)
    segmented(opened, monkeypatch, labels, (slice(0, 2),) * 3, **said)
    settled(opened, wait)


def test_a_version_is_ranked_as_its_base_and_that_is_said_to_the_end(
    opened: Any, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch, find: Callable[[str], Any], wait: Any
) -> None:
    result(opened, monkeypatch, labels, wait, model=f"{MODEL}-v2", ships=False, base=MODEL)
    told = find("review_panel.rankings").text().splitlines()
    assert told[:2] == [f"Bladder and Prostate: what {MODEL}-v2 doubts most comes first.", SAID]
    QTest.mouseClick(find("review_panel.begin"), LEFT)
    wait(lambda: opened.review.going is not None and not opened.review.is_beginning)
    live(50)
    assert opened.review.is_on
    assert SAID in find("review_panel.rankings").text().splitlines()
    kept = begun_review.from_text(begun_review.to_text(opened.review.going), None)
    assert kept is not None
    assert (kept.model, kept.base) == (f"{MODEL}-v2", MODEL)
    certified = opened.review.for_certificate()
    assert certified["ranked by"] == f"{MODEL}-v2"
    assert certified["ranking"] == f"ranked as its base {MODEL}; not proven for this version"


@pytest.mark.parametrize(
    "said", [{"base": ""}, {"base": "another"}], ids=["fresh weights under its name", "another base"]
)
def test_a_model_of_the_same_name_that_nobody_measured_has_no_ranking(
    opened: Any, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch, find: Callable[[str], Any], wait: Any, said: Any
) -> None:
    result(opened, monkeypatch, labels, wait, model=MODEL, ships=False, **said)
    told = find("review_panel.rankings").text().splitlines()
    assert told == [*(f"{name}: no ranking for this organ" for name in ORGANS), "Checks only."]


def test_of_a_model_that_was_measured_itself_nothing_is_said(
    opened: Any, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch, find: Callable[[str], Any], wait: Any
) -> None:
    result(opened, monkeypatch, labels, wait, model=MODEL, ships=True, base="")
    assert "not proven" not in find("review_panel.rankings").text()
    QTest.mouseClick(find("review_panel.begin"), LEFT)
    wait(lambda: opened.review.going is not None and not opened.review.is_beginning)
    assert "ranking" not in opened.review.for_certificate()
