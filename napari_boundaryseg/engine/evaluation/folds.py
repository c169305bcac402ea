"""Folds and splits: which cases train, which choose the best step, which are held out. No group is on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_boundaryseg.errors import InputError

if TYPE_CHECKING:
    from napari_boundaryseg.data.datasets import Case

FOLDS = 5
"""Of a cross-validation."""

TENTH = 10
"""Every tenth group chooses the best step where nobody gives a fold."""


def group_of(case: Case) -> str:
    """The patient; a case without a group is its own."""
    return case.group or case.name


def every(cases: Sequence[Case], n: int, first: int = 0) -> tuple[list[Case], list[Case]]:
    """Cases without, and cases of, every n-th group in alphabetical order, from the group ``first``.

    Examples
    --------
    >>> from pathlib import Path
    >>> from napari_boundaryseg.data.datasets import Case
    >>> cases = [Case(f"case{n}", (Path("scan.nii"),), None, f"patient{n // 2}") for n in range(6)]
    >>> known, unseen = every(cases, n=3, first=1)
    >>> [case.name for case in unseen]
    ['case2', 'case3']
    """
    chosen = set(sorted({group_of(case) for case in cases})[first::n])
    return [c for c in cases if group_of(c) not in chosen], [c for c in cases if group_of(c) in chosen]


def labelled(cases: Sequence[Case], folder: Path) -> list[Case]:
    """The cases that have labels; refused when there is none."""
    found = [case for case in cases if case.label is not None]
    if not found:
        raise InputError(folder, "it holds no case with labels", "Give a folder with images/ and labels/")
    return found


def for_training(cases: Sequence[Case], fold: int | None) -> tuple[list[Case], list[Case]]:
    """Training cases, and those that choose the best step.

    With a fold, the K-th of five parts of the cases not marked ``test`` validates. Without one, ``val`` and ``test``
    rows are not used, and every tenth group of the others validates (none where there are fewer than ten groups).
    """
    if fold is not None:
        kept = [case for case in cases if case.split != "test"]
        if not 0 <= fold < FOLDS:
            raise InputError(f"fold {fold}", f"there are {FOLDS} folds", f"Choose one from 0 to {FOLDS - 1}")
        return every(kept, FOLDS, fold)
    kept = [case for case in cases if case.split in ("", "train")]
    groups = {group_of(case) for case in kept}
    return every(kept, TENTH, TENTH - 1) if len(groups) >= TENTH else (kept, [])


def for_tuning(cases: Sequence[Case]) -> tuple[list[Case], list[Case]]:
    """Cases to fine-tune on, and held-out ones: those marked ``val`` or ``test``, else every fifth group."""
    held = [case for case in cases if case.split in ("val", "test")]
    if held:
        return [case for case in cases if case.split in ("", "train")], held
    groups = {group_of(case) for case in cases}
    return every(cases, FOLDS, min(FOLDS, len(groups)) - 1) if len(groups) > 1 else (list(cases), [])
