"""What a rule is, and the register of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from napari_boundaryseg.registry import Registry
from napari_boundaryseg.review.rules.drawn import Drawn
from napari_boundaryseg.review.rules.finding import Finding


@dataclass(frozen=True)
class Rule:
    """A contour check: a module of `review.rules.families` registers it.

    Parameters
    ----------
    label : str
        What it looks for, as in a list.
    find : callable
        From what is drawn to what is wrong with it.
    position : int
        Findings of the rule with the lowest number come first.
    """

    label: str
    find: Callable[[Drawn], Iterable[Finding]]
    position: int = 50


RULES: Registry[Rule] = Registry("contour rule", f"{__name__.rpartition('.')[0]}.families", of=Rule)


def rules() -> dict[str, Rule]:
    """Every rule by its name, in the order of the list."""
    return dict(sorted(((name, RULES[name]) for name in RULES), key=lambda entry: (entry[1].position, entry[0])))
