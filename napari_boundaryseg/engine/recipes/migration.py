"""Migration of recipes: the JSON of older versions under the names of today, and what digests are made from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from napari_boundaryseg.data.file_format import NameTwice, no_name_twice

M = TypeVar("M", bound=BaseModel)

SECOND = "napari-boundaryseg-recipe/2"
"""Of version 0.2; one that says nothing is of version 1."""
FORMAT: Final = "napari-boundaryseg-recipe/3"

MEANT: Final = {"hard-contour": {"normalise": "mean"}}
"""What losses did before they had these arguments: added to recipes of versions 1 and 2."""

RENAMED = {("optimiser", "average"): "ema_decay", ("augmentation", "coarser"): "low_resolution"}
"""Group and name in version 1, and the name of today."""

FIRST: Final = {
    "": "name task source modality channels scheme network dims plane slices network_arguments initialisation losses "
    "loss_arguments preprocessing targets augmentation optimiser schedule inference patch_vox foreground batch steps "
    "steps_per_epoch seed expected_field_mm locator locator_margin_mm box_margin_mm metrics synthetic synthetic_hard",
    "preprocessing": "spacing_mm size_vox crop normalise nonzero per_slice means sds lows highs clip_percentiles "
    "clip_hu",
    "targets": "boundary mode sigma_mm contours difficulty_sigma_mm difficulty_gain",
    "augmentation": "flip_axes permute_axes rotate_deg scale shift_mm elastic_mm bias_field contrast gain shift noise "
    "blur_mm low_resolution",
    "optimiser": "name lr weight_decay gradient_clip ema_decay",
    "schedule": "name warm_up factor patience stop",
    "inference": "window_vox overlap flip_axes smallest_share fill",
}
"""The settings that recipes had when the first digests were made, by group: these always count in a digest."""


def read(model: type[M], text: str | bytes, migrate: Callable[[Mapping[str, Any]], dict[str, Any]]) -> M:
    """A settings model from its JSON, of this or an older version of the program.

    Raises
    ------
    pydantic.ValidationError
        When it is no JSON of an object, says one thing twice, or has unknown or wrong fields.
    """
    try:
        values = json.loads(text, object_pairs_hook=no_name_twice)
    except NameTwice as error:
        faults: list[Any] = [{"type": "value_error", "input": None, "ctx": {"error": error}}]
        raise ValidationError.from_exception_data(model.__name__, faults) from error
    except (ValueError, RecursionError):
        values = None  # pydantic says where it is no JSON
    return model.model_validate_json(json.dumps(migrate(values)) if isinstance(values, dict) else text)


def migrated(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a recipe's JSON, of whatever version, under the names of today.

    Examples
    --------
    >>> migrated({"name": "mine", "optimiser": {"lr": 0.001, "average": 0.99}})["optimiser"]
    {'lr': 0.001, 'ema_decay': 0.99}
    """
    if values.get("format", SECOND) != SECOND:
        return dict(values)
    renamed: dict[str, Any] = {**values, "format": FORMAT}
    if "format" not in values:
        for (group, before), now in RENAMED.items():
            renamed[group] = _with_name(renamed.get(group), before, now)
    renamed["loss_arguments"] = _as_meant(values.get("losses"), values.get("loss_arguments"))
    return {name: value for name, value in renamed.items() if value is not None or name in values}


def digested(values: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """What a recipe's digest is made from: digests outlive a renaming, and settings that are added and not used.

    Parameters
    ----------
    values : mapping
        All settings of a recipe, as JSON holds them.
    changed : mapping
        Those that are not at their defaults. Of the settings that are no `FIRST` ones, only these count.

    Returns
    -------
    dict
        Under the names of version 1.
    """
    before = {name: value for name, value in values.items() if name in FIRST[""].split() or name in changed}
    before.pop("format", None)
    for group, first in FIRST.items():
        if group:
            kept = {*first.split(), *changed.get(group, {})}
            before[group] = {name: value for name, value in values[group].items() if name in kept}
    for (group, first), now in RENAMED.items():
        before[group] = _with_name(before.get(group), now, first)
    before["loss_arguments"] = _without_meant(values.get("losses", {}), values.get("loss_arguments", {}))
    return before


def _as_meant(losses: Any, arguments: Any) -> Any:
    """Loss arguments in which older versions' meanings are written out."""
    if not isinstance(losses, Mapping) or not isinstance(arguments, Mapping | None):
        return arguments
    given = dict(arguments or {})
    for loss in set(losses) & set(MEANT):
        if isinstance(given.get(loss, {}), Mapping):
            given[loss] = {**MEANT[loss], **given.get(loss, {})}
    return given or arguments


def _without_meant(losses: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The reverse: older meanings are left out, and the defaults of today told from them."""
    told = {loss: dict(given) for loss, given in arguments.items()}
    for loss in set(losses) & set(MEANT):
        given = told.setdefault(loss, {})
        for name, before in MEANT[loss].items():
            if given.setdefault(name, "default") == before:
                del given[name]
        if not given:
            del told[loss]
    return told


def _with_name(group: Any, before: str, now: str) -> Any:
    if not isinstance(group, Mapping):
        return group
    return {now if name == before else name: value for name, value in group.items()}
