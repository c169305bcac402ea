"""What the commands print."""

from __future__ import annotations

import sys

import pytest

from napari_boundaryseg.cli import console


def test_a_table_lines_up() -> None:
    text = console.table(["organ", "dsc"], [["Bladder", "0.9"], ["GTV", "0.85"]])
    assert text.splitlines() == ["organ     dsc", "Bladder   0.9", "GTV      0.85"]


def test_no_bar_where_nobody_looks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    console.progress_bar()(0.5, "window 3 of 6")
    assert capsys.readouterr().err == ""


def test_the_bar_says_how_far_and_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(console, "EVERY_S", 0.0)
    bar = console._bar(written.append)
    bar(0.5, "window 3 of 6")
    bar(1.0, "Done")
    assert "############............" in written[0]
    assert " 50% window 3 of 6" in written[0]
    assert written[1] == "\r\033[K"
