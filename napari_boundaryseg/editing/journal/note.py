"""Note in a journal: what belongs to labels in work beside their voxels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from typing import Any

from napari_boundaryseg.data.boxes import Box, from_pairs
from napari_boundaryseg.editing.effort import Work


@dataclass
class Note:
    """What the last notes of a journal say together.

    Parameters
    ----------
    effort : dict
        (organ, slice) to what it took.
    organ : int
        The organ that was chosen; 0 when that is not known.
    box : three slices, optional
        The part of the scan that was segmented, on the scan's own array.
    results : dict
        The position after a step that put a model's result into the labels, to what the model says of it, as JSON.
    remarks : dict
        Subject to what a person said of the labels, see `editing.remarks`.
    """

    effort: dict[tuple[int, int], Work] = field(default_factory=dict)
    organ: int = 0
    box: Box | None = None
    results: dict[int, dict[str, Any]] = field(default_factory=dict)
    remarks: dict[str, Any] = field(default_factory=dict)

    def follow(self, body: bytes) -> None:
        """Take what one record says; a ValueError where it says nothing that can be understood."""
        said = json.loads(body)
        for organ, at, strokes, path_mm, seconds, undos in said["effort"]:
            self.effort[int(organ), int(at)] = Work(int(strokes), float(path_mm), float(seconds), int(undos))
        self.organ, self.box = int(said["organ"]), None if said["box"] is None else from_pairs(said["box"])
        for position, details in said.get("results", ()):
            self.results[int(position)] = dict(details)
        self.remarks |= dict(said.get("remarks", {}))


def note_body(
    effort: Mapping[tuple[int, int], Work],
    organ: int,
    box: Box | None,
    results: Mapping[int, Mapping[str, Any]] | None = None,
    remarks: Mapping[str, Any] | None = None,
) -> bytes:
    """A record's content: the effort, the results and the remarks that are new, and all else."""
    rows = [[*at, *astuple(work)] for at, work in effort.items()]
    parts = None if box is None else [[int(part.start), int(part.stop)] for part in box]
    said: dict[str, Any] = {"effort": rows, "organ": organ, "box": parts}
    if results:
        said["results"] = [[position, dict(details)] for position, details in results.items()]
    if remarks:
        said["remarks"] = dict(remarks)
    return json.dumps(said).encode()
