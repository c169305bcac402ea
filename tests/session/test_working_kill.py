"""Two processes accept, export, predict and fine-tune in one project and are killed at random lines, over and over.

What was told is there: labels that were accepted, on their own scan; files that were exported; models that were added.
Read by SQLite, nibabel and hashes, not by us. It opens, and `project check` explains every trace.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import working_process
from working_process import digest

from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.check import check
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.project.repair import repair
from napari_boundaryseg.session.report import read_report

ROUNDS = 100
MOST_LINES = 120
"""A process is killed once it has said fewer lines than this: a moment that no clock decides."""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")


@dataclass
class Told:
    """What the processes have said in all rounds, by case."""

    accepted: list[tuple[str, str, str]] = field(default_factory=list)
    exports: dict[str, set[str]] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)

    def hear(self, said: str) -> None:
        """Take in the lines of a process; the last one may have been cut."""
        for line in said.splitlines(keepends=True):
            if not line.endswith("\n"):
                continue
            kind, *words = line[:-1].split("|")
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
            if kind == "accepted":
                self.accepted.append((words[0], words[1], words[2]))
            elif kind == "exporting":
                self.exports.setdefault(words[0], set()).add(words[1])
            elif kind == "exported":
                self.exports[words[0]] = {words[1]}
            elif kind == "model":
                self.models[words[0]] = words[1]


def stored(path: Path) -> str:
    return digest(np.asarray(nib.load(path).dataobj))


def assert_kept(study: Path, results: Path, told: Told) -> None:
    with closing(sqlite3.connect(study / "project.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        slugs = dict(database.execute("SELECT name, slug FROM cases").fetchall())
        newest = dict(database.execute("SELECT name, version FROM cases").fetchall())
    for name, slug in slugs.items():
        place = study / "cases" / slug
        versions = {stored(path) for path in place.glob("labels-v*.nii.gz")}
        mine = [(scan, labels) for case, scan, labels in told.accepted if case == name]
        assert {scan for scan, _ in mine} <= {stored(place / "scan.nii.gz")}, "labels are listed on another's scan"
        assert {labels for _, labels in mine} <= versions, "what was told as accepted is missing"
    assert {name for name, _, _ in told.accepted} <= set(slugs)
    assert {case.name: case.version for case in Project(study).cases()} == newest
    for name, wanted in told.models.items():
        assert hashlib.sha256((study / "models" / name).read_bytes()).hexdigest() == wanted
    listed = {version.path.name for version in Project(study).models()}
    assert set(told.models) <= listed
    for name in listed:
        load_model(study / "models" / name)
    for name, possible in told.exports.items():
        labels = results / f"{name}_seg.nii.gz"
        if labels.exists():
            assert stored(labels) in possible
        try:
            hashes = read_report(results / f"{name}.json")["hashes"]
        except InputError:
            continue  # an export was interrupted, and the next one says so
        for file, wanted in hashes.items():
            assert hashlib.sha256((results / file).read_bytes()).hexdigest() == wanted, "the report claims another file"


def start(study: Path, results: Path, model: Path, name: str, seed: int) -> subprocess.Popen[str]:
    words = [sys.executable, working_process.__file__, str(study), str(results), str(model), name, str(seed)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def kill_both(study: Path, results: Path, model: Path, told: Told, seed: int) -> int:
    """One round; how many processes were killed."""
    rng = random.Random(seed)
    children = [start(study, results, model, name, 1000 * seed + ord(name)) for name in "ab"]
    for child in children:
        assert child.stdout is not None
        while (line := child.stdout.readline()) not in ("ready\n", ""):
            told.hear(line)
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    rng.shuffle(children)
    for child in children:  # the second one works on while the first one is heard
        assert child.stdout is not None
        for _ in range(rng.randrange(MOST_LINES)):
            told.hear(child.stdout.readline())
        child.kill()
    for child in children:
        assert child.stdin is not None and child.stdout is not None
        told.hear(child.stdout.read())  # also what was read ahead with a line, which communicate() would lose
        child.stdin.close()
        child.stdout.close()
    assert [child.wait() for child in children] == [-9, -9], "one ended by itself"
    return len(children)


@pytest.mark.long
@pytest.mark.timeout(0)
def test_200_kills_of_two_processes_that_accept_export_predict_and_fine_tune(tiny_model: Path, tmp_path: Path) -> None:
    study, results, told, kills = tmp_path / "study", tmp_path / "results", Told(), 0
    for seed in range(ROUNDS):
        kills += kill_both(study, results, tiny_model, told, seed)
        if not Project.is_in(study):
            assert not told.accepted
            continue
        assert_kept(study, results, told)
        project = Project(study)
        project.begin_writing()
        findings = check(study)
        assert [finding for finding in findings if finding.act is None] == [], "every trace of a kill is explained"
        if seed % 10 == 9:
            assert repair(project, findings) == []
            assert check(study) == []
            assert_kept(study, results, told)
        del project
    print(json.dumps(told.kinds))
    assert kills == 2 * ROUNDS
    assert min(told.kinds.get(kind, 0) for kind in ("accepted", "exported", "predicted", "model")) > 0
