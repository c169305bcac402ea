"""Ctrl-C and SIGTERM: a command ends where nothing is lost, and says in one line what was kept and how to go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import nibabel as nib
import numpy as np
import pytest
from cli_study import TINY
from patience import PATIENCE_S

from napari_boundaryseg.cli import stopping
from napari_boundaryseg.cli.stopping import Stopped, obeying, stop_if_asked, stoppable
from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.progress import Cancelled, silent
from napari_boundaryseg.session.project.project import Project

if sys.platform == "win32":
    pytest.skip("signals are sent to other processes there in another way", allow_module_level=True)

PROGRAM = """
import importlib, sys
from napari_boundaryseg.cli import main
from napari_boundaryseg.cli.stopping import obeying
from napari_boundaryseg.data import formats
from napari_boundaryseg.progress import silent

AT = sys.argv.pop(1)

def bar():
    def show(fraction, text=""):
        print("at " + text, flush=True)
        if text.startswith(AT):
            sys.stdin.readline()
        obey(fraction, text)
    obey = obeying(silent)
    return show

for name in ("train", "finetune", "predict", "project", "console"):
    importlib.import_module("napari_boundaryseg.cli." + name).progress_bar = bar

def read(*paths, progress=silent):
    progress(0.0, "Reading")
    return real(*paths, progress=progress)

