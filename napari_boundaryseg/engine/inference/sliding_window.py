"""Sliding-window inference with Gaussian blending, in one pass and cancellable; positions and weights are MONAI's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from napari_boundaryseg.engine.devices import give_back
from napari_boundaryseg.engine.inference.window_batch import WindowBatch
from napari_boundaryseg.engine.inference.windows import Zyx, importance, pad_to, places, rolled_axis
from napari_boundaryseg.progress import Progress, silent


class Slab(NamedTuple):
    """Planes of a scan that are blended to the end, valid until the next slab is asked for.

    Parameters
    ----------
    where : three slices
        In the image's (z, y, x).
    maps : (N, z, y, x) float32 tensor
        Of these planes alone.
    axis : int
        Along which slabs follow one another.
    """

    where: tuple[slice, slice, slice]
    maps: Tensor
    axis: int


def sliding_window(
    image: Tensor,
    network: Callable[[Tensor], Tensor],
    window: Zyx,
    overlap: float = 0.5,
    *,
    batch: int = 1,
    device: torch.device | str = "cpu",
    store: torch.device | str | None = None,
    shorter: Callable[[int], None] = lambda size: None,
    progress: Progress = silent,
) -> Tensor:
    """Blend what a network says of overlapping windows.

    Parameters
    ----------
    image : (C, z, y, x) float tensor
    network : callable
        (B, C, *window) to (B, N, *window).
    window : tuple of int
        (z, y, x); smaller scans are padded with zeros and cropped back.
    overlap : float
        Share of a window that the next one covers again.
    batch : int
        Windows given to the network at once: more where a GPU has room, fewer when memory runs out.
    device, store : torch.device
        Where the network runs, and where the sums are kept (the same by default).
    shorter : callable
        Called with the number of windows that are given at once from now on, when memory ran out on the way; what was
        computed before is kept.
    progress : Progress
        Called at every batch of windows; may raise `Cancelled`.

    Returns
    -------
    (N, z, y, x) float32 tensor on ``store``
    """
    work = _Blending(image, window, overlap, store or device, whole=True)
    (slab,) = work.slabs(network, WindowBatch(batch, device, shorter), device, progress)
    return slab.maps


def slabs(
    image: Tensor,
    network: Callable[[Tensor], Tensor],
    window: Zyx,
    overlap: float = 0.5,
    *,
    batch: int = 1,
    device: torch.device | str = "cpu",
    store: torch.device | str | None = None,
    shorter: Callable[[int], None] = lambda size: None,
    progress: Progress = silent,
) -> Iterator[Slab]:
    """The very values of `sliding_window`, a few planes at a time: as soon as no window that comes touches them.

    Only the sums of one row of windows are held, however long the scan is. Parameters are those of `sliding_window`.

    Examples
    --------
    >>> scan = torch.rand(1, 40, 16, 16)
    >>> [slab.where[0] for slab in slabs(scan, lambda x: x, (16, 16, 16))]
    [slice(0, 8, None), slice(8, 16, None), slice(16, 24, None), slice(24, 40, None)]
    """
    work = _Blending(image, window, overlap, store or device, whole=False)
    return work.slabs(network, WindowBatch(batch, device, shorter), device, progress)


class _Blending:
    """Sums over windows, the axis along which they go on last in front."""

    def __init__(self, image: Tensor, window: Zyx, overlap: float, store: torch.device | str, *, whole: bool) -> None:
        self._padded, self._inside = pad_to(image, window)
        z, y, x = self._padded.shape[1:]
        self._window, self._store = window, store
        self._axis = rolled_axis((z, y, x), window)
        self._places = places((z, y, x), window, overlap)
        self._weights = importance(window).to(store).movedim(self._axis, 0)
        self._length = (z, y, x)[self._axis]
        self._depth = self._length if whole else window[self._axis]
        self._whole = whole
        self._low = 0
        self._total = torch.zeros(0)
        self._covered = torch.zeros(self._in_front((z, y, x)), device=store)

    def _in_front(self, size: Zyx) -> tuple[int, ...]:
        return self._depth, *(n for axis, n in enumerate(size) if axis != self._axis)

    def slabs(
        self, network: Callable[[Tensor], Tensor], batch: WindowBatch, device: torch.device | str, progress: Progress
    ) -> Iterator[Slab]:
        count, first = len(self._places), 0
        padded = self._padded.to(device) if torch.device(self._store) == torch.device(device) else self._padded
        while first < count:
            progress(first / count, f"Window {first + 1} of {count}")
            group = self._places[first : first + batch.size]
            boxes = [tuple(slice(a, a + w) for a, w in zip(place, self._window, strict=True)) for place in group]
            answers = None
            try:
                stacked = torch.stack([padded[(slice(None), *box)] for box in boxes]).to(device)
                answers = network(stacked).to(self._store, torch.float32)
            except (RuntimeError, MemoryError) as error:
                if not batch.ran_short(error):
                    raise
            if answers is None:  # only here is what the failed call held free
                give_back()
                continue
            first += len(group)
            batch.done()
            if not self._total.numel():
                self._total = torch.zeros((answers.shape[1], *self._covered.shape), device=self._store)
            for box, answer in zip(boxes, answers, strict=True):
                start = box[self._axis].start
                if start > self._low and not self._whole:
                    yield from self._ended(start)
                    self._move_to(start)
                self._add(box, answer)
        progress(1.0, "Blending")
        yield from self._ended(self._length)

    def _add(self, box: tuple[slice, ...], answer: Tensor) -> None:
        along = slice(box[self._axis].start - self._low, box[self._axis].stop - self._low)
        at = (along, *(part for axis, part in enumerate(box) if axis != self._axis))
        self._total[(slice(None), *at)].addcmul_(answer.movedim(self._axis + 1, 1), self._weights)
        self._covered[at] += self._weights

    def _ended(self, high: int) -> Iterator[Slab]:
        """The planes from the lowest that are held up to ``high``, where the image itself has some of them."""
        own = self._inside[self._axis]
        low, high = max(self._low, own.start), min(high, own.stop)
        if low >= high:
            return
        part = slice(low - self._low, high - self._low)
        blended = self._total[:, part].div_(self._covered[part]).movedim(1, self._axis + 1)
        across = [slice(None) if axis == self._axis else inside for axis, inside in enumerate(self._inside)]
        where = [slice(0, inside.stop - inside.start) for inside in self._inside]
        where[self._axis] = slice(low - own.start, high - own.start)
        yield Slab((where[0], where[1], where[2]), blended[(slice(None), *across)], self._axis)

    def _move_to(self, low: int) -> None:
        """Let the planes below go, and begin new ones above."""
        gone = low - self._low
        for sums, axis in ((self._total, 1), (self._covered, 0)):
            for plane in range(self._depth - gone):
                sums.select(axis, plane).copy_(sums.select(axis, plane + gone))
            sums.narrow(axis, self._depth - gone, gone).zero_()
        self._low = low
