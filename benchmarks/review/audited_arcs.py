"""Whether the random places of a queue say how much of the border that was not shown is wrong.

    python benchmarks/review/audited_arcs.py hippocampus hippocampus-hmedn

In each scan a person goes through the first quarter of the queue and tells right from wrong without fault, with 20
seeds of the random places. Writes `audited_arcs_SET_MODEL.csv`: of each scan, over the seeds, what was wrong of the
length that was not shown for its score, what the audit said, and how often its interval held it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from arc_figures import off_mm
from arcs import Turned, write_table
from arcs_page import write_page
from set_options import Chosen, chosen
from unseen import read

from napari_boundaryseg.review.arcs.audit import audited
from napari_boundaryseg.review.arcs.cutting import cut
from napari_boundaryseg.review.arcs.measures import measured
from napari_boundaryseg.review.arcs.queuing import queued

SEEDS, SHOWN = 20, 0.25


def trials(asked: Chosen) -> Iterator[dict[str, object]]:
    """One row for each scan."""
    task = asked.task
    for found in read(asked.set, asked.data, asked.folder):
        scan = Turned.of(found, task)
        arcs = cut(scan.labels, scan.organs, scan.spacing_mm, 0, task.arc_mm)
        maps = {"probabilities": scan.probabilities, "classes": scan.classes}
        score = measured(arcs, scan.labels, task.tolerance_mm, **maps)["doubt"]  # type: ignore[arg-type]
        wrong = dict(zip((arc.key for arc in arcs), off_mm(arcs, scan.wanted) > task.tolerance_mm, strict=True))
        said = []
        for seed in range(SEEDS):
            queue = queued(arcs, score, set(scan.organs), seed)
            shown = round(SHOWN * len(queue.items))
            answers = {n: bool(wrong[item.arcs[0].key]) for n, item in enumerate(queue.items[:shown])}
            audit = audited(queue, answers)
            random_ones = {draw.item for draw in queue.draws if draw.before < shown <= draw.ranked}
            seen = {arc.key for n in set(range(shown)) - random_ones for arc in queue.items[n].arcs}
            rest = [(arc.length_mm, wrong[arc.key]) for arc in arcs if arc.key not in seen]
            truth = sum(mm for mm, bad in rest if bad) / sum(mm for mm, _ in rest)
            said.append((truth, audit.share, audit.low, audit.high, audit.drawn))
        known = [one for one in said if one[1] is not None]
        yield {
            "set": asked.set,
            "model": asked.model,
            "case": found.case,
            "patient": found.patient,
            "seeds": len(said),
            "places": round(float(np.mean([one[4] for one in said])), 2),
            "truth": round(float(np.mean([one[0] for one in known])), 4),
            "estimate": round(float(np.mean([one[1] for one in known])), 4),
            "width": round(float(np.mean([one[3] - one[2] for one in said])), 4),
            "held": round(float(np.mean([one[2] <= one[0] <= one[3] for one in said])), 4),
        }


def main() -> None:
    """Audit one set."""
    asked = chosen(__doc__)
    write_table(f"audited_arcs_{asked.file}", trials(asked))
    write_page()


if __name__ == "__main__":
    main()
