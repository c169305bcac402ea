"""Elements of a certificate's page: every value is escaped, and nothing is a link, a picture or a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from napari_boundaryseg.session.certificate.words.names import in_words, shown


def value(what: Any) -> str:
    """Any value as JSON holds it, its names in words."""
    if isinstance(what, Mapping):
        return pairs({in_words(name): shown(name, one) for name, one in what.items()})
    if isinstance(what, list) and what and all(isinstance(one, Mapping) for one in what):
        names = list(dict.fromkeys(name for one in what for name in one))
        return table(map(in_words, names), ((shown(name, one.get(name, "")) for name in names) for one in what))
    if isinstance(what, list):
        return ", ".join(map(text, what)) or "none"
    return text(what) if not isinstance(what, str) else f"<p>{text(what)}</p>"


def pairs(values: Mapping[str, Any]) -> str:
    """Names and values, one below the other."""
    rows = (f"<tr><th>{text(name)}</th><td>{value(one)}</td></tr>" for name, one in values.items())
    return f"<table>{''.join(rows)}</table>"


def table(names: Iterable[Any], rows: Iterable[Iterable[Any]]) -> str:
    """Rows under their names; nothing without rows."""
    head = "".join(f"<th>{text(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{value(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>" if body else ""


def text(what: Any) -> str:
    """A value that is not there is not known.

    Examples
    --------
    >>> text(None), text("a & b")
    ('not known', 'a &amp; b')
    """
    return escape("not known" if what is None else str(what), quote=True)


def runs(numbers: Sequence[int]) -> str:
    """Slices in a few words.

    Examples
    --------
    >>> runs([1, 2, 3, 7, 9, 10]), runs([])
    ('1 to 3, 7, 9 to 10', 'none')
    """
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in found) or "none"
