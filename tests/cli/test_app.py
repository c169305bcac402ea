"""How the program ends: 0, 1 with one line, 2 for wrong usage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE_S

from napari_boundaryseg.cli.app import one_line
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Cancelled

COMMANDS = ("models", "predict", "train", "finetune", "evaluate", "convert", "targets", "demo", "selftest")


def test_help_names_every_command(boundaryseg) -> None:
    done = boundaryseg("--help")
    assert done.status == 0
    for command in COMMANDS:
        assert f"\n  {command} " in done.out
    assert "not a medical device" in " ".join(done.out.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(boundaryseg, command: str) -> None:
    done = boundaryseg(command, "--help")
    assert done.status == 0
    assert done.out.startswith(f"Usage: boundaryseg {command}")


def test_version(boundaryseg) -> None:
    import napari_boundaryseg

    assert boundaryseg("--version").out == f"boundaryseg {napari_boundaryseg.__version__}\n"


def test_the_package_is_run_as_the_command_is() -> None:
    import napari_boundaryseg

    done = subprocess.run(
        [sys.executable, "-m", "napari_boundaryseg", "--version"], capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert (done.returncode, done.stdout) == (0, f"boundaryseg {napari_boundaryseg.__version__}\n"), done.stderr


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("fly",),
        ("predict",),
        ("predict", "a.nii", "--model", "m"),
        ("predict", "a.nii", "--model", "m", "-o", "x", "--fast"),
        ("predict", "a.nii", "--model", "m", "-o", "x", "--box", "1:2,3:4"),
        ("predict", "a.nii", "--model", "m", "-o", "x", "--box", "0:1,0:1,0:1", "--box-from", "l.nii"),
        ("predict", "a.nii", "--model", "m", "-o", "x", "--device", "tpu"),
        ("train", "hippocampus-sgm"),
        ("train", "hippocampus-sgm", "-o", "x"),
        ("train", "hippocampus-sgm", "--set", "lr", "--show"),
        ("evaluate", "a"),
        ("convert", "a"),
    ],
)
def test_wrong_usage_is_2(boundaryseg, words: tuple[str, ...]) -> None:
    done = boundaryseg(*words)
    assert done.status == 2
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("predict", "none.nii.gz", "--model", "hippocampus-sgm", "-o", "x"),
        ("convert", "none.nii.gz", "b.nii.gz"),
        ("evaluate", "none", "none"),
        ("train", "hippocampus-smg", "--data", "none", "-o", "x"),
        ("train", "hippocampus-sgm", "--data", "none", "-o", "x"),
        ("finetune", "none", "--data", "none", "-o", "x"),
        ("train", "hippocampus-sgm", "--set", "optimiser.rate=1", "--show"),
        ("train", "hippocampus-sgm", "--set", "optimiser.lr=-1", "--show"),
    ],
)
def test_an_error_is_one_line(boundaryseg, words: tuple[str, ...], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = boundaryseg(*words)
    assert done.status == 1
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert done.err.rstrip().endswith(".")
    assert str(tmp_path) not in done.err


def test_debug_adds_the_traceback(boundaryseg) -> None:
    done = boundaryseg("convert", "none.nii.gz", "b.nii.gz", "--debug")
    assert done.status == 1
    assert "Traceback" in done.err
    assert done.err.rstrip().splitlines()[-1].startswith("error: none.nii.gz")


def test_sentences_for_every_kind_of_error() -> None:
    assert (
        one_line(InputError(Path("/home/someone/a.nii"), "it is empty", "Copy it again"))
        == "a.nii: it is empty. Copy it again."
    )
    assert one_line(FileNotFoundError(2, "No such file or directory", "/home/someone/a.nii")).startswith(
        "a.nii: No such"
    )
    assert one_line(Cancelled()) == "stopped"
    assert one_line(RuntimeError("two\nlines")).startswith("unexpected RuntimeError: two lines.")


def test_ctrl_c_before_a_command_has_begun_is_130_without_a_word(boundaryseg, monkeypatch) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["napari_boundaryseg.cli.app"], "app", interrupted)
    assert boundaryseg("models") == (130, "", "")
