"""Registries of named parts: our own modules register themselves, other packages have entry points."""

from __future__ import annotations

import difflib
import importlib
import logging
import pkgutil
import threading
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from napari_boundaryseg.errors import InputError

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Registry(Generic[T]):
    """Names and what they stand for: from the modules of one folder, and from other installed packages.

    Both are loaded when the registry is first asked. What another package offers is an entry point, whose name is the
    entry's and whose object is the entry. One that cannot be used is named in `broken` and in the log, and left out;
    so is one whose name is taken: ours are never replaced.

    Parameters
    ----------
    kind : str
        What is registered, in the singular, for messages: "network", "loss".
    package : str, optional
        The package whose modules register themselves.
    group : str, optional
        The group of entry points through which other packages add theirs: "napari_boundaryseg.losses".
    of : type
        What an entry of another package must be an instance of.

    Examples
    --------
    >>> shapes: Registry[type] = Registry("shape")
    >>> @shapes.register("ball")
    ... class Ball:
    ...     pass
    >>> shapes.names()
    ['ball']

    Another package adds a loss with two lines in its ``pyproject.toml``::

        [project.entry-points."napari_boundaryseg.losses"]
        my-loss = "my_package.losses:my_loss"
    """

    def __init__(self, kind: str, package: str | None = None, group: str | None = None, of: type[Any] = object) -> None:
        self.kind = kind
        self._package, self._group, self._of = package, group, of
        self._entries: dict[str, T] = {}
        self._broken: dict[str, str] = {}
        self._loading = threading.RLock()
        self._loaded = False

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

    @property
    def broken(self) -> dict[str, str]:
        """What other packages offer and cannot be used: the name with its package, and why."""
        self._load()
        return dict(self._broken)

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
        with self._loading:  # a second thread waits until all are there
            if self._loaded:
                return
            self._loaded = True
            if self._package is not None:
                import_siblings(self._package)
            if self._group is not None:
                for point in sorted(entry_points(group=self._group)):
                    self._add(point)

    def _add(self, point: EntryPoint) -> None:
        """Take the entry of another package, whatever its author did wrong."""
        try:
            if point.name in self._entries:
                raise ValueError(f"there is a {self.kind} of this name already")
            entry: Any = point.load()
            if not isinstance(entry, self._of):
                raise TypeError(f"it is a {type(entry).__name__} and no {self._of.__name__}")
        except (Exception, SystemExit) as error:
            package = point.dist.name if point.dist else point.module
            why = f"{type(error).__name__}: {error}"
            self._broken[f"{point.name} ({package})"] = why
            _log.warning("The %s %r of the package %s cannot be used (%s).", self.kind, point.name, package, why)
        else:
            self._entries[point.name] = entry


def import_siblings(package: str) -> None:
    """Import every module of a package once."""
    module = importlib.import_module(package)
    for info in pkgutil.iter_modules(module.__path__):
        importlib.import_module(f"{package}.{info.name}")
