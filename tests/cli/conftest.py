"""A small study on disk, a model with random weights, and a way to run the program."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from cli_study import SHAPE, TINY, boxes, random_model, save

from napari_boundaryseg.cli import main


class Result(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str


@pytest.fixture
def boundaryseg(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run the program in this process, as a shell would."""

    def run(*words: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["boundaryseg", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Result(int(ended.value.code or 0), out, err)

    return run


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """images/ and labels/ of six cases of three patients, and splits.csv."""
    rng = np.random.default_rng(0)
    lines = ["case,group,split"]
    for n in range(6):
        labels = boxes(n % 3)
        image = (labels * 60 + rng.normal(100, 5, SHAPE)).astype(np.float32)
        save(tmp_path / "study" / "images" / f"case{n}.nii.gz", image)
        save(tmp_path / "study" / "labels" / f"case{n}.nii.gz", labels)
        lines.append(f"case{n},patient{n // 2},{'val' if n // 2 == 2 else 'train'}")
    (tmp_path / "study" / "splits.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "study"


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hippocampus model with random weights, which leaves nothing out."""
    return random_model(tmp_path_factory.mktemp("model") / "tiny.safetensors", TINY)
