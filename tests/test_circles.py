"""No module imports itself by way of others, also not late or only for a type checker."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

PACKAGE = "napari_boundaryseg"


def circles(package: str) -> list[set[str]]:
    """The strongly connected components of a package's imports, those inside functions included."""
    graph = grimp.build_graph(package, cache_dir=None)
    names = sorted(graph.modules)
    place = {name: n for n, name in enumerate(names)}
    pairs = [(place[a], place[b]) for a in names for b in graph.find_modules_directly_imported_by(a)]
    rows, columns = zip(*pairs)
    matrix = csr_array(([True] * len(pairs), (rows, columns)), shape=(len(names), len(names)))
    _, parts = connected_components(matrix, connection="strong")
    groups: dict[int, set[str]] = {}
    for name, part in zip(names, parts):
        groups.setdefault(int(part), set()).add(name)
    return [group for group in groups.values() if len(group) > 1]


def test_there_is_no_circle() -> None:
    assert circles(PACKAGE) == []


def test_a_circle_through_a_late_import_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "round_trip"
    folder.mkdir()
    texts = {
        "__init__": "",
        "a": "from round_trip import b",
        "b": "def late():\n    from round_trip.c import c",
        "c": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from round_trip import a\nc = 1",
        "d": "from round_trip import a",
    }
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert circles("round_trip") == [{"round_trip.a", "round_trip.b", "round_trip.c"}]
