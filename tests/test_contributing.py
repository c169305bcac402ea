"""What a contributor and a release rely on: commands that exist, one version, hooks that run on every system."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")


def test_every_make_target_that_is_named_exists(root: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in ("CONTRIBUTING.md", "README.md", ".ci/run", ".github/workflows/test.yml"):
        text = (root / page).read_text(encoding="utf-8")
        named = set(re.findall(r"(?:^|`|- run: |\d )make ([a-z0-9-]+)", text, re.MULTILINE))
        assert named <= targets, page


def test_the_citation_names_the_version_of_the_project(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert citation["authors"] == project["authors"]


def test_the_workflow_tests_what_is_promised(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    jobs = yaml.safe_load((root / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))["jobs"]
    promised = {line.rpartition(" ")[2] for line in project["classifiers"] if re.search(r":: 3\.\d+$", line)}
    assert set(jobs["linux"]["strategy"]["matrix"]["python"]) == promised
    assert set(jobs["desktop"]["strategy"]["matrix"]["system"]) == {"windows-latest", "macos-latest"}
    assert set(jobs["desktop"]["strategy"]["matrix"]["qt"]) <= set(project["optional-dependencies"])
    for job in jobs.values():
        for step in job["steps"]:
            script = re.match(r"(?:sudo \S+=\S+ )?(tools/\S+)", step.get("run", ""))
            assert script is None or (root / script[1]).is_file()


def test_hooks_need_no_path_of_one_system(root: Path) -> None:
    hooks = yaml.safe_load((root / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    assert {hook["id"] for hook in hooks} == {"format", "ruff", "mypy", "floors", "large-files"}
    assert all(hook["entry"].startswith("python ") for hook in hooks)