real, formats.read = formats.read, read
main()
"""


class Ended(NamedTuple):
    status: int
    out: str
    err: list[str]


@contextmanager
def running(at: str, *words: object) -> Iterator[subprocess.Popen[str]]:
    """The program in a process of its own, which waits where its progress says a text that begins so."""
    command = [sys.executable, "-c", PROGRAM, at, *map(str, words)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as child:
        assert child.stdout is not None
        said = []
        for line in child.stdout:
            said.append(line)
            if line.startswith(f"at {at}"):
                break
        else:
            pytest.fail("".join([*said, child.stderr.read() if child.stderr else ""]))
        yield child
        child.kill()


def until_noted(child: subprocess.Popen[str]) -> None:
    """Read what it says until it has noted the signal."""
    assert child.stderr is not None
    while not child.stderr.readline().startswith("Stopping after the step that is under way"):
        assert child.poll() is None


def stopped(at: str, *words: object, number: int = signal.SIGINT, times: int = 1) -> Ended:
    """Send a signal where the program waits; once it has noted that, let it go on, or send the second one."""
    with running(at, *words) as child:
        assert child.stderr is not None
        child.send_signal(number)
        until_noted(child)
        if times > 1:
            child.send_signal(number)
            child.wait(timeout=PATIENCE_S)
        out, err = child.communicate("\n" if times == 1 else None, timeout=PATIENCE_S)
        assert "Traceback" not in err
        return Ended(child.returncode, out, err.splitlines())


def scan_in(folder: Path) -> Path:
    nib.save(nib.Nifti1Image(np.arange(600, dtype=np.int16).reshape(10, 10, 6), np.eye(4)), folder / "scan.nii.gz")
    return folder / "scan.nii.gz"


def settings(*more: str) -> list[str]:
    return [word for text in (*TINY, *more) for word in ("--set", text)]


def training(study: Path, out: Path) -> list[object]:
    return ["train", "hippocampus-sgm", "--data", study, "-o", out, "--steps", 6, "--device", "cpu", *settings()]


def tuning(study: Path, out: Path, model: Path) -> list[object]:
    held = ["--holdout", study / "splits.csv"]
    return ["finetune", model, "--data", study, *held, "-o", out, "--steps", 4, "--device", "cpu"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_what_ends_a_process_in_another_way_is_the_same(tmp_path: Path, number: int, status: int) -> None:
    done = stopped("Reading", "convert", scan_in(tmp_path), tmp_path / "scan.nrrd", number=number)
    assert (done.status, done.err[-1]) == (status, "stopped: nothing is written.")


def test_a_training_says_which_step_is_kept_and_goes_on_there(boundaryseg, study: Path, tmp_path: Path) -> None:
    words = training(study, tmp_path / "out")
    done = stopped("Training, step 3 ", *words)
    kept = "stopped: step 3 of 6 is kept in out; the same command with --resume goes on from there."
    assert (done.status, done.err[-1]) == (130, kept)
    assert len([line for line in done.err if line.startswith("stopped")]) == 1
    assert boundaryseg(*words, "--resume").status == 0
    steps = [json.loads(line)["step"] for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    assert sorted(set(steps)) == [1, 2, 3, 4, 5, 6]
    assert boundaryseg(*training(study, tmp_path / "whole")).status == 0
    one, two = (tmp_path / name / "best.safetensors" for name in ("out", "whole"))
    assert weights(one) == weights(two)


def weights(path: Path) -> dict[str, list[float]]:
    from napari_boundaryseg.engine.checkpoints.checkpoint import load_model

    return {name: value.tolist() for name, value in load_model(path).network.state_dict().items()}


def test_the_second_signal_ends_it_at_once_and_the_last_saved_step_is_named(study: Path, tmp_path: Path) -> None:
    done = stopped("Training, step 3 ", *training(study, tmp_path / "out"), times=2)
    kept = "stopped: step 2 of 6 is kept in out; the same command with --resume goes on from there."
    assert (done.status, done.err[-1]) == (130, kept)
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith(".")] == []


def test_a_training_that_has_saved_nothing_says_how_it_begins_again(boundaryseg, study: Path, tmp_path: Path) -> None:
    words = training(study, tmp_path / "out")
    done = stopped("Preparing case2", *words)
    said = "stopped: nothing of the training was saved yet; the same command begins it."
    assert (done.status, done.err[-1]) == (130, said)
    assert boundaryseg(*words).status == 0


def test_a_training_that_was_to_replace_another_leaves_that_and_says_so(
    boundaryseg, study: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert boundaryseg(*training(study, out)).status == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    done = stopped("Checking case2", *training(study, out), "--overwrite", "--seed", 5)
    said = "stopped: out is as it was; nothing of the new training was saved yet."
    assert (done.status, done.err[-1]) == (130, said)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    done = stopped("Training, step 2 ", *training(study, out), "--overwrite", "--seed", 5)
    assert "step 2 of 6 is kept in out; the same command with --resume in place of --overwrite" in done.err[-1]
    assert boundaryseg(*training(study, out), "--resume", "--seed", 5).status == 0


@pytest.mark.parametrize(("at", "step"), [("Training, step 2 ", 2), ("Comparing on", 4)])
def test_a_fine_tuning_goes_on_with_its_steps_or_its_comparison(
    boundaryseg, study: Path, tmp_path: Path, tiny_model: Path, at: str, step: int
) -> None:
    words = tuning(study, tmp_path / "out", tiny_model)
    done = stopped(at, *words)
    kept = f"stopped: step {step} of 4 is kept in out; the same command with --resume goes on from there."
    assert (done.status, done.err[-1]) == (130, kept)
    assert not (tmp_path / "out" / "comparison.json").exists()
    assert boundaryseg(*words, "--resume").status == 0
    assert (tmp_path / "out" / "comparison.json").exists()


def test_a_prediction_says_which_cases_are_written(study: Path, tmp_path: Path, tiny_model: Path) -> None:
    out, scans = tmp_path / "out", [study / "images" / f"case{n}.nii.gz" for n in range(3)]
    with running("Writing labels", "predict", *scans, "--model", tiny_model, "-o", out, "--device", "cpu") as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdin.write("\n")  # of the first case
        child.stdin.flush()
        while not child.stdout.readline().startswith("at Writing labels"):
            pass
        child.send_signal(signal.SIGINT)
        until_noted(child)
        _, err = child.communicate("\n", timeout=PATIENCE_S)
    assert child.returncode == 130
    assert err == "stopped: the results of 1 of 3 cases (case0) are written, nothing of the others.\n"
    assert sorted(path.name for path in out.iterdir()) == ["case0.json", "case0_seg.nii.gz"]


def test_what_is_put_in_place_is_put_to_its_end(study: Path, tmp_path: Path, tiny_model: Path) -> None:
    out, scan = tmp_path / "out", study / "images" / "case0.nii.gz"
    done = stopped("Writing report", "predict", scan, "--model", tiny_model, "-o", out, "--device", "cpu")
    assert done.status == 130
    written = sorted(path.name for path in out.iterdir())
    assert written in ([], ["case0.json", "case0_seg.nii.gz"]), "all of it or nothing"
    assert ("case0" in done.err[-1]) == bool(written)


def test_a_conversion_says_that_nothing_is_written(tmp_path: Path) -> None:
    done = stopped("Reading", "convert", scan_in(tmp_path), tmp_path / "scan.nrrd")
    assert (done.status, done.err[-1]) == (130, "stopped: nothing is written.")
    assert [path.name for path in tmp_path.iterdir()] == ["scan.nii.gz"]


@pytest.fixture
def broken(tmp_path: Path, study: Path) -> Path:
    """A project in which something was not written to its end."""
    scan = formats.read(study / "images" / "case0.nii.gz")
    labels = formats.read_labels(study / "labels" / "case0.nii.gz", scan).with_scheme(preset("hippocampus"))
    Project(tmp_path / "project").add_case(scan, labels)
    (place,) = (tmp_path / "project" / "cases").iterdir()
    (place / ".boundaryseg-0a.nii.gz").touch(0o600)
    return tmp_path / "project"


def test_a_check_of_a_project_can_be_stopped(broken: Path) -> None:
    done = stopped("case0-", "project", "check", broken)
    assert (done.status, done.err[-1]) == (130, "stopped: the project is as it was.")


def test_the_question_of_a_repair_is_answered_by_ctrl_c_at_once(broken: Path) -> None:
    before = {path: path.read_bytes() for path in broken.rglob("*") if path.is_file()}
    with running("case0-", "project", "check", broken, "--repair") as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("\n")
        child.stdin.flush()
        asked = ""
        while "Carry out 1 repair?" not in asked:
            asked += child.stdout.read(1)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=PATIENCE_S)
    assert (child.returncode, err.splitlines()[-1]) == (130, "stopped: the project is as it was.")
    assert {path: path.read_bytes() for path in broken.rglob("*") if path.is_file()} == before


def test_ctrl_c_while_the_program_is_loaded_ends_it_without_a_word() -> None:
    program = """
