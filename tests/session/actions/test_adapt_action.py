"""Adapting the open scan's model: by the real engine, its arrays given back, its copy kept as an unused version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from session_cases import Told, box_labels

from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.training.adapting import adapt as adapting
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.actions.adapt import AdaptedResult, adapt, for_other_scans, keep_as_version


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Choose so many steps, whatever the slices that were left out say."""
    return lambda n: monkeypatch.setattr(adapting, "best", lambda scores: n)


def run(told: Told, model: Path, box: Any = None) -> AdaptedResult:
    got: list[Any] = []
    scan = told.session.scan
    job = adapt(told.session, model, box_labels(scan), (6, 10), 1, lambda *found: got.append(found), box)
    assert (job.state, told.of("error")) == ("returned", [])
    assert job.task.lane == "adapting"
    assert got[0][0] is scan
    return got[0][1]  # type: ignore[no-any-return]


def test_what_the_adapted_copy_finds_comes_back_and_its_file_says_the_same(
    told: Told, tiny_model: Path, steps: Any
) -> None:
    steps(5)
    result = run(told, tiny_model)
    assert (result.steps, result.corrected, result.left_out) == (5, (6, 10), (6, 10))
    assert result.held_out.shape[:2] == (2, 2)
    assert result.checkpoint.name == "tiny-adapted.safetensors"
    found = Predictor(load_model(result.checkpoint), "cpu").predict(told.session.scan, any_modality=True)
    np.testing.assert_array_equal(found.labels.array, result.labels.array)
    assert list(result.folder.iterdir()) == [result.checkpoint], "of the arrays nothing is left on the disk"


def test_a_copy_is_kept_as_a_version_that_is_not_in_use_and_knows_its_scan(
    told: Told, tiny_model: Path, steps: Any
) -> None:
    steps(5)
    result = run(told, tiny_model)
    version = keep_as_version(told.session, result)
    assert (version.active, version.comparison, version.path.stem) == (False, None, "tiny-v2")
    card = load_model(version.path).card
    assert card.training.adapted == 1
    assert card.ancestry.why_not((), told.session.scan.name)
    assert told.of("info")[-1].startswith("tiny-v2 was added and is not in use: it has learnt from one scan")
    other = for_other_scans(told.session, result)
    assert other.read_bytes() == result.checkpoint.read_bytes()
    assert other.parent != result.checkpoint.parent


def test_where_no_step_helps_there_is_no_file(told: Told, tiny_model: Path, steps: Any) -> None:
    steps(0)
    result = run(told, tiny_model)
    assert result.steps == 0
    assert not result.checkpoint.exists()


def test_what_cannot_be_done_is_one_sentence_and_leaves_no_folder(told: Told, tiny_model: Path) -> None:
    scratch = told.session.new_folder("x").parent
    before = set(scratch.iterdir())
    job = adapt(told.session, tiny_model, box_labels(told.session.scan), (6,), 1, lambda *found: None)
    assert job.state == "failed"
    assert "Correct two slices at least" in told.of("error")[-1]
    assert set(scratch.iterdir()) == before
    labels = box_labels(told.session.scan)
    told.session.scan = None
    with pytest.raises(InputError, match="none is open"):
        adapt(told.session, tiny_model, labels, (6, 9), 1, lambda *found: None)
