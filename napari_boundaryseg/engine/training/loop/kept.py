"""What of a training that was stopped is kept in its folder, and how to go on. No torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari_boundaryseg.engine.training.loop.begun import Begun
from napari_boundaryseg.engine.training.loop.folder import CARD, STATE
from napari_boundaryseg.engine.training.loop.state_header import numbers_in


def kept_in(folder: Path, overwrite: bool) -> Callable[[], str]:
    """Called before a training, it gives a function that says after it was stopped what is kept.

    Parameters
    ----------
    folder : Path
        Of the training.
    overwrite : bool
        Whether it replaces another one, which may still be there.
    """
    state, anew = folder / STATE, " in place of --overwrite" if overwrite else ""
    before = _identity(state) if overwrite else None

    def words() -> str:
        now = _identity(state)
        if now is not None and now == before:
            return f"{folder.name} is as it was; nothing of the new training was saved yet."
        if now is None:
            begins = f"with --resume{anew} begins it anew" if (folder / CARD).is_file() else "begins it"
            return f"nothing of the training was saved yet; the same command {begins}."
        begun = Begun.of_state(state)
        of = f" of {begun.recipe['steps']}" if begun is not None else ""
        step = int(numbers_in(state)["step"])
        return f"step {step}{of} is kept in {folder.name}; the same command with --resume{anew} goes on from there."

    return words


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
