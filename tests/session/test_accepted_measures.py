"""Measures of accepted cases: read from the project, each once, but not those of the scan that is checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.review.rules.check import check
from napari_boundaryseg.session.accepted_measures import AcceptedMeasures
from napari_boundaryseg.session.project.project import Project

AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])


def case(n: int, side: int) -> tuple[Volume, LabelMap]:
    """A scan with a box of GTV, ``side`` voxels wide and 9 high."""
    image = np.random.default_rng(n).normal(size=(1, 40, 40, 20)).astype(np.float32)
    scan = Volume(image, Geometry((40, 40, 20), AFFINE), ("image",), name=f"case{n}")
    array = np.zeros((40, 40, 20), np.uint8)
    array[5 : 5 + side, 5 : 5 + side, 5:14] = 1
    return scan, scan.with_labels(array, preset("sarcoma"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Eight cases of 0.0012 mL times 9 times 9 to 11 squared voxels."""
    made = Project(tmp_path / "project")
    for n in range(8):
        made.add_case(*case(n, 9 + n % 3))
    return made


def test_what_is_larger_than_every_accepted_case_is_found_once_they_were_measured(project: Project) -> None:
    scan, labels = case(20, 25)
    found = AcceptedMeasures()
    cases = found.cases(project, hash_of(scan))
    assert len(found.missing(cases)) == 8
    assert found.known(cases) == []
    alone = {one.identity for one in check(labels)}
    found.measure(project, cases)
    assert found.missing(cases) == []
    more = [one for one in check(labels, accepted=found.known(cases)) if one.identity not in alone]
    assert [one.rule for one in more] == ["volume"]
    ml = sorted(one.volumes_ml["GTV"] for one in found.known(cases))
    assert ml == pytest.approx(sorted((9 + n % 3) ** 2 * 9 * 12 / 1000 for n in range(8)))


def test_the_scan_that_is_checked_is_left_out_and_with_it_they_are_too_few(project: Project) -> None:
    assert len(AcceptedMeasures.cases(project, "another scan")) == 8
    assert AcceptedMeasures.cases(project, hash_of(case(3, 9)[0])) == []


def test_labels_are_read_once_and_another_version_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = formats.read_labels
    monkeypatch.setattr(formats, "read_labels", lambda path, **named: (read.append(str(path)), real(path, **named))[1])
    found = AcceptedMeasures()
    found.measure(project, found.missing(found.cases(project, "")))
    assert len(read) == len(set(read)) == 8
    project.add_case(*case(2, 14))
    again = found.missing(found.cases(project, ""))
    assert [one.name for one in again] == ["case2"]
    read.clear()
    found.measure(project, again)
    assert read == [str(again[0].label)]
    assert max(one.volumes_ml["GTV"] for one in found.known(found.cases(project, ""))) == pytest.approx(14**2 * 0.108)


def test_labels_that_cannot_be_read_say_nothing(project: Project) -> None:
    found = AcceptedMeasures()
    cases = found.cases(project, "")
    cases[0].label.write_bytes(b"no labels")
    found.measure(project, cases)
    assert len(found.known(cases)) == 7
    assert found.missing(cases) == []


def test_without_a_project_there_are_none() -> None:
    assert AcceptedMeasures.cases(None, "") == []
