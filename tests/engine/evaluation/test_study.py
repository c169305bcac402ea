"""Study files: trainings, their digests, their folders, the boxes of their cases."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data.boxes import around
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.engine.evaluation.folds import FOLDS
from napari_boundaryseg.engine.evaluation.study import Study, loose_box
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.phantom import two_part_structure

TEXT = """
data = "hippocampus"
rows = ["train", "val"]

[[training]]
name = "sgm"
recipe = "hippocampus-sgm"
steps = 900
settings = { "optimiser.ema_decay" = 0.99 }

[[training]]
name = "quick"
recipe = "hippocampus-sgm"
steps = 10
folds = [1]
"""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    path = tmp_path / "brain.toml"
    path.write_text(TEXT)
    return Study.read(path)


def test_what_a_file_lists(study: Study) -> None:
    sgm, quick = study.trainings
    assert (sgm.folds, quick.folds) == (tuple(range(FOLDS)), (1,))
    assert (sgm.wanted.steps, sgm.wanted.optimiser.ema_decay) == (900, 0.99)
    assert quick.wanted.optimiser == recipe("hippocampus-sgm").optimiser
    assert study.training("quick") == quick
    with pytest.raises(InputError, match=r"it has no training 'big'. It has: sgm, quick"):
        study.training("big")


def test_folds_of_the_study_are_those_of_its_trainings(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("folds = [0, 3]\n" + TEXT)
    assert [training.folds for training in Study.read(path).trainings] == [(0, 3), (1,)]


def test_another_setting_is_another_training_in_another_folder(study: Study, tmp_path: Path) -> None:
    before = study.trainings[0]
    study.path.write_text(TEXT.replace("0.99", "0.999"))
    after = Study.read(study.path).trainings[0]
    assert before.config == before.wanted.digest != after.config
    assert study.fold_folder(before, 2, tmp_path) == tmp_path / "brain" / f"sgm-2-{before.config}"
    assert study.predictions_folder(before, tmp_path) != study.predictions_folder(after, tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("data = [", "no study"), ('data = "x"\nrows = []', "lacks 'training'"), (TEXT + 'step = "1"', "step")],
)
def test_a_file_that_is_no_study_is_named(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"bad.toml: it is no study.*{reason}|bad.toml: it is {reason}"):
        Study.read(path)


def test_only_the_rows_of_a_study_count(study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "hippocampus"
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
        for name in "abc":
            (folder / kind / f"{name}.nii.gz").touch()
    (folder / "splits.csv").write_text("case,group,split\na,1,train\nb,2,val\nc,3,test\n")
    assert [case.name for case in study.cases(tmp_path)] == ["a", "b"]


def test_the_box_of_a_case_is_loose_and_always_the_same() -> None:
    volume, labels = two_part_structure(0)
    wanted = recipe("hippocampus-sgm")
    assert loose_box(volume, labels, wanted) is None, "a recipe that asks for no box"
    boxed = wanted.with_settings({"box_margin_mm": (2.0, 6.0)})
    box, tight = loose_box(volume, labels, boxed), around(labels.array > 0, labels.spacing_mm)
    assert box is not None
    assert tight is not None
    assert box == loose_box(volume, labels, boxed)
    assert all(part.start <= least.start and part.stop >= least.stop for part, least in zip(box, tight, strict=True))
    assert np.count_nonzero(labels.array[box]) == np.count_nonzero(labels.array)


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
def test_the_ends_of_a_box_along_the_body_have_margins_of_their_own(axes: tuple[int, int, int]) -> None:
    volume, labels = two_part_structure(0)
    turned = np.eye(4)
    turned[:3, :3] = labels.affine[:3, :3][:, axes]
    array = np.ascontiguousarray(labels.array.transpose(axes))
    other = LabelMap(array, Geometry(array.shape, turned), labels.scheme, labels.name)
    ended = recipe("hippocampus-sgm").with_settings({"box_margin_mm": (3.0, 4.0), "box_margin_along_mm": (0.0, 0.001)})
    box, tight = loose_box(volume, other, ended), around(other.array > 0, other.spacing_mm)
    assert box is not None
    assert tight is not None
    for axis, (part, least) in enumerate(zip(box, tight, strict=True)):
        room = (least.start - part.start, part.stop - least.stop)
        assert room == (0, 0) if axes[axis] == 2 else min(room) >= 1


def test_margins_along_the_body_need_a_box() -> None:
    with pytest.raises(ValueError, match="set box_margin_mm"):
        recipe("hippocampus-sgm").with_settings({"box_margin_along_mm": (0.0, 30.0)})


def test_settings_of_the_study_are_those_of_every_training_that_says_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('settings = { "batch" = 3, "optimiser.ema_decay" = 0.5 }\n' + TEXT)
    sgm, quick = Study.read(path).trainings
    assert (sgm.wanted.batch, sgm.wanted.optimiser.ema_decay) == (3, 0.99)
    assert (quick.wanted.batch, quick.wanted.optimiser.ema_decay) == (3, 0.5)


def test_rows_that_judge_are_the_only_fold(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('judges = ["val"]\n' + TEXT.replace('"train", "val"', '"train"'))
    study = Study.read(path)
    folder = tmp_path / "hippocampus"
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
        for name in "abc":
            (folder / kind / f"{name}.nii.gz").touch()
    (folder / "splits.csv").write_text("case,group,split\na,1,train\nb,2,val\nc,3,test\n")
    known, unseen = study.divided(study.cases(tmp_path), 0)
    assert ([case.name for case in known], [case.name for case in unseen]) == (["a"], ["b"])
    assert study.training("sgm").folds == (0,)
