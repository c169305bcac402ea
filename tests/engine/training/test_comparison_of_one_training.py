"""A comparison belongs to its training: nobody trains in its folder meanwhile; ended early it is made again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE_S
from test_fine_tune import case, write_model

from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.training import before_and_after
from napari_boundaryseg.engine.training.fine_tune import fine_tune
from napari_boundaryseg.engine.training.loop import folder as files
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Cancelled

OPTIONS = {"steps": 2, "seed": 3, "device": "cpu", "precision": "float32"}


def tuned(model: Path, folder: Path, **more: object) -> Path:
    return fine_tune(load_model(model), [case(1)], folder, held_out=[case(3)], **{**OPTIONS, **more})  # type: ignore[arg-type]


def left(folder: Path) -> dict[str, object]:
    """What a training has left: its weights, the scores on its card, its comparison."""
    model = load_model(folder / files.BEST)
    weights = {name: value.tolist() for name, value in model.network.state_dict().items()}
    assert files.card_in(folder).scores == model.card.scores, "the card is that of the file"  # type: ignore[union-attr]
    texts = [(folder / name).read_text("utf-8") for name in files.COMPARISON]
    return {"weights": weights, "scores": model.card.scores, "comparison": texts}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "tiny.safetensors")


def test_no_other_training_begins_in_the_folder_while_the_models_are_compared(model: Path, tmp_path: Path) -> None:
    folder, told = tmp_path / "out", []

    def others(fraction: float, text: str = "") -> None:
        if text.startswith("Comparing on"):
            assert not files.is_free(folder), "no other window offers to resume or discard it"
            for more in ({"overwrite": True, "seed": 4}, {"resume": True}):
                with pytest.raises(InputError, match="another process trains in this folder") as caught:
                    tuned(model, folder, **more)
                told.append(caught.value)

    tuned(model, folder, progress=others)
    assert len(told) == 4
    alone = tmp_path / "alone"
    tuned(model, alone)
    assert left(folder) == left(alone)
    assert files.is_free(folder)


COMPARE = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[4:]
from test_comparison_of_one_training import tuned
from napari_boundaryseg.engine.training import before_and_after as comparing

def wait_here(*_):
    print("here", flush=True)
    sys.stdin.readline()  # and it is killed here

def tell(fraction, text=""):
    if text.startswith("Comparing on") and text.endswith(sys.argv[3]):
        wait_here()

if sys.argv[3].startswith("writing "):
    real = getattr(comparing, sys.argv[3].split()[1])
    def stopped(path, *arguments):
        if Path(path).name == sys.argv[3].split()[2]:
            wait_here()
        return real(path, *arguments)
    setattr(comparing, sys.argv[3].split()[1], stopped)
tuned(Path(sys.argv[1]), Path(sys.argv[2]), progress=tell)
"""


@pytest.mark.parametrize(
    "at",
    [
        "before",
        "after",
        "writing save best.safetensors",
        "writing atomic_text card.json",
        "writing atomic_json comparison.json",
        "writing atomic_text comparison.html",
        "writing atomic_text comparison.md",
    ],
)
def test_what_a_kill_left_undone_of_the_comparison_a_resume_does(model: Path, tmp_path: Path, at: str) -> None:
    folder = tmp_path / "killed"
    words = [sys.executable, "-c", COMPARE, str(model), str(folder), at, *sys.path]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "here\n"
        child.kill()
        child.wait(timeout=PATIENCE_S)
    assert not (folder / "comparison.md").exists()
    with pytest.raises(InputError, match="Resume it"):
        tuned(model, folder)
    tuned(model, folder, resume=True)
    tuned(model, tmp_path / "whole")
    assert left(folder) == left(tmp_path / "whole")


def test_a_comparison_that_is_cancelled_is_made_by_a_resume(model: Path, tmp_path: Path) -> None:
    def cancel(fraction: float, text: str = "") -> None:
        if text.startswith("Comparing on"):
            raise Cancelled

    with pytest.raises(Cancelled):
        tuned(model, tmp_path / "out", progress=cancel)
    seen: list[str] = []
    tuned(model, tmp_path / "out", resume=True, progress=lambda fraction, text="": seen.append(text))
    assert not [text for text in seen if text.startswith("Training")], "every step was kept"
    tuned(model, tmp_path / "whole")
    assert left(tmp_path / "out") == left(tmp_path / "whole")


def test_a_comparison_that_fails_ends_the_training_with_its_error(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *_: object) -> None:
        raise InputError(path, "could not be written: No space left on device", "Free some space")

    monkeypatch.setattr(before_and_after, "atomic_json", full)
    with pytest.raises(InputError, match="No space left"):
        tuned(model, tmp_path / "out")
    monkeypatch.undo()
    assert files.is_free(tmp_path / "out")
    tuned(model, tmp_path / "out", resume=True)
    assert (tmp_path / "out" / "comparison.md").exists()
