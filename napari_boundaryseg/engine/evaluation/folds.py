"""Folds and splits: which cases train, which choose the best step, which are held out. No group is on both sides."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from napari_boundaryseg.errors import InputError

if TYPE_CHECKING:
    from napari_boundaryseg.data.datasets import Case

FOLDS = 5
"""Of a cross-validation."""

TENTH = 10
"""Every tenth group chooses the best step where nobody gives a fold or marks a case."""

EIGHTH = 8
"""Every eighth group of those outside a fold chooses the best step."""


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


class Roles(NamedTuple):
    """Who does what in a training: nobody who judges has chosen, nobody who has chosen trains."""

    training: list[Case]
    choosing: list[Case]
    """They choose the best step; without any, the last one is the result."""
    judging: list[Case]
    """They are not used, for the model to be judged by."""

    @property
    def sentence(self) -> str:
        """Who does what, in words, for the card and the command line."""
        choose, judge = len(self.choosing), len(self.judging)
        chosen = (
            f"the best step chosen by {choose} {'other' if choose == 1 else 'others'}"
            if choose
            else "the last step kept"
        )
        judged = f"; {judge} more {'is' if judge == 1 else 'are'} left to judge it" if judge else ""
        return f"trained on {len(self.training)} cases, {chosen}{judged}"

    def table(self) -> str:
        """A table of splits: case, group, and train, val or test."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("case", "group", "split"))
        for split, cases in zip(("train", "val", "test"), self, strict=True):
            writer.writerows((case.name, group_of(case), split) for case in cases)
        return text.getvalue()


def for_training(cases: Sequence[Case], fold: int | None) -> Roles:
    """Who trains, who chooses the best step, who judges.

    Marked cases keep to it: ``val`` chooses, ``test`` judges. With a fold, the K-th of five parts of the others judges,
    and of what is left every eighth group chooses unless some are marked ``val``: 35, 5 and 10 of 50. Where there is
    neither a fold nor a mark, every tenth group chooses, if there are ten.

    Raises
    ------
    InputError
        For a fold that there is not, or with too few groups, and where no case is left to train.
    """
    chosen, marked = ([case for case in cases if case.split == split] for split in ("val", "test"))
    rest = [case for case in cases if case.split in ("", "train")]
    if fold is not None:
        rest, part = _without_fold(rest, fold)
        marked = [*part, *marked]
        if not chosen and len({group_of(case) for case in rest}) >= EIGHTH:
            rest, chosen = every(rest, EIGHTH, EIGHTH - 1)
    elif not chosen and not marked and len({group_of(case) for case in rest}) >= TENTH:
        rest, chosen = every(rest, TENTH, TENTH - 1)
    if not rest:
        raise InputError("training cases", "every case is marked val or test", "Mark some of them train")
    return Roles(rest, chosen, marked)


def _without_fold(cases: Sequence[Case], fold: int) -> tuple[list[Case], list[Case]]:
    """Cases without, and cases of, the K-th of five parts."""
    if not 0 <= fold < FOLDS:
        raise InputError(f"fold {fold}", f"there are {FOLDS} folds", f"Choose one from 0 to {FOLDS - 1}")
    groups = len({group_of(case) for case in cases})
    if groups < FOLDS:
        raise InputError(
            f"fold {fold}",
            f"{groups} patients that are not marked val or test cannot be divided into {FOLDS} parts",
            "Mark who is val and test in a table (--splits)",
        )
    return every(cases, FOLDS, fold)


def for_tuning(cases: Sequence[Case]) -> tuple[list[Case], list[Case]]:
    """Cases to fine-tune on, and held-out ones: those marked ``val`` or ``test``, else every fifth group."""
    held = [case for case in cases if case.split in ("val", "test")]
    if held:
        return [case for case in cases if case.split in ("", "train")], held
    groups = {group_of(case) for case in cases}
    return every(cases, FOLDS, min(FOLDS, len(groups)) - 1) if len(groups) > 1 else (list(cases), [])
