"""Rows 81 to 98 of the catalogue, as far as no test of saving, projects or journals makes the fault."""

from __future__ import annotations

import gzip
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from patience import PATIENCE_S

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.records import JournalHeader
from napari_boundaryseg.editing.journal.scan_hash import scan_hash
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.export import export_files
from napari_boundaryseg.session.project import project as project_module
from napari_boundaryseg.session.project.project import Project

from .helpers import AFFINE, VOXELS

PLANTED = ("DOE^JOHN", "19600102", "ID-4711", "1.2.826.0.1.98.7", "SECRET-DB", "SECRET-AUX", "SECRET-INTENT", "WARD-9")
"""Eight strings of a patient, a machine or a user that a header, an extension or a folder's name holds."""


def planted(folder: Path) -> Volume:
    """A scan whose header, extension and folders name a patient."""
    image = nib.Nifti1Image(VOXELS, AFFINE)
    image.header["descrip"], image.header["db_name"] = b"DOE^JOHN 19600102", b"SECRET-DB"
    image.header["aux_file"], image.header["intent_name"] = b"SECRET-AUX", b"SECRET-INTENT"
    image.header.extensions.append(nib.nifti1.Nifti1Extension("dicom", b"\x10\0\x20\0LO\x08\0ID-4711 "))
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"1.2.826.0.1.98.7"))
    place = folder / "WARD-9" / "DOE^JOHN" / "scan.nii"
    place.parent.mkdir(parents=True)
    nib.save(image, place)
    assert all(text.encode() in place.read_bytes() for text in PLANTED if text not in ("WARD-9",))
    return formats.read(place)


def leaks(folder: Path) -> list[str]:
    """Which files of a folder hold a planted string, plain or compressed, or bear it in their name."""
    found = []
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        if data[:2] == b"\x1f\x8b":
            data += gzip.decompress(data)
        for text in PLANTED:
            if text.encode() in data or text.encode("utf-16-le") in data or text in path.relative_to(folder).as_posix():
                found.append(f"{path.name}: {text}")
    return found


