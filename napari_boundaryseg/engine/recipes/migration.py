"""Recipes as older versions of the program wrote them, in the names of today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

FORMAT: Final = "napari-boundaryseg-recipe/2"
"""What a recipe's JSON says of itself since version 0.2; one that says nothing is of version 1."""

RENAMED = {("optimiser", "average"): "ema_decay", ("augmentation", "coarser"): "low_resolution"}
"""Group and name in version 1, and the name of today."""


def migrated(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a recipe's JSON, of whatever version, under the names of today.

    Examples
    --------
    >>> migrated({"name": "mine", "optimiser": {"lr": 0.001, "average": 0.99}})["optimiser"]
    {'lr': 0.001, 'ema_decay': 0.99}
    """
    if "format" in values:
        return dict(values)
    renamed: dict[str, Any] = {"format": FORMAT, **values}
    for (group, before), now in RENAMED.items():
        renamed[group] = _with_name(renamed.get(group), before, now)
    return {name: value for name, value in renamed.items() if value is not None or name in values}


def first_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a recipe under the names of version 1, from which digests are made: they outlive a renaming."""
    before = {name: value for name, value in values.items() if name != "format"}
    for (group, first), now in RENAMED.items():
        before[group] = _with_name(before.get(group), now, first)
    return before


def _with_name(group: Any, before: str, now: str) -> Any:
    if not isinstance(group, Mapping):
        return group
    return {now if name == before else name: value for name, value in group.items()}
