"""Cases in files teach what cases in memory teach, are found again, and go when nobody needs them."""

from __future__ import annotations

import errno
import os
import stat

import numpy as np
import pytest
import torch

from napari_boundaryseg.data import saving
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training import train
from napari_boundaryseg.engine.training.data import cases as training_cases
from napari_boundaryseg.engine.training.data import held_cases
from napari_boundaryseg.engine.training.loop.folder import PREPARED
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Cancelled


def case(seed: int):
    """A bright box (1) beside a dark one (2) in noise."""
    labels = np.zeros((12, 12, 12), np.uint8)
    labels[3:9, 2:6, 3:9], labels[3:9, 6:10, 3:9] = 1, 2
    image = np.random.default_rng(seed).normal(0, 0.2, labels.shape) + np.array([0, 2, -2])[labels]
    volume = Volume(image[None].astype(np.float32), Geometry(labels.shape, np.eye(4)), name=f"case {seed}")
    return volume, volume.with_labels(labels, preset("hippocampus"))


CASES, JUDGE = [case(seed) for seed in (1, 2, 3)], [case(4)]


def wanted(**settings) -> Recipe:
    small = {"patch_vox": (8, 8, 8), "batch": 1, "steps": 4, "steps_per_epoch": 2, "network_arguments.width": 4}
    return recipe("hippocampus-sgm").with_settings({**small, **settings})


def stop_at(step: int):
    def progress(fraction, text=""):
        if f"step {step} " in text:
            raise Cancelled

    return progress


def taught(folder, cases=CASES, settings=None, **given):
    return fit(settings or wanted(), cases, folder, validation=JUDGE, device="cpu", **given)


def lines(folder) -> list[str]:
    """Of the log, without times."""
    return [line.split(', "seconds"')[0] for line in (folder / "log.jsonl").read_text().splitlines()]


def same_weights(one, other) -> bool:
    a, b = (load_model(folder / "last.safetensors").network.state_dict() for folder in (one, other))
    return all(torch.equal(a[name], b[name]) for name in a)


def files_of(folder) -> dict:
    return {path: path.read_bytes() for path in sorted((folder / PREPARED).glob("*"))}


@pytest.fixture
def in_files(monkeypatch):
    """Every case in a file."""
    monkeypatch.setattr(held_cases, "IN_MEMORY", 0)


@pytest.fixture
def made(monkeypatch):
    """Names of the scans that are prepared."""
    names, real = [], training_cases.prepare

    def noted(volume, *given, **named):
        names.append(volume.name)
        return real(volume, *given, **named)

    monkeypatch.setattr(training_cases, "prepare", noted)
    return names


@pytest.mark.parametrize(
    "settings", [{}, {"box_margin_mm": (2.0, 6.0)}, {"augmentation.rotate_deg": 0.0, "augmentation.scale": 0.0}]
)
def test_cases_in_files_teach_the_same_also_after_an_interruption(settings, tmp_path, monkeypatch):
    memory, file, parts = (tmp_path / name for name in ("memory", "file", "parts"))
    taught(memory, settings=wanted(**settings))
    monkeypatch.setattr(held_cases, "IN_MEMORY", 0)
    taught(file, settings=wanted(**settings))
    with pytest.raises(Cancelled):
        taught(parts, settings=wanted(**settings), progress=stop_at(3))
    assert len(files_of(parts)) == 4
    taught(parts, settings=wanted(**settings), resume=True)
    assert lines(memory) == lines(file) == lines(parts)
    assert same_weights(memory, file)
    assert same_weights(memory, parts)


def test_they_are_private_and_go_at_the_end(in_files, tmp_path):
    seen = []
    taught(
        tmp_path, progress=lambda *_: seen.append((tmp_path / PREPARED).exists()), judge=lambda _: seen.append("judge")
    )
    assert seen[-2:] == [True, "judge"]
    assert not (tmp_path / PREPARED).exists()
    with pytest.raises(Cancelled):
        taught(tmp_path / "stopped", progress=stop_at(1))
    if os.name != "nt":
        rights = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "stopped" / PREPARED).iterdir()}
        assert rights == {0o600}
        assert stat.S_IMODE((tmp_path / "stopped" / PREPARED).stat().st_mode) == 0o700


