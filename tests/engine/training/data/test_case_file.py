"""A prepared case comes back from its file as it was, and a file that is not as it was written does not."""

from __future__ import annotations

import os
import stat
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data.case_file import read_case, write_case
from napari_boundaryseg.engine.training.data.cases import TrainingCase, prepare, prepare_loosely
from napari_boundaryseg.phantom.two_part import two_part_structure

RECIPE = recipe("hippocampus-sgm")
CASE = prepare(*two_part_structure(1), RECIPE)


def same(one: TrainingCase, other: TrainingCase) -> bool:
    for name in (field.name for field in fields(TrainingCase)):
        a, b = getattr(one, name), getattr(other, name)
        if name == "voxels":
            equal = len(a) == len(b) and all(x.dtype == y.dtype and np.array_equal(x, y) for x, y in zip(a, b))
        elif name == "maps":
            equal = list(a) == list(b) and all(a[k].dtype == b[k].dtype and torch.equal(a[k], b[k]) for k in a)
        elif isinstance(a, torch.Tensor):
            equal = a.dtype == b.dtype and torch.equal(a, b)
        else:
            equal = a == b and type(a) is type(b)
        if not equal:
            return False
    return True


@pytest.mark.parametrize(
    "case",
    [
        CASE,
        prepare_loosely(*two_part_structure(2), RECIPE),
        replace(CASE, valid=(CASE.labels > 0)[None], extent=(0, 1, 5), name="Ä 1"),
        replace(CASE, voxels=[], maps={}),
    ],
)
def test_a_case_comes_back_as_it_was(case, tmp_path):
    write_case(tmp_path / "case", case)
    found = read_case(tmp_path / "case")
    assert found is not None
    assert same(found, case)


@pytest.mark.skipif(os.name == "nt", reason="rights are others there")
def test_nobody_else_may_read_it(tmp_path):
    write_case(tmp_path / "case", CASE)
    assert stat.S_IMODE((tmp_path / "case").stat().st_mode) == 0o600


def test_what_is_changed_in_a_case_does_not_reach_its_file(tmp_path):
    write_case(tmp_path / "case", CASE)
    first = read_case(tmp_path / "case")
    assert first is not None
    first.image.zero_()
    again = read_case(tmp_path / "case")
    assert again is not None
    assert same(again, CASE)


@pytest.mark.parametrize("place", [0, 4, 60, 0.3, 0.7, -1])
def test_a_changed_byte_is_noticed_wherever_it_is(place, tmp_path):
    path = tmp_path / "case"
    write_case(path, CASE)
    data = bytearray(path.read_bytes())
    data[int(place * len(data)) if isinstance(place, float) else place] ^= 1
    path.write_bytes(data)
    assert read_case(path) is None


@pytest.mark.parametrize("size", [0, 7, 100, 0.5])
def test_a_file_that_is_cut_off_is_none(size, tmp_path):
    path = tmp_path / "case"
    write_case(path, CASE)
    data = path.read_bytes()
    path.write_bytes(data[: int(size * len(data)) if isinstance(size, float) else size])
    assert read_case(path) is None


def test_no_file_and_another_file_are_none(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no case")
    assert all(read_case(tmp_path / name) is None for name in ("none", "folder", "text"))