import builtins, os, signal
real = builtins.__import__
def load(name, *rest):
    if name == "typer":
        os.kill(os.getpid(), signal.SIGINT)
    return real(name, *rest)
builtins.__import__ = load
import napari_boundaryseg.cli
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def test_handlers_are_put_back_and_what_is_ignored_stays_so() -> None:
    before = {number: signal.getsignal(number) for number in stopping.SIGNALS}
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable(lambda: ""):
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN, "nohup"
            assert signal.getsignal(signal.SIGINT) != before[signal.SIGINT]
    finally:
        signal.signal(signal.SIGHUP, ignored)
    assert {number: signal.getsignal(number) for number in stopping.SIGNALS} == before


def test_errors_and_a_cancel_of_another_origin_pass() -> None:
    for error in (ValueError, Cancelled):
        with pytest.raises(error), stoppable(lambda: "kept"):
            raise error


def test_a_signal_that_comes_when_all_is_done_is_still_told(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Stopped) as ended, stoppable(lambda: "all of it"):
        os.kill(os.getpid(), signal.SIGINT)
    assert (ended.value.kept, ended.value.status) == ("all of it", 130)
    assert capfd.readouterr().err == stopping.NOTED.decode()
    stop_if_asked()
    obeying(silent)(0.5, "")
