"""How much of the error lies on the first places of the queue, up to a fifth of the border.

    python benchmarks/review/first_places.py hippocampus hippocampus-hmedn

The queue is the one that a person walks along: of the organs that the model ranks, neighbours joined, random places
among them. Writes `first_places_SET_MODEL.csv`: of each scan, for these organs together and for each alone, how many
places there are and come first, how much of the border they show (random ones included), how much of the summed error
(mean distance times length of each arc) that is, and what a perfect order of the same length would show.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from arc_figures import WORST, error_share, off_mm
from arcs import Turned, write_table
from arcs_page import write_page
from set_options import Chosen, chosen
from unseen import read

from napari_boundaryseg.review.arcs.cutting import cut
from napari_boundaryseg.review.arcs.measures import measured
from napari_boundaryseg.review.arcs.queuing import queued
from napari_boundaryseg.review.arcs.rankings import proven


def rows(asked: Chosen) -> Iterator[dict[str, object]]:
    """One row for each scan and group of organs."""
    for found in read(asked.set, asked.data, asked.folder):
        scan = Turned.of(found, asked.task)
        ranked = proven(asked.model, scan.organs.values())
        organs = [organ for organ, name in scan.organs.items() if name in ranked]
        for group in dict.fromkeys([tuple(organs), *((organ,) for organ in organs)]):
            names = {organ: scan.organs[organ] for organ in group}
            arcs = cut(scan.labels, list(group), scan.spacing_mm, 0, asked.task.arc_mm)
            if not arcs:
                continue
            maps = {"probabilities": scan.probabilities, "classes": scan.classes}
            score = measured(arcs, scan.labels, asked.task.tolerance_mm, **maps)["doubt"]  # type: ignore[arg-type]
            off = dict(zip((arc.key for arc in arcs), off_mm(arcs, scan.wanted), strict=True))
            queue = queued(arcs, score, set(group), seed=0)
            first = queue.first_part(WORST)
            shown = {arc.key for item in queue.items[:first] for arc in item.arcs}
            away, length = np.array([off[arc.key] for arc in arcs]), np.array([arc.length_mm for arc in arcs])
            seen = np.array([arc.key in shown for arc in arcs])
            part = float(length[seen].sum() / length.sum())
            yield {
                "set": asked.set,
                "model": asked.model,
                "case": found.case,
                "patient": found.patient,
                "organs": " ".join(names.values()),
                "places": len(queue.items),
                "first": first,
                "shown": round(part, 4),
                "held": round(float((away * length)[seen].sum() / (away * length).sum()), 4),
                "perfect": round(error_share(away, away, length, part), 4),
            }


def main() -> None:
    """Measure one set."""
    asked = chosen(__doc__)
    write_table(f"first_places_{asked.file}", rows(asked))
    write_page()


if __name__ == "__main__":
    main()
