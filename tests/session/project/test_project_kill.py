"""Two processes accept in one project and are killed: what was told is there, on its own scan, with its certificate."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import accepting_process
import killed_accepts as killed_accepts_process
import nibabel as nib
import numpy as np
import pytest
from accepting_process import digest, labels_of, scan_of

from napari_boundaryseg.session.certificate.replaying import replay
from napari_boundaryseg.session.project.check import check
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.project.repair import repair

MOMENTS = 1010
"""About as many as two accepts have."""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")


def run_both(folder: Path, *commands: Sequence[object]) -> list[list[str]]:
    """The lines of processes that begin at the same time; each is told to wait for the other where it is refused."""
    children = [
        subprocess.Popen(
            [sys.executable, accepting_process.__file__, str(folder), *map(str, command)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    return [child.communicate()[0].splitlines() for child in children]


def accepted(lines: Sequence[str]) -> list[tuple[str, int, str, str]]:
    """Name, version, digest of the scan and of the labels of every accept that was told."""
    found = [line.split("|") for line in lines if line.startswith("accepted|") and line.count("|") == 4]
    return [(name, int(version), scan, labels) for _, name, version, scan, labels in found]


def assert_kept(folder: Path, told: Sequence[tuple[str, int, str, str]]) -> None:
    """Every accept that was told has a version of its own on the disk; read by SQLite and nibabel, not by us."""
    assert len({(name, version) for name, version, _, _ in told}) == len(told)
    with closing(sqlite3.connect(folder / "project.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        slugs = dict(database.execute("SELECT name, slug FROM cases").fetchall())
        newest = dict(database.execute("SELECT name, version FROM cases").fetchall())
        states = {row[:2]: row[2] for row in database.execute("SELECT slug, version, state FROM versions")}
    for name, version, scan, labels in told:
        place = folder / "cases" / slugs[name]
        assert digest(np.asarray(nib.load(place / "scan.nii.gz").dataobj)) == scan
        assert digest(np.asarray(nib.load(place / f"labels-v{version}.nii.gz").dataobj)) == labels
        assert states[slugs[name], version] == "valid"
        assert newest[name] >= version
    assert {case.name: case.version for case in Project(folder).cases()} == newest
    assert_certified(folder, [(slugs[name], version, labels) for name, version, _, labels in told])


def assert_certified(folder: Path, told: Sequence[tuple[str, int, str]]) -> None:
    """Every accept that was told has a certificate in one unbroken chain, and is rebuilt from its journal."""
    with closing(sqlite3.connect(folder / "project.sqlite")) as database:
        rows = database.execute("SELECT slug, version, sha256, previous FROM certificates ORDER BY number").fetchall()
    certified = {(slug, version): sha256 for slug, version, sha256, _ in rows}
    assert [previous for *_, previous in rows] == ["", *(sha256 for _, _, sha256, _ in rows)][:-1]
    for slug, version, _ in told:
        place = folder / "cases" / slug
        said = json.loads((place / f"certificate-v{version}.json").read_text("utf-8"))
        own = said.pop("sha256")
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        assert certified[slug, version] == own == hashlib.sha256(text.encode()).hexdigest()
        label, journal = place / f"labels-v{version}.nii.gz", place / f"journal-v{version}.steps"
        assert said["labels"]["sha256"] == hashlib.sha256(label.read_bytes()).hexdigest()
        assert said["work"]["journal"]["sha256"] == hashlib.sha256(journal.read_bytes()).hexdigest()
        assert (place / f"certificate-v{version}.html").read_text("ascii").endswith("</html>\n")
        done = replay(place / f"certificate-v{version}.json")
        assert done.same, done.words


def kept_files(folder: Path) -> set[bytes]:
    kinds = ("*.nii.gz", "certificate-*", "*-certificate-*", "*.steps")
    return {path.read_bytes() for kind in kinds for path in folder.rglob(kind)}


def kill_once(folder: Path, seed: int) -> None:
    rng = Random(seed)
    scans = rng.choice([(1, 1), (1, 2)])
    lines = run_both(
        folder,
        (scans[0], 100, 2, rng.randint(1, MOMENTS), "wait"),
        (scans[1], 200, 2, rng.choice([0, rng.randint(1, MOMENTS)]), "wait"),
    )
    assert not [line for said in lines for line in said if line.startswith("failed")], lines
    assert_mended(folder, [accept for said in lines for accept in accepted(said)], scans == (1, 2))


def assert_mended(folder: Path, told: Sequence[tuple[str, int, str, str]], two_scans: bool = False) -> None:
    """After a kill the project opens with what was told, a check explains every trace, and a repair loses nothing."""
    project = Project(folder)
    if not Project.is_in(folder):
        return
    project.begin_writing()
    assert_kept(folder, told)
    findings = check(folder)
    assert [finding for finding in findings if finding.act is None] == [], "every trace of a kill is explained"
    files = kept_files(folder)
    assert repair(project, findings) == []
    assert check(folder) == []
    assert kept_files(folder) >= files, "a repair deletes nothing"
    assert_kept(folder, told)
    scan = scan_of(1)
    assert (
        project.add_case(scan, labels_of(scan, 300)).version > max([0, *(v for n, v, _, _ in told if n == "t1")])
        or two_scans
    )
    assert check(folder) == []


@pytest.mark.parametrize("seed", range(6))
def test_what_was_told_as_accepted_outlives_a_kill(tmp_path: Path, seed: int) -> None:
    kill_once(tmp_path / "study", seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 300))
def test_what_was_told_as_accepted_outlives_any_kill(tmp_path: Path, seed: int) -> None:
    kill_once(tmp_path / "study", seed)


def killed_accepts(root: Path, first: int, last: int) -> list[int]:
    """Kill one accept with its certificate for each seed; how many accepts each had told."""
    words = [sys.executable, killed_accepts_process.__file__, str(root), str(first), str(last), str(MOMENTS)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counts = []
    for seed in range(first, last):
        lines = (root / str(seed) / "told").read_text("utf-8").splitlines()
        assert not [line for line in lines if line.startswith(("failed", "held"))], lines
        told = accepted(lines)
        assert_mended(root / str(seed) / "study", told)
        counts.append(len(told))
    return counts


def test_accepts_with_certificates_outlive_kills(tmp_path: Path) -> None:
    assert len(killed_accepts(tmp_path, 0, 12)) == 12


@pytest.mark.long
@pytest.mark.timeout(0)
def test_accepts_with_certificates_outlive_200_kills(tmp_path: Path) -> None:
    counts = killed_accepts(tmp_path, 1000, 1200)
    assert {0, 1, 2} >= set(counts) >= {0, 1}, "killed before the first accept, and between the two"
    print({told: counts.count(told) for told in (0, 1, 2)})


@pytest.mark.parametrize("locks", ["", "lying"])
def test_two_processes_lose_nothing_even_where_file_locks_do_not_hold(tmp_path: Path, locks: str) -> None:
    lines = run_both(tmp_path / "study", (1, 100, 4, 0, "wait", locks), (1, 200, 4, 0, "wait", locks))
    told = [accept for said in lines for accept in accepted(said)]
    assert len(told) == 8
    if not locks:
        assert sorted(version for _, version, _, _ in told) == list(range(1, 9))
    assert_kept(tmp_path / "study", told)


def test_two_scans_of_one_name_become_two_cases(tmp_path: Path) -> None:
    lines = run_both(tmp_path / "study", (1, 100, 2, 0, "wait"), (2, 200, 2, 0, "wait"))
    told = [accept for said in lines for accept in accepted(said)]
    assert sorted((name, version) for name, version, _, _ in told) == [
        ("t1", 1),
        ("t1", 2),
        ("t1 (2)", 1),
        ("t1 (2)", 2),
    ]
    assert_kept(tmp_path / "study", told)
