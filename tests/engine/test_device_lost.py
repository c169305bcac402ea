"""A GPU that stops answering: one sentence, and the process that used it is replaced. The fault is planted."""

from __future__ import annotations

import pytest
import torch

from napari_boundaryseg.engine import devices
from napari_boundaryseg.engine.devices import Plan, first_that_fits, is_full, is_lost, sentence_when_full
from napari_boundaryseg.errors import DeviceLost, InputError

ASSERTION = "CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported"
LOST = [
    RuntimeError(ASSERTION),
    RuntimeError("CUDA error: unspecified launch failure"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED, CUDA error: the launch timed out and was terminated"),
    *([torch.AcceleratorError("device lost", 719)] if hasattr(torch, "AcceleratorError") else []),
]
FULL = [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("CUDA error: out of memory"), MemoryError()]
OTHER = [RuntimeError("the sizes do not match"), ValueError("CUDA error"), KeyError("x")]


def test_lost_and_full_and_other_faults_are_told_apart() -> None:
    assert [(is_lost(one), is_full(one)) for one in LOST] == [(True, False)] * len(LOST)
    assert [(is_lost(one), is_full(one)) for one in FULL] == [(False, True)] * len(FULL)
    assert [(is_lost(one), is_full(one)) for one in OTHER] == [(False, False)] * len(OTHER)


@pytest.mark.parametrize("fault", LOST, ids=str)
def test_a_lost_gpu_is_one_sentence_and_never_mistaken_for_full_memory(
    fault: RuntimeError, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    tried: list[Plan] = []

    def run(plan: Plan) -> None:
        tried.append(plan)
        raise fault

    with pytest.raises(DeviceLost) as caught, sentence_when_full("this scan", "Draw a box"):
        first_that_fits("cuda", run)
    assert len(tried) == 1, "a lost GPU is asked again"
    assert str(caught.value).startswith("GPU: it stopped answering during the computation. Try again")
    assert isinstance(caught.value, InputError)
    assert "\n" not in str(caught.value)


def test_what_is_wrong_in_bf16_on_a_gpu_is_computed_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
    monkeypatch.setattr(torch.cuda, "device", lambda device: torch.no_grad())
    asked: list[str] = []

    def check(device: str = "cpu") -> bool:
        asked.append(device)
        return False

    monkeypatch.setattr(devices, "bf16_gradients_hold", check)
    assert devices.precision_on("cuda:1", "auto") == "float32"
    assert asked == ["cuda:1"]
    with pytest.raises(InputError, match="this GPU gets gradients in bf16 wrong"):
        devices.precision_on("cuda:1", "bf16")
    monkeypatch.setattr(devices, "bf16_gradients_hold", lambda device="cpu": True)
    assert devices.precision_on("cuda:1", "auto") == "bf16"
