"""The folder of a training: whether it may be used, and its log."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from napari_boundaryseg.data.saving import atomic_text, write_error
from napari_boundaryseg.engine.checkpoints.card import Card, read_json
from napari_boundaryseg.errors import InputError

BEST, LAST, STATE, CARD, LOG = "best.safetensors", "last.safetensors", "state.safetensors", "card.json", "log.jsonl"
CASES = "cases.csv"
"""Which cases trained, chose the best step, and are left to judge it; written beside the model of a folder's cases."""
LOCK = "training.lock"
PREPARED = "prepared"
"""The folder of prepared cases, as long as they are needed."""
COMPARISON = ("comparison.json", "comparison.md", "comparison.html")
TAKEN, HALVES = "taken.json", "halves"
"""How much of a fine-tuning is taken, and the folder of the fine-tunings that say so."""
PARTS = "parts"
"""The folder of the fine-tunings that judge one, each without a part of its patients."""
_WRITTEN = (STATE, BEST, LAST, CARD, LOG, CASES, TAKEN, *COMPARISON)
"""Whatever a training writes: nothing of it is replaced or removed unless somebody said so."""


def claim(folder: Path, *, resume: bool, overwrite: bool) -> bool:
    """Whether a training is resumed in this folder (True) or begins in it (False).

    Raises
    ------
    InputError
        When it would replace the results of another training that nobody said to overwrite.
    """
    try:
        there = [name for name in _WRITTEN if (folder / name).exists()]
    except OSError as error:
        raise write_error(folder, error) from error
    if resume and STATE in there:
        return True
    just_begun = resume and set(there) <= {CARD, LOG} and card_in(folder) is not None  # stopped before its first state
    if there and not overwrite and not just_begun:
        advice = (
            "Overwrite it (--overwrite) or choose another folder"
            if resume or STATE not in there
            else "Resume it (--resume), overwrite it (--overwrite), or choose another folder"
        )
        raise InputError(folder, f"it holds another training ({', '.join(there)})", advice)
    return False


def refuse_read_in(folder: Path, files: Iterable[Path]) -> None:
    """Refuse a folder whose files are replaced while one of them is read: a model, a recipe, a table of splits.

    Raises
    ------
    InputError
    """
    for file in files:
        if file.exists() and any((folder / name).exists() and (folder / name).samefile(file) for name in _WRITTEN):
            raise InputError(
                folder, f"it holds {file.name}, which this training reads and would replace", "Choose another folder"
            )


def begin(folder: Path, card: Card) -> None:
    """Make the folder, remove what an earlier training left in it, and say what is trained here."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in sorted(
            _WRITTEN, key=lambda name: name == CARD
        ):  # the card last: `claim` knows by it what was begun
            (folder / name).unlink(missing_ok=True)
        for one in (HALVES, PARTS):
            shutil.rmtree(folder / one, ignore_errors=True)
    except OSError as error:
        raise write_error(folder, error) from error
    keep_card(folder, card)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep every other process from training in a folder meanwhile; a process that ends, however it does, lets go.

    Raises
    ------
    InputError
        When another process trains in it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK, timeout=0)
        lock.acquire()
    except Timeout as error:
        raise InputError(
            folder, "another process trains in this folder", "Wait until it has ended, or choose another folder"
        ) from error
    except OSError as error:
        raise write_error(folder, error) from error
    try:
        yield
    finally:
        lock.release()


def is_free(folder: Path) -> bool:
    """Whether no process trains in a folder; nothing is written there."""
    if not (folder / LOCK).exists():
        return True
    try:
        with FileLock(folder / LOCK, timeout=0):
            return True
    except (Timeout, OSError):
        return False


def keep_card(folder: Path, card: Card) -> None:
    """The card as a file of its own."""
    atomic_text(folder / CARD, card.model_dump_json(indent=2))


def card_in(folder: Path) -> Card | None:
    """The card of the training that a folder holds; None where there is none that can be read."""
    try:
        return read_json((folder / CARD).read_text("utf-8"))
    except (OSError, ValueError):
        return None


def add_to_log(folder: Path, values: dict[str, object]) -> None:
    """One more line."""
    try:
        with (folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")
    except OSError as error:
        raise write_error(folder / LOG, error) from error


def logged(folder: Path) -> list[dict[str, Any]]:
    """What the log says, line by line; without lines that cannot be read."""
    found = []
    with suppress(OSError):
        for line in (folder / LOG).read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError):
                found.append(json.loads(line))
    return [line for line in found if isinstance(line, dict)]


def cut_log(folder: Path, step: int) -> None:
    """Drop what was logged after a step, and a line that was not written to its end."""
    path = folder / LOG
    if path.is_file():
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        atomic_text(path, "".join(f"{line}\n" for line in lines if 0 <= _step_of(line) <= step))


def _step_of(line: str) -> int:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return -1
