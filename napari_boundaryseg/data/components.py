"""Connected components of label maps: specks removed, holes filled (HMEDN, IEEE TIP 29, 2020)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import ndimage

from napari_boundaryseg.data.boxes import bounds


def largest_components(
    labels: np.ndarray, smallest_share: float = 1.0, instead: Mapping[int, tuple[int, ...]] | None = None
) -> np.ndarray:
    """Keep the largest component of every organ, and others of at least this share of its size.

    Parameters
    ----------
    labels : 2-D or 3-D array of integers
        Organ ids, 0 for the background. Voxels are connected by faces.
    smallest_share : float
        From 0 (everything stays) to 1 (only the largest stays, the first one where several are equally large).
    instead : mapping, optional
        Organ to a voxel of the component that stays where only one does, whatever its size.

    Returns
    -------
    array
        A copy; what was dropped is background.
    """
    kept = np.array(labels)
    for organ, box in organ_boxes(labels):
        parts, sizes = components(labels[box] == organ)
        specks = sizes < smallest_share * sizes.max()
        if smallest_share >= 1:
            main = sizes.argmax()
            if instead is not None and organ in instead:
                main = parts[tuple(n - part.start for n, part in zip(instead[organ], box, strict=True))] - 1
            specks = np.arange(len(sizes)) != main
        kept[box][specks[parts - 1] & (parts > 0)] = 0
    return kept


def fill_enclosed(labels: np.ndarray) -> np.ndarray:
    """Give every organ what its largest component encloses, organs of large components first.

    The largest component of another organ is never overwritten; everything else that is enclosed is: holes and
    pieces of other organs. In the first and the last slice of a volume a hole is what is enclosed within the slice: how
    it goes on is not seen. Not for nested structures, where an organ rightly lies inside another.

    Parameters
    ----------
    labels : 2-D or 3-D array of integers
        Organ ids, 0 for the background.

    Returns
    -------
    array
        A copy.
    """
    filled = np.array(labels)
    mains = sorted(
        ((box, *_main(labels[box] == organ), organ) for organ, box in organ_boxes(labels)), key=lambda entry: -entry[2]
    )
    spared = np.zeros(filled.shape, bool)
    for box, main, _, _ in mains:
        spared[box] |= main
    for box, main, _, organ in mains:
        enclosed = _with_holes(main, box, labels.shape) & ~spared[box]
        filled[box][enclosed] = organ
    return filled


def _with_holes(main: np.ndarray, box: tuple[slice, ...], shape: tuple[int, ...]) -> np.ndarray:
    """A mask and what it encloses; in a volume, a hole that an end of the scan cuts is closed there."""
    closed = main.copy()
    for axis, (part, n) in enumerate(zip(box, shape, strict=True)):
        for at, is_end in ((0, part.start == 0), (-1, part.stop == n)):
            if is_end and main.ndim == 3:
                closed.swapaxes(0, axis)[at] |= ndimage.binary_fill_holes(main.swapaxes(0, axis)[at])
    return ndimage.binary_fill_holes(closed)


def organ_boxes(labels: np.ndarray) -> list[tuple[int, tuple[slice, ...]]]:
    """Each organ that occurs, with the box round it."""
    labels = np.asarray(labels)
    whole = bounds(labels > 0)
    if whole is None:
        return []
    return [
        (n, tuple(slice(part.start + at.start, part.stop + at.start) for part, at in zip(box, whole)))
        for n, box in enumerate(ndimage.find_objects(labels[whole]), start=1)
        if box is not None
    ]


def components(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Components numbered from 1, and how many voxels each has."""
    parts, _ = ndimage.label(mask)
    return parts, np.bincount(parts.ravel())[1:]


def pieces_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pieces numbered from 1, and how many voxels each has.

    All 26 neighbours count, not the six at the faces alone. A thin part that runs aslant through thick slices often
    hangs together by edges only, and in a slice two pixels that touch at a corner look like one thing: by faces they
    would be removed as specks. The plausibility of labels counts pieces in the same way, and a hole is what is closed
    by faces: of two things that cross at a corner, the organ goes through.

    Parameters
    ----------
    mask : (I, J, K) bool array

    Returns
    -------
    parts : (I, J, K) integer array
        0 outside.
    sizes : (N,) integer array
        In voxels.

    Examples
    --------
    >>> parts, sizes = pieces_of(np.eye(3, dtype=bool)[None])
    >>> sizes.tolist()
    [3]
    """
    parts, _ = ndimage.label(mask, structure=np.ones((3, 3, 3), bool))
    return parts, np.bincount(parts.ravel())[1:]


def _main(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """The largest component of a mask, and its size in voxels."""
    parts, sizes = components(mask)
    return parts == sizes.argmax() + 1, int(sizes.max())
