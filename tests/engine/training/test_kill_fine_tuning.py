"""A fine-tuning whose process is killed is resumed to exactly the weights of one that was not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from patience import PATIENCE_S
from test_fine_tune import case, write_model

from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.training.fine_tune import fine_tune

STEPS = 6
TRAIN = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[4:]
from test_fine_tune import case
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.training import steps
from napari_boundaryseg.engine.training.fine_tune import fine_tune

steps.SAVE_EVERY_S = 0.0

def tell(fraction, text=""):
    print(text, flush=True)
    if text.startswith("Training, step 4 "):
        sys.stdin.readline()  # and it is killed here

fine_tune(load_model(sys.argv[1]), [case(1), case(2)], Path(sys.argv[2]), held_out=[case(3)], steps=int(sys.argv[3]),
          seed=7, device="cpu", precision="float32", progress=tell)
"""


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """The folder of a fine-tuning that was killed (SIGKILL) after its fourth step."""
    model = write_model(tmp_path / "tiny.safetensors")
    words = [sys.executable, "-c", TRAIN, str(model), str(tmp_path / "killed"), str(STEPS), *sys.path]
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads()), "MKL_NUM_THREADS": str(torch.get_num_threads())}
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **threads}
    ) as child:
        assert child.stdout is not None
        said = []
        for line in child.stdout:
            said.append(line.strip())
            if line.startswith("Training, step 4 "):
                child.kill()
                break
        child.wait(timeout=PATIENCE_S)
    assert said[-1].startswith("Training, step 4 of 6"), said
    return tmp_path / "killed"


def test_killed_and_resumed_equals_uninterrupted(killed: Path, tmp_path: Path) -> None:
    model = load_model(tmp_path / "tiny.safetensors")
    options = {"held_out": [case(3)], "steps": STEPS, "seed": 7, "device": "cpu", "precision": "float32"}
    seen: list[str] = []
    path = fine_tune(
        model,
        [case(1), case(2)],
        killed,
        resume=True,
        progress=lambda fraction, text="": seen.append(text),
        **options,  # type: ignore[arg-type]
    )
    whole = fine_tune(model, [case(1), case(2)], tmp_path / "whole", **options)  # type: ignore[arg-type]
    steps = [text.split(" of ")[0] for text in seen if text.startswith("Training")]
    assert steps == ["Training, step 5", "Training, step 6"], "the first four were not taken again"
    one, two = (load_model(found).network.state_dict() for found in (path, whole))
    assert all(torch.equal(value, two[name]) for name, value in one.items())
    for name in ("comparison.json", "comparison.md"):
        assert (killed / name).read_text("utf-8") == (tmp_path / "whole" / name).read_text("utf-8")
