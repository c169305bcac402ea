"""Slabs of a network's answer on the scan's own grid, each as soon as the planes are known that it lies between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from napari_boundaryseg.engine.inference.sliding_window import Slab
from napari_boundaryseg.engine.preprocessing.network_grid import linear

Zyx = tuple[int, int, int]
PLANES = 8
"""So many at a time: where few windows cover a scan, a slab may be all of it."""


def on_scan_grid(slabs: Iterable[Slab], have: Zyx, want: Zyx) -> Iterator[Slab]:
    """What `network_grid.linear` makes of all of them together, a few planes at a time.

    Parameters
    ----------
    slabs : iterable of Slab
        One after the other along one axis, without gaps.
    have, want : tuple of int
        The network's and the scan's own size, (z, y, x), over the same field of view.

    Examples
    --------
    >>> maps = torch.arange(4.0)[None, :, None, None]
    >>> halves = [Slab((slice(n, n + 2), slice(0, 1), slice(0, 1)), maps[:, n : n + 2], 0) for n in (0, 2)]
    >>> [slab.maps.flatten().tolist() for slab in on_scan_grid(halves, (4, 1, 1), (8, 1, 1))]
    [[0.0, 0.25, 0.75], [1.25, 1.75, 2.25, 2.75, 3.0]]
    """
    if have == want:
        for slab in slabs:
            yield from _thin(slab)
        return
    shares, held, low, done = torch.zeros(0), torch.zeros(0), 0, 0
    for slab in slabs:
        axis, start, end = slab.axis, slab.where[slab.axis].start, slab.where[slab.axis].stop
        if not shares.numel():
            shares = _shares(have[axis], want[axis]).to(slab.maps.device)
        planes = torch.cat([held.narrow(axis + 1, 0, start - low), slab.maps], axis + 1) if start > low else slab.maps
        known = _known(shares, end)
        for first in range(done, known, PLANES):
            last = min(first + PLANES, known)
            where, size = _planes(want, axis, first, last)
            yield Slab(where, linear(_combined(shares[first:last, low:end], planes, axis), size), axis)
        done = max(done, known)
        if done < want[axis]:
            first = int((shares[done] != 0).nonzero()[0])
            held = planes.narrow(axis + 1, first - low, end - first).clone()
            low = first


def _shares(have: int, want: int) -> Tensor:
    """(want, have): how much of each plane each new one is made of."""
    single = torch.eye(have)[:, :, None, None]
    return linear(single, (want, 1, 1))[:, :, 0, 0].T.contiguous()


def _known(shares: Tensor, end: int) -> int:
    """How many of the new planes need none of the planes that are still to come."""
    open_ = (shares[:, end:] != 0).any(1).nonzero()
    return int(open_[0]) if len(open_) else len(shares)


def _combined(shares: Tensor, planes: Tensor, axis: int) -> Tensor:
    """New planes along an axis of (N, z, y, x), from those that they are made of."""
    used = (shares != 0).any(0).nonzero()
    first, last = int(used[0]), int(used[-1]) + 1
    own, planes = shares[:, first:last], planes.narrow(axis + 1, first, last - first)
    if own.shape[0] == own.shape[1] and bool((own == torch.eye(len(own), device=own.device)).all()):
        return planes
    return torch.tensordot(own, planes, dims=([1], [axis + 1])).movedim(0, axis + 1)


def _thin(slab: Slab) -> Iterator[Slab]:
    """A few planes of a slab at a time."""
    along, size = slab.where[slab.axis], [part.stop for part in slab.where]
    for first in range(along.start, along.stop, PLANES):
        last = min(first + PLANES, along.stop)
        where, _ = _planes((size[0], size[1], size[2]), slab.axis, first, last)
        yield Slab(where, slab.maps.narrow(slab.axis + 1, first - along.start, last - first), slab.axis)


def _planes(size: Zyx, axis: int, first: int, last: int) -> tuple[tuple[slice, slice, slice], Zyx]:
    """Where some planes of an image lie, and how large they are."""
    where = [slice(0, n) for n in size]
    where[axis] = slice(first, last)
    z, y, x = (part.stop - part.start for part in where)
    return (where[0], where[1], where[2]), (z, y, x)
