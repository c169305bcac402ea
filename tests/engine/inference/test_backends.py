"""OpenVINO gives PyTorch's answers; it is tried where it can take no other process along, and used where it pays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_segment import SYSTEMS, model, scan

from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model, save
from napari_boundaryseg.engine.inference import answer
from napari_boundaryseg.engine.inference.backends import choice, half, openvino, trial_process
from napari_boundaryseg.engine.inference.backends.choice import backend_for, learn, remembered
from napari_boundaryseg.engine.inference.backends.openvino import BackendFailed, Compiled
from napari_boundaryseg.engine.inference.backends.stacked import Stacked
from napari_boundaryseg.engine.inference.backends.trial import NOT_RIGHT, Trial
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models import EVERY_MAP
from napari_boundaryseg.progress import Cancelled

IN_A_CHILD = "BOUNDARYSEG_TEST_OPENVINO"
"""Set in the process that may compile: the library can take along whatever shares a process with it."""
needs_openvino = pytest.mark.skipif(IN_A_CHILD not in os.environ, reason="runs in a process of its own")
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


@pytest.mark.skipif(not openvino.installed(), reason="OpenVINO is not installed")
def test_with_the_library_itself() -> None:
    """The tests that need it, in a process of their own."""
    command = [sys.executable, "-m", "pytest", __file__, "-k", "test_library", "-q", "-p", "no:cacheprovider"]
    command += ["-p", "no:napari", "-p", "no:npe2", "-p", "no:pytest-qt"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    run = subprocess.run(command, capture_output=True, text=True, env={**own, IN_A_CHILD: "1"})
    if run.returncode < 0:
        pytest.skip(f"OpenVINO crashes on this processor (signal {-run.returncode}); a trial finds that, too")
    assert run.returncode == 0, run.stdout[-4000:]
    assert "15 passed" in run.stdout


@needs_openvino
@pytest.mark.parametrize("asked", [(), EVERY_MAP])
@pytest.mark.parametrize("name", [name for name in SYSTEMS if name != "bacnn"])
def test_library_its_answers_are_pytorchs(tmp_path: Path, name: str, asked: Any) -> None:
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
def test_library_a_prediction_by_it_is_that_of_pytorch_and_says_so(on_disk: LoadedModel) -> None:
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
    found = remembered(on_disk)
    assert found is not None
    assert found.is_right


@needs_openvino
def test_library_after_weights_are_changed_in_place_it_is_compiled_again(on_disk: LoadedModel) -> None:
    volume, predictor = scan(on_disk.card.recipe), Predictor(on_disk, "cpu", backend="openvino")
    before = predictor.predict(volume, whole=True, any_modality=True, attention=False)
    with torch.no_grad():
        for parameter in on_disk.network.parameters():
            parameter.mul_(1.3)
    after = predictor.predict(volume, whole=True, any_modality=True, attention=False)
    ours = Predictor(on_disk, "cpu", backend="torch").predict(volume, whole=True, any_modality=True, attention=False)
    assert np.abs(after.probabilities - before.probabilities).max() > 0.01
    np.testing.assert_allclose(after.probabilities, ours.probabilities, atol=5e-4)


@needs_openvino
def test_library_in_bfloat16_its_answers_are_near_where_the_processor_has_it(on_disk: LoadedModel) -> None:
    from openvino import Core

    recipe = on_disk.card.recipe
    shape = (recipe.in_channels, *recipe.window_vox)
    if "BF16" not in Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        with pytest.raises(BackendFailed, match="finds no bfloat16"):
            Compiled(on_disk.network, shape, (), "bf16")
        return
    windows = torch.randn(2, *shape, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        ours = Stacked(on_disk.network, ()).eval()(windows)[0]
        theirs = Compiled(on_disk.network, shape, (), "bf16")(windows)[0]
    assert theirs.dtype == torch.float32
    assert 1e-5 < float((theirs - ours).abs().max()) < 0.1, "it is another precision, and the same network"


@needs_openvino
def test_library_half_precision_by_it_says_both(on_disk: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    from openvino import Core

    known = dict.fromkeys(on_disk.card.recipe.scheme.names, (1.0, 5))
    monkeypatch.setattr(half, "measured", lambda: {(on_disk.sha256, "bf16"): known})
    ask = Predictor(on_disk, "cpu", backend="openvino", precision="bf16")
    volume = scan(on_disk.card.recipe)
    if "BF16" in Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        details = ask.predict(volume, whole=True, any_modality=True).details
        assert (details["backend"], details["dtype"]) == ("openvino", "bf16")
    else:
        with pytest.raises(InputError, match="in bf16 as PyTorch does"):
            ask.predict(volume, whole=True, any_modality=True)


def installed(monkeypatch: pytest.MonkeyPatch, found: Trial | None = None) -> list[str]:
    """Let OpenVINO be there, and a trial find this; the models that were tried."""
    tried: list[str] = []

    def learn_it(model: LoadedModel, tell: Any, precision: str) -> Trial | None:
        tried.append(model.card.name)
        return found

    monkeypatch.setattr(openvino, "installed", lambda: "1")
    monkeypatch.setattr(choice, "learn", learn_it)
    monkeypatch.setattr(choice, "Compiled", lambda network, window, *asked: ("compiled", window, *asked))
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


def test_the_choice_does_not_depend_on_what_was_computed_before(
    monkeypatch: pytest.MonkeyPatch, on_disk: LoadedModel
) -> None:
    installed(monkeypatch)
    monkeypatch.setattr(choice, "remembered", lambda model, precision: FAST)
    few, many = 5, 300
    for asked in ((), ("edges",)):
        assert backend_for(on_disk, asked, few) is None
        assert backend_for(on_disk, asked, many) is not None
        assert backend_for(on_disk, asked, few) is None


def test_what_a_trial_found_is_remembered_for_the_model(monkeypatch: pytest.MonkeyPatch, on_disk: LoadedModel) -> None:
    monkeypatch.setattr(openvino, "installed", lambda: "1")
    monkeypatch.setattr(choice, "trial_of", lambda *_: FAST)
    assert remembered(on_disk) is None
    assert learn(on_disk) == remembered(on_disk) == FAST
    monkeypatch.setattr(openvino, "installed", lambda: "2")
    assert remembered(on_disk) is None, "of another version nothing is known"
    monkeypatch.setattr(openvino, "installed", lambda: "1")
    assert remembered(on_disk, "bf16") is None, "of another precision, too"
    choice._record(on_disk, "float32").write_text("{", "utf-8")
    assert remembered(on_disk) is None, "what cannot be read is tried again"


CHILDREN = {
    "crashes": ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", NOT_RIGHT),
    "is ended": ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", None),
    "fails": ("raise MemoryError", None),
    "says nothing": ("pass", None),
    "says what it found": (f"import json; print('noise'); print(json.dumps({FAST._asdict()}))", FAST),
}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("what", CHILDREN)
def test_only_what_says_something_of_the_model_counts(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    code, found = CHILDREN[what]
    real = subprocess.Popen
    monkeypatch.setattr(trial_process.subprocess, "Popen", lambda command, **own: real([command[0], "-c", code], **own))
    told: list[str] = []
    assert trial_process.trial_of(Path("m"), 1, told.append) == found
    assert set(told) <= {"Trying OpenVINO with this model, once"}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_trial_ends_when_it_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    real, children = subprocess.Popen, []

    def start(command: list[str], **own: Any) -> Any:
        children.append(real([command[0], "-c", "import sys; sys.stdin.read()"], **own))
        return children[0]

    def stop(text: str) -> None:
        raise Cancelled

    monkeypatch.setattr(trial_process.subprocess, "Popen", start)
    with pytest.raises(Cancelled):
        trial_process.trial_of(Path("m"), 1, stop)
    assert children[0].poll() is not None


@pytest.mark.skipif(not openvino.installed(), reason="OpenVINO is not installed")
def test_library_trial_ends_with_who_waits_for_it(on_disk: LoadedModel) -> None:
    command = [
        sys.executable,
        "-m",
        "napari_boundaryseg.engine.inference.backends.trial",
        str(on_disk.path),
        "--watched",
    ]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said, _ = child.communicate()  # closes its input at once
    assert (child.returncode, said) == (1, "")


def test_a_crash_leaves_pytorch_and_is_tried_again_only_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, on_disk: LoadedModel
) -> None:
    tried: list[str] = []
    monkeypatch.setattr(openvino, "installed", lambda: "1")
    monkeypatch.setattr(choice, "trial_of", lambda path, *_: tried.append(path.name) or NOT_RIGHT)
    for _ in range(2):
        assert backend_for(on_disk, (), 300) is None
    assert tried == ["tiny.safetensors"]
    with pytest.raises(InputError, match="does not compute it here as PyTorch does"):
        backend_for(on_disk, (), 1, "openvino")
    assert len(tried) == 2


class Fails:
    """A backend that compiled and cannot compute."""

    name, sizes, levels, attention_kind = "openvino", {"classes": 4}, (), ""

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        raise BackendFailed("OpenVINO cannot compute it: RuntimeError")


@pytest.mark.parametrize("labels_alone", [True, False])
def test_what_fails_in_the_middle_is_computed_by_pytorch(
    monkeypatch: pytest.MonkeyPatch, on_disk: LoadedModel, labels_alone: bool
) -> None:
    volume, options = scan(on_disk.card.recipe), {"whole": True, "any_modality": True}
    real = Predictor(on_disk, "cpu", backend="torch").segment(volume, **options).labels.array
    wanted: list[str] = []

    def either(model: LoadedModel, asked: Any, windows: int, backend: str, *more: Any) -> Fails | None:
        wanted.append(backend)
        return None if backend == "torch" else Fails()

    monkeypatch.setattr(answer, "backend_for", either)
    predictor = Predictor(on_disk, "cpu")
    found = (predictor.segment if labels_alone else predictor.predict)(volume, **options)
    assert wanted == ["auto", "torch"]
    assert found.details["backend"] == "torch"
    np.testing.assert_array_equal(found.labels.array, real)
    with pytest.raises(InputError, match="OpenVINO cannot compute it"):
        Predictor(on_disk, "cpu", backend="openvino").segment(volume, **options)


def test_without_it_pytorch_computes_and_asking_for_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, on_disk: LoadedModel
) -> None:
    monkeypatch.setattr(openvino, "installed", lambda: "")
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
