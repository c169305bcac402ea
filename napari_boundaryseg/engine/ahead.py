"""The next step's batch, drawn while the network computes this one's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """Makes what the next step needs in a thread of its own; to be used in a ``with`` statement.

    Parameters
    ----------
    make : callable
        From a step to what it needs. It must depend on nothing that another step changes; it is called by one thread
        at a time, in the order of the steps.
    end : int
        Nothing is made for this step or a later one.
    """

    def __init__(self, make: Callable[[int], T], end: int) -> None:
        self._make, self._end = make, end
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._coming: tuple[int, Future[T] | None] = (-1, None)

    def __enter__(self) -> Ahead[T]:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
                 ) -> None:
        self._thread.shutdown(cancel_futures=True)

    def take(self, step: int) -> T:
        """What a step needs; that of the one after it is begun. Raises what making it raised."""
        begun, coming = self._coming
        found = (coming if coming is not None and begun == step else self._thread.submit(self._make, step)).result()
        following = step + 1
        self._coming = following, self._thread.submit(self._make, following) if following < self._end else None
        return found
