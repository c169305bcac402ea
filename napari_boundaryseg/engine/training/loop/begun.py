"""What a training was begun with: recipe, seed, steps, weights and cases; nothing else resumes it. No torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from napari_boundaryseg.engine.recipes.recipe import Recipe, read_recipe
from napari_boundaryseg.engine.training.loop.state_header import begun_in, damaged
from napari_boundaryseg.errors import InputError

ANOTHER_FOLDER = "or begin in another folder"
RULES = 4
"""Of what a recipe teaches: 1 until padding did not count, and false findings chose; 2 until norms did not decay; 3
until organs that nobody sought were one class with the background."""
TEACHES_NOTHING = ("source", "task", "metrics", "scheme.composites")
"""Settings that may be worded anew meanwhile."""
OVER_ALL_STEPS = ("one-cycle", "poly")
"""Schedules whose rate depends on the number of steps from the first one on."""


@dataclass(frozen=True)
class Begun:
    """What decides the weights of a training, as its state keeps it.

    Parameters
    ----------
    recipe : dict
        Of JSON values, with the figures that were measured on the training scans.
    start : str
        SHA-256 of the model whose weights it begins with; empty for fresh ones.
    cases, validation : sequence of str
        A hash of each case: its voxels, its labels, its place and its box.
    trained : str
        A hash of the names of the weights that are trained; empty where that is not asked.
    rules : int
        Which `RULES` it was begun under.
    """

    recipe: dict[str, Any]
    start: str = ""
    cases: Sequence[str] = ()
    validation: Sequence[str] = ()
    trained: str = ""
    rules: int = 1

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        start: str = "",
        cases: Sequence[str] = (),
        validation: Sequence[str] = (),
        trained: Iterable[str] = (),
    ) -> Begun:
        """What a training with this recipe, which has its steps and its seed, begins with; see `Begun`.

        ``trained`` are the names of the weights that are trained.
        """
        names = " ".join(sorted(trained))
        part = hashlib.blake2b(names.encode(), digest_size=16).hexdigest() if names else ""
        return cls(recipe.model_dump(mode="json"), start, list(cases), list(validation), part, RULES)

    @classmethod
    def of_state(cls, path: Path) -> Begun | None:
        """What the training of a state was begun with; None where it does not say, as in version 1."""
        text = begun_in(path)
        if not text:
            return None
        try:
            found = cls(**json.loads(text))
            recipe = read_recipe(json.dumps(found.recipe))  # with what settings have come since
            return replace(found, recipe=recipe.model_dump(mode="json"))
        except (ValueError, TypeError, AttributeError) as error:
            raise damaged(path) from error

    @property
    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    def refuse_other_settings(self, now: Begun, path: Path, step: int) -> None:
        """Refuse to resume with other settings than those that a training was begun with.

        More steps are another training where the rate depends on their number, and where the training has ended in
        the middle of an epoch, which was validated there.

        Parameters
        ----------
        now : Begun
            What is asked for.
        path : Path
            The state.
        step : int
            Where the training stands.
        """
        if self.rules != now.rules:
            raise InputError(
                path,
                "this training was begun by another version of the program, which teaches and chooses by other rules",
                f"End it with that version, {ANOTHER_FOLDER}",
            )
        before, after = _flat(self.recipe), _flat(now.recipe)
        names = sorted({*before, *after} - {*TEACHES_NOTHING})
        others = [name for name in names if before.get(name) != after.get(name)]
        settings = [name for name in others if name not in ("steps", "seed")]
        if settings:
            said = ", ".join(
                f"{name} {_short(before.get(name))}, not {_short(after.get(name))}" for name in settings[:3]
            )
            raise InputError(
                path,
                f"this training was begun with {said}{' and more' if len(settings) > 3 else ''}",
                f"Resume it with the settings that it was begun with, {ANOTHER_FOLDER}",
            )
        if "seed" in others:
            seed = before.get("seed")
            raise InputError(
                path,
                f"this training was begun with the seed {seed}, not {after['seed']}",
                f"Resume it with the seed {seed}, {ANOTHER_FOLDER}",
            )
        if now.start and now.start != self.start:
            raise InputError(
                path, "this training was begun with other weights", f"Resume it with the same model, {ANOTHER_FOLDER}"
            )
        if "steps" in others:
            self._refuse_other_steps(int(after["steps"]), path, step)

    def _refuse_other_steps(self, wanted: int, path: Path, step: int) -> None:
        steps, schedule = int(self.recipe["steps"]), self.recipe["schedule"]["name"]
        reason = ""
        if schedule in OVER_ALL_STEPS:
            reason = f"the rate of the schedule {schedule!r} depends on the number of steps"
        elif wanted < step:
            reason = f"it has taken {step} steps already"
        elif step == steps and steps % int(self.recipe["steps_per_epoch"]):
            reason = "it has ended in the middle of an epoch"
        if reason:
            raise InputError(
                path,
                f"this training was begun for {steps} steps, not {wanted}, and {reason}",
                f"Resume it for {steps} steps, {ANOTHER_FOLDER}",
            )

    def refuse_other_cases(self, now: Begun, path: Path, names: Sequence[str], held: Sequence[str]) -> None:
        """Refuse to resume with other cases, or with labels that were changed meanwhile; the names are those of now."""
        if self.trained and now.trained and self.trained != now.trained:
            raise InputError(
                path,
                "this training was begun for another part of the network",
                f"Resume it with the same --part, {ANOTHER_FOLDER}",
            )
        for kind, before, after, called in (
            ("training", self.cases, now.cases, names),
            ("validation", self.validation, now.validation, held),
        ):
            if len(before) != len(after):
                raise InputError(
                    path,
                    f"this training was begun with {len(before)} {kind} cases, not {len(after)}",
                    f"Resume it with the same cases, {ANOTHER_FOLDER}",
                )
            for one, other, name in zip(before, after, called, strict=True):
                if one != other:
                    raise InputError(
                        path,
                        f"this training was begun with another scan, other labels or another box than {name} has now",
                        f"Resume it with the same cases in the same order, {ANOTHER_FOLDER}",
                    )


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat.update(_flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value})
    return flat


def _short(value: Any) -> str:
    return f"{'nothing' if value is None else value!s:.40}"
