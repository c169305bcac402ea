"""Account of the work on labels: what their journal tells of it, and the labels that it leads to."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.editing.effort import Work
from napari_boundaryseg.editing.history.edit import CARRIED, CLEANED, LOCK, MODEL, OPENED, UNLOCK, Edit
from napari_boundaryseg.editing.history.last_result import LastResult, last_result
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.history.slice_work import SliceState, slice_states
from napari_boundaryseg.editing.journal.records import EDIT, Record
from napari_boundaryseg.editing.journal.replay import Replay, replay_of

KINDS = {
    "paint": "drawn",
    "tool": "drawn",
    "replace": "replaced by other values",
    CARRIED: "carried from other slices",
    CLEANED: "cleaned up",
    MODEL: "a model's result applied",
    OPENED: "opened from a file",
    LOCK: "locked",
    UNLOCK: "unlocked",
}
"""What a step of each kind did, in words."""
TOLD = {
    SliceState.ACCEPTED: "accepted",
    SliceState.CORRECTED: "corrected",
    SliceState.CARRIED: "carried, not looked at",
    SliceState.UNTOUCHED: "untouched",
}

ToScan = Callable[[np.ndarray], np.ndarray]


class Account(NamedTuple):
    """What a journal tells, as JSON holds it, the labels at its end, (I, J, K) on the scan's own grid, and its result.

    There is no result where no model's was applied, or nobody asked for it.
    """

    said: dict[str, Any]
    labels: np.ndarray
    result: LastResult | None = None


def account_of(records: Sequence[Record], scheme: LabelScheme, to_scan: ToScan) -> Account:
    """Replay a journal, and tell what was done: kinds of steps by organ and slice, effort, locks, results.

    Parameters
    ----------
    records : sequence of Record
    scheme : LabelScheme
        Of the labels.
    to_scan : callable
        From the grid of the journal, (z, y, x), to the scan's own.

    Returns
    -------
    Account
        Slices are those of the first axis of the journal's grid, counted from 1. ``results`` are the steps by which
        labels came from a model or a file, each with the `voxels_sha256` of all labels after it. The effort's
        ``slices`` of an organ are those that were viewed or drawn on, ``drawn`` those with a stroke.

    Raises
    ------
    ValueError
        Where a record cannot be followed.
    """
    replay = replay_of(records)
    if not replay.complete:
        raise ValueError("a record cannot be followed")
    made, done = sum(record.kind == EDIT for record in records), replay.steps[: replay.position]
    labels, results = _results(replay, to_scan)
    effort = replay.note.effort
    said = {
        "steps": {"made": made, "done": len(done), "undone": made - len(done)},
        "kinds": _kinds(done, scheme),
        "effort": {**_effort(effort.values()), "organs": _effort_of_organs(effort, scheme)},
        "slices": _slices(replay, scheme),
        "locked": sorted(_lock_in_words(lock, scheme) for lock in replay.recovered().locks),
        "results": results,
    }
    return Account(said, labels, _last_result(replay, to_scan))


def rebuilt(records: Sequence[Record], to_scan: ToScan) -> Account:
    """The labels at the end of a journal, and of what is told only the ``results`` on the way; errors as above."""
    replay = replay_of(records)
    if not replay.complete:
        raise ValueError("a record cannot be followed")
    labels, results = _results(replay, to_scan)
    return Account({"results": results}, labels)


def voxels_sha256(labels: np.ndarray) -> str:
    """SHA-256 of labels whatever file they lie in: their voxels as little-endian 16-bit integers, C order of (I, J, K).

    Examples
    --------
    >>> voxels_sha256(np.zeros((2, 1, 1), np.uint8)) == hashlib.sha256(bytes(4)).hexdigest()
    True
    """
    digest = hashlib.sha256()
    for part in labels:
        digest.update(np.ascontiguousarray(part, "<u2").data)
    return digest.hexdigest()


def _results(replay: Replay, to_scan: ToScan) -> tuple[np.ndarray, list[dict[str, Any]]]:
    labels, found = replay.start.labels.copy(), []
    for number, step in enumerate(replay.steps[: replay.position], start=1):
        if step.box is not None:
            labels[step.box] = step.after
        if step.kind in (MODEL, OPENED):
            of_model = replay.note.results.get(number, {}) if step.kind == MODEL else {}
            found.append(
                {
                    "step": number,
                    "name": step.name,
                    "kind": step.kind,
                    "voxels_sha256": voxels_sha256(to_scan(labels)),
                    **({"model": of_model} if of_model else {}),
                }
            )
    return np.ascontiguousarray(to_scan(labels)), found


def _last_result(replay: Replay, to_scan: ToScan) -> LastResult | None:
    """The last result of a model, on the scan's own grid."""
    steps = replay.steps[: replay.position]
    found = last_result(replay.start.labels, replay.start.locks, steps, replay.note.results)
    return None if found is None else found._replace(labels=np.ascontiguousarray(to_scan(found.labels)))


def _kinds(done: Iterable[Edit], scheme: LabelScheme) -> list[dict[str, Any]]:
    """Kind and tool of the steps, each with how many there are and which slices of which organs they changed."""
    steps: dict[tuple[str, str], list[Edit]] = defaultdict(list)
    for step in done:
        steps[step.kind, step.name.partition(":")[0].partition(",")[0]].append(step)
    found = []
    for (kind, tool), ones in steps.items():
        touched: dict[int, list[frozenset[int]]] = defaultdict(list)
        for step in ones:
            for organ, won in step.organs.items():
                touched[organ].append(won.slices[0])
        organs = {
            _name(organ, scheme): {"steps": len(slices), "slices": _from_one(frozenset().union(*slices))}
            for organ, slices in sorted(touched.items())
        }
        found.append({"kind": kind, "what": KINDS.get(kind, kind), "tool": tool, "steps": len(ones), "organs": organs})
    return found


def _effort(rows: Iterable[Work]) -> dict[str, Any]:
    works = list(rows)
    return {
        "strokes": sum(work.strokes for work in works),
        "path_mm": round(sum(work.path_mm for work in works), 1),
        "minutes": round(sum(work.seconds for work in works) / 60, 2),
        "undos": sum(work.undos for work in works),
    }


def _effort_of_organs(effort: dict[tuple[int, int], Work], scheme: LabelScheme) -> dict[str, Any]:
    organs = sorted({organ for organ, _ in effort})
    return {
        _name(organ, scheme): {
            **_effort(work for (of, _), work in effort.items() if of == organ),
            "slices": _from_one(at for of, at in effort if of == organ),
            "drawn": _from_one(at for (of, at), work in effort.items() if of == organ and work.strokes),
        }
        for organ in organs
    }


def _slices(replay: Replay, scheme: LabelScheme) -> dict[str, Any]:
    history, found = replay.recovered().history(), {}
    for organ in scheme.organs:
        states = slice_states(history, organ.id, 0)
        found[organ.name] = {
            words: _from_one(at for at, one in enumerate(states) if one is state) for state, words in TOLD.items()
        }
    return found


def _lock_in_words(lock: Lock, scheme: LabelScheme) -> str:
    what = "all labels" if lock.organ is None else _name(lock.organ, scheme)
    return what if lock.slice is None else f"{what}, slice {lock.slice + 1}"


def _name(organ: int, scheme: LabelScheme) -> str:
    if organ == 0:
        return "none"
    return scheme.organ(organ).name if organ in scheme.ids else f"Label {organ}"


def _from_one(slices: Iterable[int]) -> list[int]:
    return sorted(int(at) + 1 for at in slices)
