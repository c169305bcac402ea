"""Whether the first items of the queue show an error that was planted in labels after the prediction.

    python benchmarks/review/planted_arcs.py hippocampus hippocampus-hmedn
    python benchmarks/review/planted_arcs.py phantoms pelvis-mr-sgm

In each of twenty scans one organ is moved by 5 mm in its slices, or cut off by 5 mm, in a random direction, over 5 mm
of slices: once in the reference (right elsewhere), once in what the model found (wrong elsewhere as it is). Writes
`planted_arcs_SET_MODEL.csv`: the first item that lies on the error, from 1, for each score; 0 for none.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from arcs import Turned, write_table
from arcs_page import PLANTED_SCORES, write_page
from scipy.ndimage import binary_dilation
from set_options import Chosen, chosen
from unseen import read

from napari_boundaryseg.review.arcs.arc import Arc
from napari_boundaryseg.review.arcs.cutting import cut
from napari_boundaryseg.review.arcs.measures import measured
from napari_boundaryseg.review.arcs.queuing import queued

SCANS, ERROR_MM = 20, 5.0
ON_IT = 1 / 3
"""An arc lies on the error where so many of its points lie beside a voxel that was changed."""


def planted(
    labels: np.ndarray, organ: int, kind: str, spacing: tuple[float, ...], rng: np.random.Generator
) -> np.ndarray:
    """Labels, slices first, with one error in an organ, within the middle three fifths of its slices."""
    there = np.flatnonzero((labels == organ).any(axis=(1, 2)))
    inner = there[len(there) // 5 : len(there) - len(there) // 5]
    n = max(1, round(ERROR_MM / spacing[0]))
    first = int(rng.choice(inner[: max(1, len(inner) - n + 1)]))
    part = labels[first : first + n].copy()
    mask = part == organ
    angle = rng.uniform(0, 2 * np.pi)
    way = np.array([np.sin(angle), np.cos(angle)])
    if kind == "shift":
        down, right = np.rint(ERROR_MM * way / spacing[1:]).astype(int)
        part[mask] = 0
        part[np.roll(mask, (down, right), axis=(1, 2))] = organ
    else:
        rows, columns = (np.arange(size) * mm for size, mm in zip(mask.shape[1:], spacing[1:], strict=True))
        along = rows[:, None] * way[0] + columns[None, :] * way[1]
        for plane, own in zip(part, mask, strict=True):
            if own.any():
                plane[own & (along > along[own].max() - ERROR_MM)] = 0
    changed = labels.copy()
    changed[first : first + n] = part
    return changed


def on_error(arc: Arc, near: np.ndarray) -> bool:
    """Whether an arc lies on what was changed."""
    rows, columns = np.clip(np.rint(arc.in_slice).astype(int).T, 0, np.array(near.shape[1:])[:, None] - 1)
    return bool(near[arc.slice, rows, columns].mean() >= ON_IT)


def trials(asked: Chosen) -> Iterator[dict[str, object]]:
    """One row for each scan and kind of labels."""
    task = asked.task
    for n, found in enumerate(islice(read(asked.set, asked.data, asked.folder), SCANS)):
        scan = Turned.of(found, task)
        kind = ("shift", "cut")[n % 2]
        for base, labels in (("the reference", scan.wanted), ("the model's own", scan.labels)):
            rng = np.random.default_rng([9, n])
            drawn = [organ for organ in scan.organs if np.count_nonzero((labels == organ).any(axis=(1, 2))) >= 5]
            organ = drawn[(n // 2) % len(drawn)]
            changed = planted(labels, organ, kind, scan.spacing_mm, rng)
            near = binary_dilation(changed != labels, np.ones((1, 3, 3), bool))
            arcs = cut(changed, scan.organs, scan.spacing_mm, 0, task.arc_mm)
            values = measured(
                arcs,
                changed,
                task.tolerance_mm,
                probabilities=scan.probabilities,
                classes=scan.classes,
                image=scan.image,
            )
            row: dict[str, object] = {"set": asked.set, "model": asked.model, "case": found.case, "base": base}
            row |= {"organ": scan.organs[organ], "kind": kind, "changed_vox": int((changed != labels).sum())}
            for score in PLANTED_SCORES:
                queue = queued(arcs, values[score], set(scan.organs), seed=n)
                hits = (
                    place
                    for place, item in enumerate(queue.items, start=1)
                    if item.organ == organ and any(on_error(arc, near) for arc in item.arcs)
                )
                row[score] = next(hits, 0)
            yield row


def main() -> None:
    """Plant errors in one set."""
    asked = chosen(__doc__)
    write_table(f"planted_arcs_{asked.file}", trials(asked))
    write_page()


if __name__ == "__main__":
    main()
