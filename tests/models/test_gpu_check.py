"""The comparison of a GPU with the CPU, tried without a GPU: what it lets pass, and what its exit status says."""

import sys

import pytest
import torch


@pytest.fixture
def script(monkeypatch, scripts):
    module = scripts("benchmarks/gpu_check.py")
    monkeypatch.setattr(module, "SIZE", {2: (1, 32, 32)})
    monkeypatch.setattr(module, "SCAN", {2: (2, 40, 36)})
    return module


def run(script, monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["gpu_check", "--device", "cpu", "--only", "dilnet", "--dims", "2", *words])
    with pytest.raises(SystemExit) as end:
        script.main()
    return end.value.code


def test_the_same_device_agrees_with_itself_and_half_precision_is_measured(script, monkeypatch, capsys):
    assert run(script, monkeypatch, "--precision", "float32", "--precision", "bf16") == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| dilnet")]
    assert [row.split("|")[3].strip() for row in rows] == ["float32", "bf16"]
    exact, half = ([float(cell) for cell in row.split("|")[4:7]] for row in rows)
    assert exact == [0, 0, 0]
    assert all(value > 0 for value in half[:2])


def wrong_after_the_first(function, spoil):
    """The CPU's own answer comes first; what the device answers is spoilt."""
    calls = []

    def call(*arguments):
        calls.append(function(*arguments))
        return calls[-1] if len(calls) == 1 else spoil(calls[-1])

    return call


@pytest.mark.parametrize(
    ("part", "spoil"),
    [
        ("_backward", lambda answer: (answer[0], 1.05 * answer[1])),
        ("_backward", lambda answer: (answer[0], torch.full_like(answer[1], torch.nan))),
        ("_labels", lambda labels: torch.where(torch.rand(labels.shape) < 0.02, (labels + 1) % 4, labels)),
    ],
)
def test_wrong_gradients_and_labels_count(script, monkeypatch, capsys, part, spoil):
    monkeypatch.setattr(script, part, wrong_after_the_first(getattr(script, part), spoil))
    assert run(script, monkeypatch) == 1
    assert "1 wrong" in capsys.readouterr().out


def test_what_is_not_a_number_is_wrong(script):
    good = script.Row("net", 2, "float32", 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0)
    assert good.good
    for name in ("error", "gradient", "labels"):
        assert not script.Row(**{**vars(good), name: float("nan")}).good


def test_networks_that_are_left_out_show_in_the_exit_status(script, monkeypatch, capsys):
    def missing(*arguments, **named):
        raise ModuleNotFoundError("No module named 'monai'", name="monai")

    monkeypatch.setattr(script.models, "build", missing)
    assert run(script, monkeypatch) == 1
    assert "left out: dilnet" in capsys.readouterr().out
    assert run(script, monkeypatch, "--allow-missing") == 0