def test_no_output_and_no_log_names_the_patient(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    scan = planted(tmp_path / "source")
    labels = scan.with_labels((VOXELS % 3).astype(np.uint8), preset("hippocampus"))
    out = tmp_path / "out"
    export_files(scan, labels, None, {"labels", "mesh", "report"}, out)
    project = Project(out / "study")
    project.add_case(scan, labels)
    for suffix in (".nii", ".nrrd", ".mha"):
        formats.write(scan, out / f"copy{suffix}")
    array = np.zeros(VOXELS.shape, np.uint8)
    header = JournalHeader(
        scan.name, scan_hash(scan.array, scan.affine), preset("hippocampus").model_dump_json(), 0.001
    )
    journal, history = Journal(header, array, out / "journal"), History(array)
    journal.follow(history)
    history.array[1, 1, 1] = 1
    history.commit("stroke")
    journal.flush()
    assert len([path for path in out.rglob("*") if path.is_file()]) > 6
    assert leaks(out) == []
    journal.close()
    said = caplog.text + "".join(capfd.readouterr())
    assert [text for text in PLANTED if text in said] == []


def scan_of(seed: int, name: str = "scan") -> Volume:
    array = np.random.default_rng(seed).integers(0, 900, (1, 12, 12, 8)).astype(np.int16)
    return Volume(array, Geometry((12, 12, 8), np.diag([-1.0, -1, 2, 1])), name=name)


def labels_of(scan: Volume, seed: int) -> LabelMap:
    array = (np.random.default_rng(seed).random(scan.geometry.shape) > 0.7).astype(np.uint8)
    return scan.with_labels(array, preset("hippocampus"))


ACCEPTING = """
import sys
from pathlib import Path
from catalogue.test_saving_rows import labels_of, scan_of
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.project import Project
folder, scan_seed, first = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
project, scan = Project(folder), scan_of(scan_seed)
print("ready", flush=True)
sys.stdin.readline()
for seed in range(first, first + 5):
    try:
        print(project.add_case(scan, labels_of(scan, seed)).version, seed, flush=True)
    except InputError:
        print("refused", seed, flush=True)
"""


def both_accept(folder: Path, scans: tuple[int, int]) -> list[list[str]]:
    """Two processes accept five times each, at the same time; what each was told."""
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]))
    children = [
        subprocess.Popen(
            [sys.executable, "-c", ACCEPTING, str(folder), str(scan), str(100 * (n + 1))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        for n, scan in enumerate(scans)
    ]
    for child in children:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    return [line.split() for child in children for line in child.communicate(timeout=PATIENCE_S)[0].splitlines()]


def test_two_windows_lose_no_labels_that_were_told_as_accepted(tmp_path: Path) -> None:
    Project(tmp_path / "study")
    told = [line for line in both_accept(tmp_path / "study", (0, 0)) if line[0] != "refused"]
    there = [formats.read_labels(path).array for path in (tmp_path / "study").rglob("labels-v*.nii.gz")]
    wanted = [labels_of(scan_of(0), int(seed)).array for _, seed in told]
    lost = [told[n] for n, array in enumerate(wanted) if not any(np.array_equal(array, one) for one in there)]
    assert told
    assert lost == []
    assert len({version for version, _ in told}) == len(told), "two accepts have one version"


def test_two_scans_of_one_name_keep_their_own_labels(tmp_path: Path) -> None:
    Project(tmp_path / "study")
    told = [line for line in both_accept(tmp_path / "study", (1, 2)) if line[0] != "refused"]
    project = Project(tmp_path / "study")
    assert told
    for case in project.cases():
        image, labels = formats.read(case.image).array, formats.read_labels(case.label).array
        own = next(seed for seed in (1, 2) if np.array_equal(image, scan_of(seed).array))
        seeds = [int(seed) for _, seed in told if int(seed) // 100 == own]
        assert any(np.array_equal(labels, labels_of(scan_of(own), seed).array) for seed in seeds)


def test_a_clock_that_goes_back_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Back(datetime):
        hour = 20

        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            Back.hour -= 1
            return datetime(2026, 1, 1, max(Back.hour, 0), tzinfo=UTC)

    monkeypatch.setattr(project_module, "datetime", Back, raising=False)
    project, scan = Project(tmp_path / "study"), scan_of(0)
    versions = [project.add_case(scan, labels_of(scan, seed)).version for seed in range(3)]
    assert versions == [1, 2, 3]
    (case,) = project.cases()
    assert np.array_equal(formats.read_labels(case.label).array, labels_of(scan, 2).array)


def test_one_moment_is_enough_for_two_removals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Still(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(2026, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(project_module, "datetime", Still, raising=False)
    project = Project(tmp_path / "study")
    for seed in (1, 2):
        scan = scan_of(seed)
        project.add_case(scan, labels_of(scan, seed))
        project.remove_case(scan.name)
    kept = [formats.read(path).array for path in (tmp_path / "study").rglob("scan.nii.gz")]
    assert sorted(next(n for n in (1, 2) if np.array_equal(one, scan_of(n).array)) for one in kept) == [1, 2]


@pytest.mark.parametrize("name", ["../../x", "..\\x", "/abs", "a\0b", "a" * 300, "CON", "Case", "case", ".", "..", " "])
def test_a_cases_name_never_becomes_a_path(tmp_path: Path, name: str) -> None:
    project, scan = Project(tmp_path / "study"), scan_of(0, name)
    try:
        case = project.add_case(scan, labels_of(scan, 1))
    except InputError:
        assert not list(tmp_path.rglob("*.nii.gz"))
        return
    for path in (case.image, case.label):
        assert path.resolve().is_relative_to((tmp_path / "study" / "cases").resolve())
    assert [path.name for path in tmp_path.iterdir()] == ["study"]
    with closing(sqlite3.connect(tmp_path / "study" / "project.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
