"""What a person chose once, remembered for the next window: one small JSON file a subject."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from platformdirs import user_config_path

from napari_boundaryseg.data.saving import atomic_json
from napari_boundaryseg.errors import InputError

Value = bool | str | list[str]


class Remembered:
    """Choices by name. What the file does not hold, or holds as something else, is as at first.

    Parameters
    ----------
    subject : str
        Names the file.
    first : mapping
        Every choice, as it is before anybody has chosen.
    """

    def __init__(self, subject: str, first: Mapping[str, Value]) -> None:
        self._file = user_config_path("napari-boundaryseg") / f"{subject}.json"
        self._values = {**first, **_stored(self._file, first)}

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __setitem__(self, name: str, value: Value) -> None:
        """Choose; where that cannot be written, it holds for this window only."""
        self._values[name] = value
        with suppress(InputError, OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            atomic_json(self._file, self._values)


def _stored(file: Path, first: Mapping[str, Value]) -> dict[str, Value]:
    try:
        stored = json.loads(file.read_text("utf-8"))
        return {name: stored[name] for name, value in first.items() if _like(stored.get(name), value)}
    except (OSError, ValueError, AttributeError):
        return {}


def _like(stored: object, first: Value) -> bool:
    if isinstance(stored, list) and isinstance(first, list):
        return all(type(one) is str for one in stored)
    return type(stored) is type(first)
