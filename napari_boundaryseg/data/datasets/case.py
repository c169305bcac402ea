"""A case, the files of one scan and its labels; and a list of cases with what a person should know about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """The files of one scan and its labels.

    Parameters
    ----------
    name : str
    images : tuple of Path
        One file (or DICOM folder) per channel.
    label : Path or None
    group : str
        Cases of one group (a patient) are never divided between training and test.
    split : str
        ``"train"``, ``"val"``, ``"test"``, or ``""`` where nobody said.
    channels : tuple of str
        Names of the channels where the layout knows them, in the order of the files.
    scheme : str
        The preset that its integers follow, where the layout says it.
    organs : tuple of (int, str)
        What a file of the data set (``listing``) says that the integers mean; it is matched by name.
    listing : str
        The name of the file that says so.
    wanted : tuple of str
        Which of the channels are taken, in this order; all of them where it is empty.
    """

    name: str
    images: tuple[Path, ...]
    label: Path | None
    group: str = ""
    split: str = ""
    channels: tuple[str, ...] = ()
    scheme: str = ""
    organs: tuple[tuple[int, str], ...] = ()
    listing: str = ""
    wanted: tuple[str, ...] = ()


class Cases(list[Case]):
    """A list of cases, with what a person should know about the folder: one short sentence each.

    Examples
    --------
    >>> found = Cases([Case("a", (Path("a.nii"),), None)], warnings=["Its labels are missing."])
    >>> len(found), found.warnings
    (1, ('Its labels are missing.',))
    """

    def __init__(self, cases: Iterable[Case] = (), warnings: Iterable[str] = ()) -> None:
        super().__init__(cases)
        self.warnings = tuple(dict.fromkeys(warnings))


def some(names: Iterable[str]) -> str:
    """The first three names, and how many more there are."""
    found = list(names)
    return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
