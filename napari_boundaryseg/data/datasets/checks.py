"""Checks of a data set before anything is trained: every fault of every case is named at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from napari_boundaryseg.data.datasets.case import Case, some
from napari_boundaryseg.data.datasets.copies import copied, marks, one_scan
from napari_boundaryseg.data.datasets.loading import load_case, load_scan
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent

MANY = 3
"""More cases with the same fault are told in one list."""


def check_cases(
    cases: Iterable[Case],
    scheme: LabelScheme,
    channels: int = 1,
    *,
    judging: Iterable[Case] = (),
    others: Iterable[Case] = (),
    every_organ: bool = False,
    progress: Progress = silent,
) -> tuple[str, ...]:
    """Read every case once and refuse the data set with a list of all that is wrong, before anything is trained.

    Parameters
    ----------
    cases : iterable of Case
        Those that are learnt from.
    scheme : LabelScheme
        What the labels may hold.
    channels : int
        How many each scan must have.
    judging : iterable of Case
        Those that choose a step or judge the result.
    others : iterable of Case
        Cases of the data set that are kept for later: only whether one is a copy of a case that is learnt from.
    every_organ : bool
        Refuse, instead of tell, that no case which is learnt from holds an organ.
    progress : Progress

    Returns
    -------
    tuple of str
        What a person should know: organs that no case or only some hold, and scans that several cases show.

    Raises
    ------
    InputError
        Naming each case and its fault: a file that cannot be read, channels or labels on different grids, labels
        outside the scheme or without any organ, voxels that are not numbers, a constant image, a wrong number of
        channels, one scan on both sides under two names, and an organ that no case holds.
    """
    sides = [list(cases), list(judging), list(others)]
    found: list[list[_Checked]] = [[], [], []]
    done, total = 0, sum(map(len, sides))
    for side, (given, checked) in enumerate(zip(sides, found, strict=True)):
        for case in given:
            progress(done / total, f"Checking {case.name}")
            checked.append(_unused(case) if side == 2 else _checked(case, scheme, channels))
            done += 1
    learnt, judged, kept = found
    faults: dict[str, list[str]] = {}
    for one in (*learnt, *judged):
        if one.faults:
            faults.setdefault(", ".join(one.faults), []).append(one.name)
    wrong = sum(map(len, faults.values()))
    said = [
        f"{together}: {fault}"
        for fault, names in faults.items()
        for together in ([", ".join(names)] if len(names) > MANY else names)
    ]
    if said:
        raise InputError(f"{wrong} of {len(learnt) + len(judged)} cases", "; ".join(said), "Correct or remove them")
    same = list(copied([(one.name, one.marks) for one in learnt], [(one.name, one.marks) for one in (*judged, *kept)]))
    if same:
        raise InputError(
            "cases that are kept apart",
            f"{'; '.join(same[:5])}, which is learnt from",
            "Remove one of each two, or put both into one split",
        )
    return (*_about_organs(learnt, scheme, every_organ), *_about_copies(learnt, judged))


@dataclass(frozen=True)
class _Checked:
    """What was found out about a case."""

    name: str
    faults: tuple[str, ...] = ()
    organs: frozenset[int] = frozenset()
    marks: frozenset[str] = frozenset()


def _checked(case: Case, scheme: LabelScheme, channels: int) -> _Checked:
    """What is wrong with a case; its scan is looked at also where its labels cannot be read."""
    try:
        volume, labels = load_case(case, scheme)
    except InputError as error:
        scan_alone = () if case.label is None else _checked(replace(case, label=None), scheme, channels).faults
        reason = f"{error.subject}: {error.reason}" if len(case.images) > 1 else error.reason
        return _Checked(case.name, tuple(dict.fromkeys([reason, *scan_alone])))
    faults = [*_of_scan(volume, channels), *(["no voxel is labelled"] if _is_empty(labels) else [])]
    organs = frozenset() if labels is None else frozenset(np.unique(labels.array).tolist())
    return _Checked(case.name, tuple(faults), organs, marks(volume))


def _unused(case: Case) -> _Checked:
    """The marks of a case that is not used; none where it cannot be read, which then does no harm."""
    try:
        return _Checked(case.name, marks=marks(load_scan(case)))
    except InputError:
        return _Checked(case.name)


def _is_empty(labels: LabelMap | None) -> bool:
    return labels is not None and not labels.array.any()


def _of_scan(volume: Volume, channels: int) -> list[str]:
    found = []
    if len(volume.array) != channels:
        found.append(f"it has {len(volume.array)} channels, not {channels}")
    for name, channel in zip(volume.channels, volume.array, strict=True):
        where = f" in {name}" if len(volume.array) > 1 else ""
        finite = np.isfinite(channel)
        if not finite.all():
            found.append(f"some voxels are not numbers{where}{_slabs(finite)}")
        if not finite.any() or (channel[finite] == channel[finite][0]).all():
            found.append(f"the image is the same everywhere{where}")
    return list(dict.fromkeys(found))


def _slabs(finite: np.ndarray) -> str:
    """Which whole slices hold no number, along the axis that has the fewest."""
    for axis, letter in enumerate("ijk"):
        lost = np.flatnonzero(~finite.any(axis=tuple(other for other in range(3) if other != axis)))
        if 0 < len(lost) < finite.shape[axis]:
            run = len(lost) == lost[-1] - lost[0] + 1
            numbers = f"{lost[0]} to {lost[-1]}" if run and len(lost) > 1 else some(map(str, lost))
            return f" (slices {letter} = {numbers})"
    return ""


def _about_organs(learnt: list[_Checked], scheme: LabelScheme, every_organ: bool) -> tuple[str, ...]:
    """Organs that no case holds, or only some."""
    if not learnt:
        return ()
    count = {organ.name: sum(organ.id in one.organs for one in learnt) for organ in scheme.organs}
    never = [name for name, n in count.items() if n == 0]
    if never and every_organ:
        raise InputError(
            f"{len(learnt)} cases",
            f"no case has {', '.join(never)}, so that a model would learn that there is none",
            "Choose a recipe without it, or add cases in which it is labelled",
        )
    said = [f"No case has {', '.join(never)}: the model learns that there is none."] if never else []
    return (
        *said,
        *(
            f"{name} is labelled in {n} of {len(learnt)} cases: in the others it is taught as background."
            for name, n in count.items()
            if 0 < n < len(learnt)
        ),
    )


def _about_copies(learnt: list[_Checked], judged: list[_Checked]) -> Iterator[str]:
    """Scans that several cases of one side show."""
    for names in one_scan((one.name, one.marks) for one in learnt):
        yield f"{some(names)} are one scan: it is learnt from {len(names)} times."
    for names in one_scan((one.name, one.marks) for one in judged):
        yield f"{some(names)} are one scan, kept apart under {len(names)} names: they are one patient."
