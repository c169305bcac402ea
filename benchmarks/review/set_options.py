"""Options of a benchmark that judges one model on one set: which, and where its result files lie."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from unseen import DATA, SETS, WORK, Task


@dataclass(frozen=True)
class Chosen:
    """What a person asked for."""

    set: str
    model: str
    data: Path
    folder: Path

    @property
    def task(self) -> Task:
        """How its borders are judged."""
        return SETS[self.set]

    @property
    def file(self) -> str:
        """End of the names of its tables."""
        return f"{self.set}_{self.model}.csv"


def chosen(about: str | None) -> Chosen:
    """What the command line says.

    Parameters
    ----------
    about : str, optional
        Docstring of the script: its first line is shown.
    """
    options = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    options.add_argument("set", choices=SETS)
    options.add_argument("model")
    options.add_argument("--predictions", type=Path, help="result files; by default of benchmarks/review/unseen.py")
    options.add_argument("--data", type=Path, default=DATA)
    options.add_argument("--work", type=Path, default=WORK)
    said = options.parse_args()
    return Chosen(said.set, said.model, said.data, said.predictions or said.work / said.set / said.model)
