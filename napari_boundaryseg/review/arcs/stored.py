"""Reviews as JSON: plain values of a format with a version."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.arcs.arc import PLACES, Arc
from napari_boundaryseg.review.arcs.item import Item
from napari_boundaryseg.review.arcs.queue import Draw, Queue
from napari_boundaryseg.review.arcs.review import Answer, Review, Verdict

FORMAT = "review of arcs, version 1"


def to_json(review: Review) -> dict[str, Any]:
    """Plain values; points to a hundredth of a voxel.

    Examples
    --------
    >>> piece = np.array([[5.0, 4.0, 0.0], [5.0, 5.0, 0.0], [5.0, 6.0, 0.0]])
    >>> item = Item((Arc(1, 2, 0, piece, (1.0, 1.0, 2.0), 3.0),))
    >>> review = Review(Queue((item,), (2,), (Draw(0, 0, 1),), 30.0)).answered(0, "flag")
    >>> back = from_json(to_json(review))
    >>> back.answers[0].verdict, back.queue.items[0].arcs[0].key == item.arcs[0].key, back.audit == review.audit
    ('flag', True, True)
    """
    queue = review.queue
    return {
        "format": FORMAT,
        "items": [[_plain(arc) for arc in item.arcs] for item in queue.items],
        "unranked": list(queue.unranked),
        "draws": [[draw.before, draw.item, draw.ranked] for draw in queue.draws],
        "border_mm": queue.border_mm,
        "answers": [
            {"item": n, "verdict": answer.verdict, "now": [_plain(arc) for arc in answer.now]}
            for n, answer in sorted(review.answers.items())
        ],
    }


def from_json(values: Any) -> Review:
    """Read what `to_json` made.

    Raises
    ------
    InputError
        When it is something else, or of a newer version.
    """
    try:
        if values["format"] != FORMAT:
            raise InputError("the review", f"its format is {values['format']!r}", "Open it with a newer version")
        items = tuple(Item(tuple(_arc(one) for one in several)) for several in values["items"])
        draws = tuple(Draw(int(before), int(item), int(ranked)) for before, item, ranked in values["draws"])
        if any(not item.arcs for item in items) or any(not 0 <= draw.item < len(items) for draw in draws):
            raise ValueError
        queue = Queue(items, tuple(int(n) for n in values["unranked"]), draws, float(values["border_mm"]))
        answers = {}
        for one in values["answers"]:
            if one["verdict"] not in get_args(Verdict) or not 0 <= int(one["item"]) < len(items):
                raise ValueError
            answers[int(one["item"])] = Answer(one["verdict"], tuple(_arc(arc) for arc in one["now"]))
        return Review(queue, answers)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InputError("the review", "it cannot be read", "Begin the review anew") from error


def _plain(arc: Arc) -> dict[str, Any]:
    return {
        "organ": int(arc.organ),
        "axis": int(arc.axis),
        "slice": int(arc.slice),
        "points": np.round(arc.in_slice, PLACES).tolist(),
        "spacing_mm": list(arc.spacing_mm),
        "length_mm": round(arc.length_mm, 4),
    }


def _arc(values: Any) -> Arc:
    axis, n = int(values["axis"]), int(values["slice"])
    points = np.insert(np.array(values["points"], float).reshape(-1, 2), axis, n, axis=1)
    a, b, c = (float(mm) for mm in values["spacing_mm"])
    if axis not in (0, 1, 2) or not len(points) or not np.isfinite(points).all() or min(a, b, c) <= 0:
        raise ValueError
    return Arc(int(values["organ"]), axis, n, points, (a, b, c), float(values["length_mm"]))
