"""Resuming: a training goes on where its state was saved, and only with what it was begun with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from napari_boundaryseg.engine.training.loop import folder as files
from napari_boundaryseg.engine.training.loop.begun import Begun
from napari_boundaryseg.engine.training.loop.guard import Guard
from napari_boundaryseg.engine.training.loop.plateau import Plateau
from napari_boundaryseg.engine.training.loop.run import TrainingRun
from napari_boundaryseg.engine.training.loop.state import load_state
from napari_boundaryseg.engine.training.loop.state_header import numbers_in, precision_of
from napari_boundaryseg.errors import InputError


def refuse_other_settings(begun: Begun, folder: Path) -> None:
    """Refuse other settings than those that a folder's training was begun with, before any case is read.

    A state that does not say what it was begun with is judged by the card beside it, which did not have the steps and
    the seed.
    """
    path = folder / files.STATE
    before = Begun.of_state(path)
    if before is None and (card := files.card_in(folder)) is not None:
        own = {name: begun.recipe[name] for name in ("steps", "seed")}
        before = Begun.of(card.recipe.model_copy(update=own), begun.start)
    if before is not None:
        before.refuse_other_settings(begun, path, int(numbers_in(path)["step"]))


def resume(run: TrainingRun, begun: Begun, names: Sequence[str] = (), held: Sequence[str] = ()) -> None:
    """Resume where the folder's state was saved; what was logged after it is dropped.

    Parameters
    ----------
    run : TrainingRun
        At its beginning.
    begun : Begun
        What this call begins with: it must be what the training was begun with.
    names, held : sequence of str
        Of the training and validation cases, for the error.
    """
    path = run.folder / files.STATE
    known = Begun.of_state(path)
    if known is not None:
        known.refuse_other_cases(begun, path, names, held)
    memory = load_state(path, run.plain, run.plain_optimiser)
    numbers = memory.numbers
    before = precision_of(numbers)
    if before != run.card.precision:
        raise InputError(
            run.folder,
            f"this training was begun in {before}, not in {run.card.precision}",
            f"Resume it with --precision {before}",
        )
    run.step, run.best = int(numbers["step"]), numbers["best"]
    run.guard, run.plateau = Guard.of(numbers), Plateau.of(numbers)
    run.saved = run.step
    if run.averaged is not None and memory.averaged:
        run.averaged.load_state_dict(memory.averaged)
    run.good = memory.good
    if not run.good.network:
        run.remember_good()
    if card := files.card_in(run.folder):
        kept = ("parent", "notes", "expected_spacing_mm", "ancestry")
        threads = card.threads if card.threads[-1:] == run.card.threads else (*card.threads, *run.card.threads)
        run.card = run.card.model_copy(update={**{name: getattr(card, name) for name in kept}, "threads": threads})
    run.begun = replace(begun, start=begun.start if known is None else known.start).text
    files.cut_log(run.folder, run.step)
