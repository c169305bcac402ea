"""Remarks on labels in work: what a person said of them without drawing, plain values by subject."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any


class Remarks:
    """Subjects and their values, as JSON holds them; a journal is told what has changed.

    Parameters
    ----------
    before : mapping, optional
        What an earlier window left.

    Examples
    --------
    >>> remarks = Remarks({"answers": {"0": "accept"}})
    >>> remarks.put("answers", {"0": "flag"})
    >>> remarks.news(), remarks.news(), remarks.get("answers")
    ({'answers': {'0': 'flag'}}, {}, {'0': 'flag'})
    """

    def __init__(self, before: Mapping[str, Any] | None = None) -> None:
        self._values = dict(before or {})
        self._untold: set[str] = set()
        self.is_stored = not self._values
        """Whether nothing was said since the labels were stored with all that."""

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def get(self, subject: str) -> Any:
        """What was said of a subject; None where nothing was."""
        return self._values.get(subject)

    def put(self, subject: str, value: Any) -> None:
        """Say something of a subject, or, with None, nothing any more.

        Raises
        ------
        TypeError, ValueError
            For what JSON cannot hold.
        """
        value = json.loads(json.dumps(value, allow_nan=False))
        if value != self._values.get(subject):
            self._values[subject] = value
            self._untold.add(subject)
            self.is_stored = False

    def news(self) -> dict[str, Any]:
        """The subjects whose values have changed since this was last asked."""
        new, self._untold = {subject: self._values[subject] for subject in sorted(self._untold)}, set()
        return new
