"""OpenVINO gives PyTorch's answers; it is tried where it can take no other process along, and used where it pays."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_segment import SYSTEMS, model, scan

from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model, save
from napari_boundaryseg.engine.inference import answer
from napari_boundaryseg.engine.inference.backends import choice, openvino
from napari_boundaryseg.engine.inference.backends.choice import backend_for, learn, remembered
from napari_boundaryseg.engine.inference.backends.openvino import Compiled
from napari_boundaryseg.engine.inference.backends.stacked import Stacked
from napari_boundaryseg.engine.inference.backends.trial import Trial
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models import EVERY_MAP

needs_openvino = pytest.mark.skipif(not openvino.is_there(), reason="OpenVINO is not installed")
FAST = Trial(same=1.0, farthest=0.0, torch_s=1.0, openvino_s=0.1, compile_s=5.0)
SLOW = FAST._replace(openvino_s=2.0)
WRONG = FAST._replace(same=0.5)


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(choice, "user_cache_path", lambda name: tmp_path / "cache")


@pytest.fixture
def on_disk(tmp_path: Path) -> LoadedModel:
    """A small SGM in a file."""
    made = model("sgm", tmp_path)
    path = tmp_path / "tiny.safetensors"
    save(path, made.card, made.network.state_dict())
    return load_model(path)


@needs_openvino
@pytest.mark.parametrize("asked", [(), EVERY_MAP])
@pytest.mark.parametrize("name", [name for name in SYSTEMS if name != "bacnn"])
def test_its_answers_are_pytorchs(tmp_path: Path, name: str, asked: Any) -> None:
    loaded = model(name, tmp_path)
    recipe = loaded.card.recipe
    own = Stacked(loaded.network, asked).eval()
    other = Compiled(loaded.network, (recipe.in_channels, *recipe.window_vox), asked)
    windows = torch.randn(3, recipe.in_channels, *recipe.window_vox, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        ours, theirs = own(windows), other(windows)
    assert (other.sizes, other.levels, other.attention_kind) == (own.sizes, own.levels, own.attention_kind)
    assert len(ours) == len(theirs) == 1 + len(own.levels)
    for one, same in zip(ours, theirs, strict=True):
        torch.testing.assert_close(same, one, rtol=0, atol=2e-4)


@needs_openvino
def test_a_prediction_by_it_is_that_of_pytorch_and_says_so(on_disk: LoadedModel) -> None:
    volume = scan(on_disk.card.recipe)
    options: dict[str, Any] = {"whole": True, "any_modality": True}
    by = {name: Predictor(on_disk, "cpu", backend=name) for name in ("torch", "openvino")}  # type: ignore[arg-type]
    ours, theirs = (by[name].predict(volume, **options) for name in ("torch", "openvino"))
    assert (ours.details["backend"], theirs.details["backend"]) == ("torch", "openvino")
    np.testing.assert_allclose(theirs.probabilities, ours.probabilities, atol=2e-4)
    np.testing.assert_allclose(theirs.edges, ours.edges, atol=2e-3)
    assert theirs.channel_weights.keys() == ours.channel_weights.keys()
    differ = by["openvino"].segment(volume, **options).labels.array != ours.labels.array
    margin = np.sort(ours.probabilities, axis=0)
    assert (margin[-1] - margin[-2])[differ].max(initial=0) < 1e-3, "only where two classes are as likely"
    found = remembered(on_disk, ())
    assert found is not None
    assert found.is_right


@needs_openvino
def test_after_weights_are_changed_in_place_it_is_compiled_again(on_disk: LoadedModel) -> None:
    volume, predictor = scan(on_disk.card.recipe), Predictor(on_disk, "cpu", backend="openvino")
    before = predictor.predict(volume, whole=True, any_modality=True, attention=False)
    with torch.no_grad():
        for parameter in on_disk.network.parameters():
            parameter.mul_(1.3)
    after = predictor.predict(volume, whole=True, any_modality=True, attention=False)
    ours = Predictor(on_disk, "cpu", backend="torch").predict(volume, whole=True, any_modality=True, attention=False)
    assert np.abs(after.probabilities - before.probabilities).max() > 0.01
    np.testing.assert_allclose(after.probabilities, ours.probabilities, atol=5e-4)


def installed(monkeypatch: pytest.MonkeyPatch, found: Trial | None = None) -> list[str]:
    """Let OpenVINO be there, and a trial find this; the models that were tried."""
    tried: list[str] = []

    def learn_it(model: LoadedModel, asked: Any) -> Trial | None:
        tried.append(model.card.name)
        return found

    monkeypatch.setattr(openvino, "is_there", lambda: True)
    monkeypatch.setattr(choice, "version", lambda name: "1")
    monkeypatch.setattr(choice, "learn", learn_it)
    monkeypatch.setattr(choice, "Compiled", lambda network, window, asked: ("compiled", window, tuple(asked)))
    return tried


@pytest.mark.parametrize(
    ("found", "windows", "used"), [(FAST, 300, True), (SLOW, 300, False), (WRONG, 300, False), (FAST, 30, False)]
)
def test_it_is_taken_where_it_is_right_and_pays(
    monkeypatch: pytest.MonkeyPatch, on_disk: LoadedModel, found: Trial, windows: int, used: bool
) -> None:
    tried = installed(monkeypatch, found)
    assert (backend_for(on_disk, (), windows) is not None) == used
    assert tried == (["tiny"] if windows >= choice.LEAST_WINDOWS else []), "few windows are not worth a trial"


def test_what_a_trial_found_is_remembered_for_the_model_and_what_is_asked(
    monkeypatch: pytest.MonkeyPatch, on_disk: LoadedModel
) -> None:
    monkeypatch.setattr(choice, "version", lambda name: "1")
    answer_ = subprocess.CompletedProcess([], 0, json.dumps(FAST._asdict()) + "\n", "")
    monkeypatch.setattr(choice.subprocess, "run", lambda *args, **options: answer_)
    assert remembered(on_disk, ()) is None
    assert learn(on_disk, ()) == remembered(on_disk, ()) == FAST
    assert remembered(on_disk, ("edges",)) is None
    choice._record(on_disk, ()).write_text("{", "utf-8")
    assert remembered(on_disk, ()) is None, "what cannot be read is tried again"


def test_a_trial_that_takes_its_process_along_leaves_pytorch(
    monkeypatch: pytest.MonkeyPatch, on_disk: LoadedModel
) -> None:
    def crash(command: list[str], **options: Any) -> None:
        raise subprocess.CalledProcessError(-11, command)

    monkeypatch.setattr(openvino, "is_there", lambda: True)
    monkeypatch.setattr(choice, "version", lambda name: "1")
    monkeypatch.setattr(choice.subprocess, "run", crash)
    told: list[str] = []
    assert backend_for(on_disk, (), 300, tell=told.append) is None
    assert told == ["Trying OpenVINO with this model, once"]
    monkeypatch.setattr(choice.subprocess, "run", lambda *args, **options: pytest.fail("it is tried once"))
    assert backend_for(on_disk, (), 300) is None
    with pytest.raises(InputError, match="cannot compute it here as PyTorch does"):
        backend_for(on_disk, (), 1, "openvino")


def test_without_it_pytorch_computes_and_asking_for_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, on_disk: LoadedModel
) -> None:
    monkeypatch.setattr(openvino, "is_there", lambda: False)
    assert backend_for(on_disk, (), 10**6) is None
    with pytest.raises(InputError, match=r"Install \"napari-boundaryseg\[openvino\]\""):
        backend_for(on_disk, (), 1, "openvino")


def test_torch_is_torch_whatever_is_installed(monkeypatch: pytest.MonkeyPatch, on_disk: LoadedModel) -> None:
    tried = installed(monkeypatch, FAST)
    assert backend_for(on_disk, (), 10**6, "torch") is None
    assert not tried


def test_mirror_images_count_as_windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[int] = []
    monkeypatch.setattr(answer, "backend_for", lambda model, asked, windows, *more: seen.append(windows))
    for flips in ((), ("x", "z")):
        loaded = model("sgm", tmp_path, **{"inference.flip_axes": flips})
        Predictor(loaded, "cpu").segment(scan(loaded.card.recipe), whole=True, any_modality=True)
    assert seen[1] == 3 * seen[0]
