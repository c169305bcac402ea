"""What a person chose once is there in the next window, and a damaged file is as if nobody had chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_boundaryseg.ui.remembered import Remembered

FIRST = {"on": True, "name": ""}


def test_what_was_chosen_is_there_again(tmp_path: Path) -> None:
    chosen = Remembered("x", FIRST)
    chosen["on"], chosen["name"] = False, "Łi 李"
    again = Remembered("x", FIRST)
    assert (again["on"], again["name"]) == (False, "Łi 李")
    assert Remembered("y", FIRST)["on"] is True


@pytest.mark.parametrize("text", ["", "[]", "7", "\ufffe", '{"on": "no", "name": 3}', '{"on": false', "null"])
def test_a_damaged_file_is_no_choice(tmp_path: Path, text: str) -> None:
    Remembered("x", FIRST)["on"] = False
    (file,) = tmp_path.rglob("x.json")
    file.write_text(text, "utf-8")
    again = Remembered("x", FIRST)
    assert (again["on"], again["name"]) == (True, "")


def test_where_nothing_can_be_written_a_choice_holds_for_this_window(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where the folder would be")
    chosen = Remembered("x", FIRST)
    chosen["on"] = False
    assert chosen["on"] is False
    assert Remembered("x", FIRST)["on"] is True
