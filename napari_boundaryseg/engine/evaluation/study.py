"""Study of folds: a file that lists trainings (recipe, steps, settings), the cases, and the folds. No torch."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data.boxes import Box, loosely_around
from napari_boundaryseg.data.datasets import Case, read_dataset
from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.evaluation.folds import FOLDS, every
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.errors import InputError


@dataclass(frozen=True)
class Training:
    """One training of a study, with the folds that it is run for.

    Parameters
    ----------
    name : str
        In the table of scores.
    recipe : str
        A shipped recipe.
    steps : int
    folds : tuple of int
    settings : dict
        Of the recipe, as `Recipe.with_settings` takes them.
    """

    name: str
    recipe: str
    steps: int
    folds: tuple[int, ...]
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def wanted(self) -> Recipe:
        """The recipe with the study's settings."""
        return recipe(self.recipe).with_settings({**self.settings, "steps": self.steps})

    @property
    def config(self) -> str:
        """A short digest of all settings; not of the code, whose changes are told in `docs/benchmarks.md`."""
        return self.wanted.digest


@dataclass(frozen=True)
class Study:
    """A study file: the data set, the rows of its ``splits.csv`` that count, the trainings.

    Where it names rows that judge, the others train, and the only fold is 0.
    """

    path: Path
    data: str
    rows: tuple[str, ...]
    trainings: tuple[Training, ...]
    judges: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Study:
        """From TOML; folds and settings of the study count where a training has none of its own.

        Raises
        ------
        InputError
            When it is no TOML, or lacks or misspells a key.
        """
        try:
            values = tomllib.loads(path.read_text("utf-8"))
            judges = tuple(values.get("judges", ()))
            folds = [0] if judges else values.get("folds", range(FOLDS))
            shared = values.get("settings", {})
            entries = [
                {"folds": folds, **entry, "settings": {**shared, **entry.get("settings", {})}}
                for entry in values["training"]
            ]
            made = tuple(Training(**{**entry, "folds": tuple(entry["folds"])}) for entry in entries)
            return cls(path, values["data"], tuple(values["rows"]), made, judges)
        except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
            reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
            raise InputError(path, f"it is no study: {reason}", "See benchmarks/studies/sarcoma.toml") from error

    @property
    def table(self) -> Path:
        """The CSV of scores beside the study."""
        return self.path.with_suffix(".csv")

    def training(self, name: str) -> Training:
        """The training of this name.

        Raises
        ------
        InputError
            When there is none.
        """
        for training in self.trainings:
            if training.name == name:
                return training
        known = ", ".join(training.name for training in self.trainings)
        raise InputError(self.path, f"it has no training {name!r}", f"It has: {known}")

    def cases(self, data: Path) -> list[Case]:
        """The cases that the study uses, of a folder of data sets."""
        folder = data / self.data
        wanted = (*self.rows, *self.judges)
        return [case for case in read_dataset(folder, folder / "splits.csv") if case.split in wanted]

    def divided(self, cases: list[Case], fold: int) -> tuple[list[Case], list[Case]]:
        """The cases that train, and those that a fold has not seen."""
        if self.judges:
            known, unseen = ([c for c in cases if (c.split in self.judges) == judge] for judge in (False, True))
            return known, unseen
        return every(cases, FOLDS, fold)

    def fold_folder(self, training: Training, fold: int, work: Path) -> Path:
        """Where the training of one fold is kept; one with other settings begins anew elsewhere."""
        return work / self.path.stem / f"{training.name}-{fold}-{training.config}"

    def predictions_folder(self, training: Training, work: Path) -> Path:
        """Where a training's out-of-fold predictions are kept: those with other settings are elsewhere."""
        return work / self.path.stem / "out-of-fold" / f"{training.name}-{training.config}"


def loose_box(volume: Volume, labels: LabelMap, wanted: Recipe) -> Box | None:
    """The loose box round the labels that the model is given: random, but always the same for a case."""
    margins = wanted.box_margins_mm
    if margins is None:
        return None
    seed = int.from_bytes(hashlib.sha256(volume.name.encode()).digest()[:8])
    own = [margins[int(axis)] for axis, _ in AxisMap(labels.affine, labels.geometry.shape, "RAS").there]
    return loosely_around(labels.array > 0, labels.spacing_mm, own, np.random.default_rng(seed))
