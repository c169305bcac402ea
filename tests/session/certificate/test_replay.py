"""Accepted labels are rebuilt from their journal bit for bit; what differs is named, and does not pass for the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from certified import Bench, bench, paint
from session_cases import box_labels
from typer.testing import CliRunner

from napari_boundaryseg.cli import app
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.certificate.document import sealed, text_of
from napari_boundaryseg.session.certificate.replaying import replay
from napari_boundaryseg.session.project.project import AcceptedCase, Project


@pytest.fixture
def work(tmp_path: Path) -> Bench:
    return bench(tmp_path / "journal")


@pytest.fixture
def case(work: Bench, project: Project) -> AcceptedCase:
    return work.accept(project)


def certificate(case: AcceptedCase) -> Path:
    return case.label.with_name(f"certificate-v{case.version}.json")


def run(path: Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["replay", str(path)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def rewrite(path: Path, change: Callable[[dict], object]) -> None:
    """Make a new certificate, with a hash that is right, as anybody can who may write there."""
    said = json.loads(path.read_text("utf-8"))
    change(said)
    path.write_bytes(text_of(sealed(said)))


def test_it_is_rebuilt_and_said_in_one_line(case: AcceptedCase) -> None:
    assert run(certificate(case)) == (0, "case1, version 1: rebuilt bit for bit from 6 steps of its journal.\n")


def test_later_steps_and_later_accepts_change_nothing_of_an_earlier_one(work: Bench, project: Project) -> None:
    cases = [work.accept(project)]
    for number in range(3):
        paint(work.history, number, 2, f"Paint: Hippocampus_P, slice {number + 1}")
        cases.append(work.accept(project))
    assert [case.version for case in cases] == [1, 2, 3, 4]
    assert [replay(certificate(case)).words.split(" from ")[1] for case in cases] == [
        f"{steps} steps of its journal." for steps in (6, 7, 8, 9)
    ]
    voxels = [np.asarray(nib.load(case.label).dataobj) for case in cases]
    assert all((one != other).any() for one, other in pairwise(voxels))


def test_a_copy_of_the_folder_needs_neither_project_nor_journals_of_the_program(
    case: AcceptedCase, work: Bench, tmp_path: Path
) -> None:
    shutil.copytree(case.label.parent, tmp_path / "copy")
    shutil.rmtree(case.label.parents[2])
    work.journal.finish()
    (tmp_path / "copy" / "scan.nii.gz").unlink()
    assert replay(tmp_path / "copy" / "certificate-v1.json").same


def test_without_the_file_of_the_labels_it_is_rebuilt_and_that_is_said(case: AcceptedCase) -> None:
    case.label.unlink()
    code, said = run(certificate(case))
    assert code == 0 and "labels-v1.nii.gz itself is not there" in said


def test_one_voxel_of_the_file_is_named(case: AcceptedCase) -> None:
    image = nib.load(case.label)
    voxels = np.asarray(image.dataobj).copy()
    was = int(voxels[7, 3, 9])
    voxels[7, 3, 9] = voxels[8, 0, 0] = 2 if was != 2 else 1
    nib.save(nib.Nifti1Image(voxels, image.affine, image.header), case.label)
    code, said = run(certificate(case))
    assert code == 1
    assert f"2 voxels differ, the first at (7, 3, 9): {voxels[7, 3, 9]} in labels-v1.nii.gz, {was} rebuilt" in said


def test_the_same_voxels_in_another_file_are_not_called_the_same_file(case: AcceptedCase) -> None:
    image = nib.load(case.label)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj), image.affine, image.header), case.label)
    code, said = run(certificate(case))
    assert code == 1 and "labels-v1.nii.gz holds these voxels, and is another file" in said


def test_another_grid_is_named(case: AcceptedCase) -> None:
    image = nib.load(case.label)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj), image.affine + np.eye(4)), case.label)
    code, said = run(certificate(case))
    assert code == 1 and "does not lie on the grid of the certificate" in said


def test_every_changed_byte_of_the_journal_is_noticed_and_its_record_named(case: AcceptedCase) -> None:
    path = case.label.with_name("journal-v1.steps")
    data = path.read_bytes()
    marks = [at for at in range(len(data)) if data.startswith(b"\x89BSJ1", at)]
    for at in range(5, len(data), 23):
        changed = bytearray(data)
        changed[at] ^= 0x40
        path.write_bytes(changed)
        done = replay(certificate(case))
        record = sum(mark <= at for mark in marks)
        assert not done.same and f"record {record} is damaged" in done.words
    path.write_bytes(data[: marks[-1]])
    assert not replay(certificate(case)).same
    path.write_bytes(data)
    assert replay(certificate(case)).same


def test_a_certificate_that_was_changed_is_refused(case: AcceptedCase) -> None:
    path = certificate(case)
    path.write_text(path.read_text("utf-8").replace('"case": "case1"', '"case": "case2"'))
    with pytest.raises(InputError, match="its content was changed after it was written"):
        run(path)


def test_a_new_hash_over_other_claims_does_not_make_them_true(case: AcceptedCase) -> None:
    path = certificate(case)
    before = path.read_bytes()
    for change, words in (
        (lambda said: said["labels"].update(voxels_sha256="0" * 64), "the rebuilt labels are not those"),
        (lambda said: said["work"]["journal"].update(sha256="0" * 64), "it is not the one that was kept"),
        (lambda said: said["work"]["journal"].update(records=3), "records, and not 3"),
        (lambda said: said["work"]["results"][0].update(voxels_sha256="0" * 64), "step 1 (Model: Tiny) leads to other"),
        (lambda said: said["work"].update(results=[]), "other results than the certificate"),
        (lambda said: said["labels"].update(sha256="0" * 64), "is another file"),
    ):
        rewrite(path, change)
        code, said = run(path)
        assert code == 1 and words in said
        path.write_bytes(before)


def test_without_a_journal_it_says_why(project: Project, scan: Volume, case: AcceptedCase) -> None:
    other = project.add_case(scan, box_labels(scan))
    with pytest.raises(InputError, match=r"it cannot be replayed: There is no journal of these labels\. Keep"):
        run(certificate(other))
    case.label.with_name("journal-v1.steps").unlink()
    with pytest.raises(InputError, match=r"journal-v1\.steps: it cannot be read"):
        run(certificate(case))
