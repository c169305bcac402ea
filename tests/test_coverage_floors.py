"""The floors under branch coverage: sums over rooms, and what is too low is named."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def floors(scripts: Callable[..., ModuleType]) -> ModuleType:
    return scripts("tools/coverage_floors.py")


def file(lines: int, of: int, branches: int = 0, of_branches: int = 0) -> dict[str, Any]:
    counts = (lines, of, branches, of_branches)
    names = ("covered_lines", "num_statements", "covered_branches", "num_branches")
    return {"summary": dict(zip(names, counts, strict=True))}


def test_lines_and_branches_are_summed_over_rooms(floors: ModuleType) -> None:
    report = {
        "files": {
            "napari_boundaryseg/errors.py": file(10, 10),
            "napari_boundaryseg/data/formats/nifti/raw.py": file(6, 8, 3, 4),
            "/elsewhere/napari_boundaryseg/data/volume.py": file(4, 4),
        }
    }
    rooms = floors.by_room(report)
    assert {room: round(floors.percent(counts), 1) for room, counts in rooms.items()} == {
        "all": 88.5,
        "(top)": 100.0,
        "data": 81.2,
        "data/formats": 75.0,
    }


def test_a_room_below_its_floor_or_without_files_is_named(floors: ModuleType) -> None:
    full = {f"napari_boundaryseg/{room}/a.py": file(100, 100) for room in floors.FLOORS_PERCENT}
    assert floors.too_low(floors.by_room({"files": full})) == []
    low = full | {"napari_boundaryseg/data/formats/a.py": file(94, 100)}
    assert floors.too_low(floors.by_room({"files": low})) == ["data/formats: 94.0 % is below its floor of 95 %."]
    del full["napari_boundaryseg/editing/journal/a.py"]
    assert [line.partition(":")[0] for line in floors.too_low(floors.by_room({"files": full}))] == ["editing/journal"]
