"""How many windows a network is given at once: more while a GPU has room for them, fewer when memory runs out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch

from napari_boundaryseg.engine.devices import is_full

MOST = 32
ROOM = 0.8
"""Of what is free, so much may be taken: how much a network takes is measured, but memory comes in pieces."""


class Memory(NamedTuple):
    """Bytes of a GPU: what was in use at most since the last look, what is in use, and what is free beside it."""

    peak: int
    used: int
    free: int


def memory_of(device: torch.device | str) -> Memory | None:
    """Of a GPU, after which the peak is counted anew; None for a CPU, whose batch is chosen for its speed."""
    if torch.device(device).type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    used, held = torch.cuda.memory_allocated(device), torch.cuda.memory_reserved(device)
    peak = torch.cuda.max_memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    return Memory(peak, used, free + held - used)


class WindowBatch:
    """The number of windows of the next batch.

    Parameters
    ----------
    size : int
        To begin with.
    device : torch.device
    shorter : callable
        Called with a number when memory ran out and the batch is as small as that from now on.
    memory : callable
        Replaced where there is no GPU, for a test.

    Examples
    --------
    >>> batch = WindowBatch(4, "cpu")
    >>> batch.done()
    >>> batch.size, batch.ran_short(MemoryError()), batch.size, batch.ran_short(MemoryError()), batch.size
    (4, True, 2, True, 1)
    >>> batch.ran_short(MemoryError()), batch.ran_short(ValueError())
    (False, False)
    """

    def __init__(
        self,
        size: int,
        device: torch.device | str,
        shorter: Callable[[int], None] = lambda size: None,
        memory: Callable[[torch.device | str], Memory | None] = memory_of,
    ) -> None:
        self.size, self._device, self._shorter, self._memory = size, device, shorter, memory
        self._grows = True
        memory(device)

    def done(self) -> None:
        """Note that a batch of `size` was computed: the next is twice as large where that has room."""
        seen = self._memory(self._device) if self._grows else None
        if seen is None:
            self._grows = False
            return
        needed = 2 * (seen.peak - seen.used)
        self._grows = self.size < MOST and needed <= ROOM * seen.free
        if self._grows:
            self.size = min(2 * self.size, MOST)

    def ran_short(self, error: BaseException) -> bool:
        """Whether an error says that memory ran out and fewer windows can be tried; what is done is kept."""
        if self.size == 1 or not is_full(error):
            return False
        self._grows = False
        self.size = max(1, self.size // 2)
        self._shorter(self.size)
        return True
