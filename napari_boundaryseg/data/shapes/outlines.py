"""Outlines of organs in one slice: smooth lines between the voxels of a label and the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from napari_boundaryseg.data.shapes.border_lines import Part, border_lines, part_of

Margin = Callable[[int, Part], np.ndarray | None]
"""Of an organ in a part of the slice, (R, C): how far it is from being something else, above zero where it is the
organ; NaN where the label is not the model's any more, and none at all where there is no model."""


def outlines(
    labels: np.ndarray,
    organs: Iterable[int],
    spacing: Sequence[float] = (1.0, 1.0),
    margin: Margin | None = None,
) -> dict[int, list[np.ndarray]]:
    """The border of each organ in a slice, as closed lines.

    A line lies between every voxel of the organ and each neighbour that is none, so that filling it by the even-odd
    rule gives the labels back. Where between two centres it lies follows from the signed distance of the labels,
    smoothed; or from a model's margin, where one is given for both voxels and agrees with their labels.

    Parameters
    ----------
    labels : (R, C) array of int
    organs : iterable of int
        Whose lines are wanted.
    spacing : two floats
        Size of a voxel along rows and columns, in mm.
    margin : callable, optional
        See `Margin`.

    Returns
    -------
    dict
        Organ to a list of (n, 2) arrays: row and column, the centre of the first voxel at (0, 0).

    Examples
    --------
    >>> labels = np.zeros((9, 9), np.uint8)
    >>> labels[3:6, 3:6] = 2
    >>> (line,) = outlines(labels, [1, 2])[2]
    >>> bool((line[0] == line[-1]).all()), bool(line.min() > 2.4), bool(line.max() < 5.6)
    (True, True, True)
    """
    return KeptOutlines().of(labels, organs, spacing, margin)


class KeptOutlines:
    """Outlines of one slice after the other, as `outlines` has them.

    An organ keeps its lines while no label within its part of the slice changes: a stroke costs those that it touches.
    """

    def __init__(self) -> None:
        self._kept: dict[int, tuple[object, list[np.ndarray]]] = {}

    def of(
        self,
        labels: np.ndarray,
        organs: Iterable[int],
        spacing: Sequence[float],
        margin: Margin | None = None,
        place: object = None,
    ) -> dict[int, list[np.ndarray]]:
        """The lines of a slice; a slice with another ``place`` has another margin or spacing."""
        kept, self._kept = self._kept, {}
        for organ in organs:
            mask = labels == organ
            part = part_of(mask)
            if part is None:
                self._kept[organ] = None, []
                continue
            key = place, part, labels[part].tobytes()
            if organ in kept and kept[organ][0] == key:
                self._kept[organ] = kept[organ]
                continue
            lines = border_lines(mask[part], spacing, margin(organ, part) if margin else None)
            corner = np.array([part[0].start, part[1].start])
            self._kept[organ] = key, [line + corner for line in lines]
        return {organ: lines for organ, (_, lines) in self._kept.items()}