def test_little_stays_in_memory_and_only_what_is_more_goes_to_files(tmp_path, monkeypatch):
    with pytest.raises(Cancelled):
        taught(tmp_path / "small", progress=stop_at(1))
    assert not (tmp_path / "small" / PREPARED).exists()
    monkeypatch.setattr(held_cases, "IN_MEMORY", 1)
    with pytest.raises(Cancelled):
        taught(tmp_path / "large", progress=stop_at(1))
    assert len(files_of(tmp_path / "large")) == 3, "the first case passed the bound"


def test_a_resumed_training_finds_them_again(in_files, made, tmp_path):
    with pytest.raises(Cancelled):
        taught(tmp_path, progress=stop_at(3))
    assert len(made) == 4
    before = files_of(tmp_path)
    taught(tmp_path, resume=True, stop_after_s=0)
    assert len(made) == 4, "nothing was prepared anew"
    assert not before.keys() & files_of(tmp_path).keys(), "it was done"


@pytest.mark.parametrize("fault", ["changed", "cut off", "empty"])
def test_a_damaged_file_is_prepared_anew(fault, in_files, made, tmp_path):
    taught(tmp_path / "whole")
    with pytest.raises(Cancelled):
        taught(tmp_path / "parts", progress=stop_at(3))
    path, data = next(iter(files_of(tmp_path / "parts").items()))
    spoilt = {"changed": data[:-9] + bytes([data[-9] ^ 255]) + data[-8:], "cut off": data[:-9], "empty": b""}
    path.unlink()
    path.write_bytes(spoilt[fault])
    made.clear()
    taught(tmp_path / "parts", resume=True)
    assert len(made) == 1
    assert same_weights(tmp_path / "whole", tmp_path / "parts")


def test_files_of_another_recipe_other_labels_and_another_place_are_not_taken(in_files, made, tmp_path):
    volume, labels = CASES[0]
    moved = np.roll(labels.array, 1, axis=0)
    for cases, settings in (
        (CASES, wanted(**{"preprocessing.spacing_mm": (1.5, 1.5, 1.5)})),
        (CASES, wanted(**{"targets.sigma_mm": 2.5})),
        ([(volume, volume.with_labels(moved, labels.scheme)), *CASES[1:]], wanted()),
    ):
        with pytest.raises(Cancelled):
            taught(tmp_path, progress=stop_at(1), overwrite=True)
        before = set(files_of(tmp_path))
        with pytest.raises(Cancelled):
            taught(tmp_path, cases, settings, progress=stop_at(1), overwrite=True)
        assert len(files_of(tmp_path)) == 4, "what nobody uses any more is gone"
        assert before != set(files_of(tmp_path))


def test_what_is_overwritten_leaves_none(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(held_cases, "IN_MEMORY", 0)
        with pytest.raises(Cancelled):
            taught(tmp_path, progress=stop_at(1))
    assert files_of(tmp_path)
    with pytest.raises(Cancelled):
        taught(tmp_path, overwrite=True, progress=stop_at(1))
    assert not (tmp_path / PREPARED).exists()


def test_a_training_that_fails_leaves_none(in_files, tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("a fault")

    monkeypatch.setattr(train, "all_steps", fail)
    with pytest.raises(RuntimeError, match="a fault"):
        taught(tmp_path)
    assert not (tmp_path / PREPARED).exists()


def test_a_full_disk_is_one_sentence_and_leaves_nothing(in_files, tmp_path, monkeypatch):
    written, real = [], saving.sync_file

    def full(stream):
        written.append(stream)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(stream)

    monkeypatch.setattr(saving, "sync_file", full)
    with pytest.raises(
        InputError, match=r"^out: the prepared cases could not be written there: No space left.*another disk"
    ):
        taught(tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_that_somebody_removed_meanwhile_does_not_matter(in_files, tmp_path, monkeypatch):
    taught(tmp_path / "whole")
    monkeypatch.setattr(held_cases, "read_case", lambda path: None)
    taught(tmp_path / "gone")
    assert same_weights(tmp_path / "whole", tmp_path / "gone")
