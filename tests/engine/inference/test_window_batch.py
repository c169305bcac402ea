"""Batches of windows: fewer after memory ran out, with what was done before kept; more where a GPU has room."""

from __future__ import annotations

import pytest
import torch

from napari_boundaryseg.engine.devices import Plan
from napari_boundaryseg.engine.inference.sliding_window import slabs, sliding_window
from napari_boundaryseg.engine.inference.window_batch import MOST, Memory, WindowBatch
from napari_boundaryseg.engine.inference.windows import how_many

IMAGE = torch.rand(1, 20, 16, 40)
WINDOW = (8, 16, 16)


class Full:
    """A network for whose windows there is no memory from some call on, but for so many at once."""

    def __init__(self, most: int, from_call: int = 0, error: BaseException | None = None) -> None:
        self.most, self.from_call, self.calls = most, from_call, list[int]()
        self.error = error or torch.OutOfMemoryError("planted")

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.calls.append(len(x))
        if len(x) > self.most and len(self.calls) > self.from_call:
            raise self.error
        return 2 * x


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("planted"), MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you")],
)
def test_what_is_done_is_kept_and_the_rest_goes_on_with_fewer(error):
    told, network = [], Full(1, from_call=2, error=error)
    found = sliding_window(IMAGE, network, WINDOW, batch=4, shorter=told.append)
    torch.testing.assert_close(found, 2 * IMAGE)
    assert told == [2, 1]
    assert network.calls[:5] == [4, 4, 4, 2, 1]
    assert 2 * 4 + network.calls.count(1) == how_many(IMAGE.shape[1:], WINDOW, 0.5)  # none of the first was asked again
    assert set(network.calls[4:]) == {1}


def test_slab_by_slab_it_is_the_same():
    whole = sliding_window(IMAGE, lambda x: 2 * x, WINDOW, batch=4)
    parts = [(slab.where, slab.maps.clone()) for slab in slabs(IMAGE, Full(2), WINDOW, batch=4)]
    for where, maps in parts:
        assert torch.equal(maps, whole[(slice(None), *where)])


def test_where_one_window_does_not_fit_the_error_goes_on():
    with pytest.raises(torch.OutOfMemoryError, match="planted"):
        sliding_window(IMAGE, Full(0), WINDOW, batch=4)


def test_another_error_is_none_of_memory():
    network = Full(1, error=RuntimeError("a planted fault"))
    with pytest.raises(RuntimeError, match="planted fault"):
        sliding_window(IMAGE, network, WINDOW, batch=4)
    assert network.calls == [4]


@pytest.mark.parametrize(
    ("per_window", "free", "wanted"), [(10, 10**6, MOST), (10, 400, 32), (10, 250, 16), (10, 99, 4)]
)
def test_a_gpu_with_room_gets_more_and_one_without_stays(per_window, free, wanted):
    batch = _growing(per_window, free)
    for _ in range(10):
        batch.done()
    assert batch.size == wanted


def _growing(per_window: int, free: int) -> WindowBatch:
    sizes = [4]

    def memory(_: object) -> Memory:
        return Memory(1000 + per_window * sizes[-1], 1000, free)

    class Followed(WindowBatch):
        def done(self) -> None:
            super().done()
            sizes.append(self.size)

    return Followed(4, "cuda", memory=memory)


def test_after_it_ran_short_it_grows_no_more():
    batch = _growing(1, 10**9)
    assert batch.ran_short(torch.OutOfMemoryError())
    batch.done()
    assert batch.size == 2


def test_a_plan_says_so():
    assert Plan("cuda", "cuda", 4).with_fewer(2).note == "GPU memory ran short: 2 windows at a time"
    assert Plan("cpu", "cpu", 2).with_fewer(1) == Plan("cpu", "cpu", 1, "Memory ran short: one window at a time")
