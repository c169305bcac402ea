"""The licence is BSD-3, and the README says what the project is not."""

from __future__ import annotations

import tomllib
from pathlib import Path


def test_the_licence_is_bsd_3(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (root / "LICENSE").read_text(encoding="utf-8")
    assert project["license"] == "BSD-3-Clause"
    assert "Redistribution and use in source and binary forms" in text
    assert "Neither the name of the copyright holder" in text


def test_the_readme_says_research_only(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    for sentence in ("research use only", "not a medical device", "make demo", "make test", "Non-goals"):
        assert sentence.lower() in text.lower()
    assert (root / "docs" / "window.png").is_file()


def test_a_qt_binding_comes_only_with_an_extra(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert not [need for need in project["dependencies"] if need.lower().startswith(("napari", "pyqt", "pyside"))]
    assert {"pyqt5", "pyqt6", "dicom", "itk", "dev"} <= set(project["optional-dependencies"])


def test_versions_are_pinned(root: Path) -> None:
    lines = [line for line in (root / "constraints.txt").read_text().splitlines() if line and line[0] != "#"]
    assert "torch==2.13.0" in lines
    assert all("==" in line for line in lines)
