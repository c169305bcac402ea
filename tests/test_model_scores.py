"""The page of the shipped models tells what is on their cards, and no model is left out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from napari_boundaryseg.engine.checkpoints.model_library import WEIGHTS, shipped


@pytest.fixture
def tool(scripts: Callable[..., ModuleType]) -> ModuleType:
    return scripts("tools/shipped_models.py", "tools/model_scores.py")


def test_the_page_tells_what_the_cards_say(tool: ModuleType) -> None:
    page = tool.PAGE.read_text(encoding="utf-8")
    assert tool.filled(page) == page
    assert all(f"<!-- scores: {name} -->" in page for name in shipped())


def test_a_changed_figure_is_put_back(tool: ModuleType) -> None:
    page = tool.PAGE.read_text(encoding="utf-8")
    start = page.index("<!-- scores: sarcoma-t1 -->")
    changed = page[:start] + page[start:].replace("| GTV | 0.", "| GTV | 1.", 1)
    assert changed != page
    assert tool.filled(changed) == page


def test_a_model_without_a_part_is_refused(tool: ModuleType) -> None:
    page = tool.PAGE.read_text(encoding="utf-8").replace("<!-- scores: sarcoma-t1 -->", "")
    with pytest.raises(SystemExit, match="scores: sarcoma-t1"):
        tool.filled(page)


def test_the_table_says_which_models_have_no_weights(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = set(shipped()) | {name for name, model in tool.MODELS.items() if model.folder != WEIGHTS}
    assert tool.trainings().count("no weights yet") == len(set(tool.MODELS) - kept)
    elsewhere = {name: replace(model, folder=tmp_path) for name, model in tool.MODELS.items()}
    monkeypatch.setattr(tool, "MODELS", elsewhere)
    assert tool.trainings().count("no weights yet") == len(tool.MODELS)
