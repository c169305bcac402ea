"""The page of the shipped models tells what is on their cards, and no model is left out of it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from napari_boundaryseg.engine.library import shipped

TOOLS = Path(__file__).parents[1] / "tools"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name in ("shipped_models", "model_scores"):
        spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
    return module


def test_the_page_tells_what_the_cards_say(tool: ModuleType) -> None:
    page = tool.PAGE.read_text(encoding="utf-8")
    assert tool.filled(page) == page
    assert all(f"<!-- scores: {name} -->" in page for name in shipped())


def test_a_changed_figure_is_put_back(tool: ModuleType) -> None:
    page = tool.PAGE.read_text(encoding="utf-8")
    start = page.index("<!-- scores: prostate-toy -->")
    changed = page[:start] + page[start:].replace("| Prostate | 0.", "| Prostate | 1.", 1)
    assert changed != page
    assert tool.filled(changed) == page


def test_a_model_without_a_part_is_refused(tool: ModuleType) -> None:
    page = tool.PAGE.read_text(encoding="utf-8").replace("<!-- scores: prostate-toy -->", "")
    with pytest.raises(SystemExit, match="scores: prostate-toy"):
        tool.filled(page)
