"""The oldest libraries that are allowed: read from pyproject.toml, so that what is tested is what is promised."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType


def test_names_and_versions_are_read_from_requirements(scripts: Callable[..., ModuleType]) -> None:
    lowest = scripts("tools/lowest.py").lowest
    assert lowest(["numpy>=1.26", "napari[pyqt5]>=0.9,<0.10", "build", "Some.Name-2 >= 3.0rc1"]) == {
        "numpy": "1.26",
        "napari": "0.9",
        "Some.Name-2": "3.0rc1",
    }


def test_every_library_of_the_program_has_a_lowest_and_a_tested_version(scripts: Callable[..., ModuleType]) -> None:
    script = scripts("tools/lowest.py")
    needed = script.requirements()
    assert len(script.lowest(needed)) == len(needed)
    assert {name.lower() for name in script.lowest(needed)} <= {name.lower() for name in script.tested()}
