"""Batches drawn ahead: that of the next step in a thread, while the network computes with this one's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Generic, TypeVar

import torch

T = TypeVar("T")


class Ahead(Generic[T]):
    """What is drawn for each step, in the order of the steps; to be used as a context.

    Parameters
    ----------
    draw : callable
        From a step to its batch, which depends on the step alone: whether it was drawn ahead changes nothing.
    steps : int
        None is drawn for this one, or for those beyond.

    Notes
    -----
    All is drawn in one and the same thread, by PyTorch without threads of its own: those of the network would wait for
    them at every operation.

    Examples
    --------
    >>> with Ahead(lambda step: 10 * step, steps=3) as batches:
    ...     [batches.at(step) for step in range(3)]
    [0, 10, 20]
    """

    def __init__(self, draw: Callable[[int], T], steps: int) -> None:
        self._draw, self._steps = draw, steps
        self._thread = ThreadPoolExecutor(1, "batches", partial(torch.set_num_threads, 1))
        self._next: tuple[int, Future[T]] | None = None

    def __enter__(self) -> Ahead[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def at(self, step: int) -> T:
        """The batch of a step; whatever drawing it raised is raised here."""
        drawn = self._next
        if drawn is None or drawn[0] != step:
            drawn = step, self._thread.submit(self._draw, step)
        self._next = None
        batch = drawn[1].result()
        if step + 1 < self._steps:
            self._next = step + 1, self._thread.submit(self._draw, step + 1)
        return batch
