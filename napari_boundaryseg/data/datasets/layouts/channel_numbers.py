"""Channel numbers: whether four digits at the end of a file's name are a channel's or a patient's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from napari_boundaryseg.data.datasets.case import some
from napari_boundaryseg.data.formats.format import numbered
from napari_boundaryseg.errors import InputError


@dataclass(frozen=True)
class Grouped:
    """Files by case.

    Parameters
    ----------
    cases : dict of str to list of str
        The case's name to the names of its files, in the order of their channels.
    numbers : tuple of int, optional
        The channel numbers of every case; empty where names bear none; None where nothing tells.
    unclear : tuple of str
        Names whose digits could be either: each is a case of its own.
    """

    cases: dict[str, list[str]]
    numbers: tuple[int, ...] | None
    unclear: tuple[str, ...] = ()


def grouped(
    folder: str, names: Iterable[str], labelled: Collection[str], numbers: Sequence[int] | None = None
) -> Grouped:
    """Put the channels of a case together: never files that the labels or another folder do not say to be channels.

    Parameters
    ----------
    folder : str
        For the message.
    names : iterable of str
        Of the scans' files, without suffixes.
    labelled : collection of str
        Of the label files.
    numbers : sequence of int, optional
        The channel numbers of every case, where ``dataset.json`` or a folder beside tells.

    Raises
    ------
    InputError
        When labels say that the digits are channel numbers, and these are not 0, 1, 2 and on, the same for all cases.

    Examples
    --------
    >>> grouped("images", ["a_0000", "a_0001", "b"], ["a", "b"]).cases
    {'b': ['b'], 'a': ['a_0000', 'a_0001']}
    >>> grouped("images", ["amos_0001", "amos_0004"], ["amos_0001"]).cases
    {'amos_0001': ['amos_0001'], 'amos_0004': ['amos_0004']}
    """
    names = list(names)
    own: dict[str, list[str]] = {}
    groups: dict[str, dict[int, str]] = defaultdict(dict)
    exact = False
    for name in names:
        part = numbered(name)
        if part is None or name in labelled:
            own[name] = [name]
            exact = exact or part is not None
        else:
            groups[part[0]][part[1]] = name
    told = {base: group for base, group in groups.items() if base in labelled and base not in names}
    _check(folder, told, own, numbers)
    pattern = tuple(sorted(next(iter(told.values())))) if told else () if exact else numbers
    if pattern is None and all(list(group) == [0] for group in groups.values()):
        pattern = (0,)
    unclear: list[str] = []
    cases = dict(own)
    for base, group in groups.items():
        if base not in names and tuple(sorted(group)) == tuple(pattern or ()) != ():
            cases[base] = [group[number] for number in sorted(group)]
        else:
            cases |= {name: [name] for name in group.values()}
            unclear += [] if pattern == () else sorted(group.values())
    return Grouped(cases, tuple(pattern) if pattern is not None else None, tuple(unclear))


def _check(folder: str, told: dict[str, dict[int, str]], own: Collection[str], numbers: Sequence[int] | None) -> None:
    """Refuse channels that are not 0, 1, 2 and on, the same for all cases."""
    for base, group in told.items():
        if any(part[0] == base for part in map(numbered, own) if part):
            raise InputError(
                folder,
                f"{some(sorted(group.values()))} may be channels of {base} or patients: there are labels of both kinds",
                "Rename the cases",
            )
    want = tuple(numbers) if numbers else tuple(range(max((len(group) for group in told.values()), default=0)))
    wrong = sorted(base for base, group in told.items() if tuple(sorted(group)) != want)
    if wrong:
        have = ", ".join(sorted(told[wrong[0]].values()))
        raise InputError(
            folder,
            f"{some(wrong)}: channels numbered {_words(want)} are needed, there is {have}",
            "Add the missing files, or rename what is no channel",
        )


def _words(numbers: Sequence[int]) -> str:
    return ", ".join(f"{number:04}" for number in numbers)
