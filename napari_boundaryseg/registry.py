"""Things that register themselves under a name."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from napari_boundaryseg.errors import InputError

T = TypeVar("T")


class Registry(Generic[T]):
    """Names and what they stand for, filled by the modules of one folder.

    Parameters
    ----------
    kind : str
        What is registered, in the singular, for messages: "network", "loss".
    package : str, optional
        The package whose modules register themselves; they are imported when a name is first asked for.
    """

    def __init__(self, kind: str, package: str | None = None) -> None:
        self.kind = kind
        self._package = package
        self._entries: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Decorate what ``name`` stands for."""

        def add(entry: T) -> T:
            if name in self._entries:
                raise ValueError(f"The {self.kind} {name!r} is registered twice.")
            self._entries[name] = entry
            return entry

        return add

    def names(self) -> list[str]:
        """Every registered name, in alphabetical order."""
        self._load()
        return sorted(self._entries)

    def __getitem__(self, name: str) -> T:
        self._load()
        if name not in self._entries:
            close = difflib.get_close_matches(name, self._entries, n=1)
            advice = f"Did you mean {close[0]!r}" if close else f"Known: {', '.join(self.names())}"
            raise InputError(name, f"there is no such {self.kind}", advice)
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def _load(self) -> None:
        if self._package is not None:
            package, self._package = self._package, None
            import_siblings(package)


def import_siblings(package: str) -> None:
    """Import every module of a package once."""
    module = importlib.import_module(package)
    for info in pkgutil.iter_modules(module.__path__):
        importlib.import_module(f"{package}.{info.name}")
