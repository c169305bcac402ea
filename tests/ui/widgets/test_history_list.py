"""The list of steps shows what the history holds, whatever happened, and looks at no row that is right already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_boundaryseg.ui.widgets.history_list import OLDEST, START, HistoryList


@dataclass(eq=False)
class Step:
    name: str


@dataclass
class Steps:
    """As much of a history as the list asks for."""

    steps: tuple[Step, ...] = ()
    first: int = 0
    position: int = 0
    names: int = field(default=0)

    def do(self, most: int) -> None:
        self.names += 1
        kept = (*self.steps[: self.position - self.first], Step(f"Paint {self.names % 3}"))
        dropped = max(0, len(kept) - most)
        self.steps, self.first, self.position = kept[dropped:], self.first + dropped, self.position + 1


@pytest.fixture
def listed(qtbot: Any) -> HistoryList:
    made = HistoryList()
    qtbot.addWidget(made)
    return made


def shown(listed: HistoryList) -> list[tuple[str, bool]]:
    items: list[Any] = [listed.item(row) for row in range(listed.count())]
    return [(item.text(), item.foreground().style() != Qt.BrushStyle.NoBrush) for item in items]


def wanted(history: Steps) -> list[tuple[str, bool]]:
    names = [OLDEST if history.first else START, *(step.name for step in history.steps)]
    return [(name, row > history.position - history.first) for row, name in enumerate(names)]


@pytest.mark.parametrize("seed", range(6))
def test_it_is_as_a_list_that_is_made_anew(listed: HistoryList, seed: int) -> None:
    rng, history = np.random.default_rng(seed), Steps()
    for _ in range(150):
        what = rng.random()
        if what < 0.5:
            for _ in range(rng.integers(1, 4)):
                history.do(most=8)
        elif what < 0.9:
            history.position = int(rng.integers(history.first, history.first + len(history.steps) + 1))
        elif what < 0.95:
            history = Steps((Step("Opened labels"),), 0, 1)
        listed.show_history(history)  # type: ignore[arg-type]
        assert shown(listed) == wanted(history)
        assert listed.currentRow() == history.position - history.first
    listed.show_history(None)
    assert listed.count() == 0
    listed.show_history(history)  # type: ignore[arg-type]
    assert shown(listed) == wanted(history)


@pytest.mark.parametrize("most", [10_000, 500])
def test_a_stroke_touches_as_few_rows_after_thousands(
    listed: HistoryList, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = Steps()
    for _ in range(2000):
        history.do(most)
    listed.show_history(history)  # type: ignore[arg-type]
    asked: list[int] = []
    real = HistoryList.item
    monkeypatch.setattr(HistoryList, "item", lambda self, row: asked.append(row) or real(self, row))
    history.do(most)
    listed.show_history(history)  # type: ignore[arg-type]
    assert len(asked) < 10
    monkeypatch.undo()
    assert shown(listed) == wanted(history)
