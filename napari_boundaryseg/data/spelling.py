"""Spelling of organs' names: which names mean the same organ, and which mean none."""

from __future__ import annotations

import re
import unicodedata

from napari_boundaryseg.data.labels import LabelScheme, Organ

_SPELT = {
    "tumor": "tumour",
    "edema": "oedema",
    "peritumoral": "peritumoural",
    "left": "l",
    "right": "r",
    "kidneys": "kidney",
    "cysts": "cyst",
    "femoral": "femur",
}
"""One way to write a word, so that the others are the same name."""

_ALSO = {
    "Hippocampus_A": ("anterior hippocampus",),
    "Hippocampus_P": ("posterior hippocampus",),
    "NCR": (
        "necrosis", "necrotic", "necrotic tumour core", "non-enhancing", "non-enhancing tumour",
        "non-enhancing tumour core", "necrotic and non-enhancing tumour core", "net",
    ),
    "ED": ("peritumoural oedema", "peritumoural oedematous tissue", "snfh"),
    "ET": ("enhancing", "gd-enhancing tumour"),
    "GTV": ("tumour", "sarcoma", "lesion", "mass", "gross tumour volume"),
    "Kidney_Cyst": ("renal cyst",),
    "Kidney_Tumour": ("tumour", "renal tumour"),
    "Prostate": ("prostate gland", "whole prostate", "whole gland"),
}  # fmt: skip
"""What public data sets call organs of the shipped schemes, beside the schemes' own aliases."""

_NUMBERED = {"segment", "label", "class", "structure", "object", "mask"}
"""What programs call a structure that nobody has named; a number follows."""


def folded(name: str) -> tuple[str, ...]:
    """A name as its words in alphabetical order, whatever the letter case, punctuation and spelling.

    Examples
    --------
    >>> folded("Left Femoral Head") == folded("Femur_Head_L")
    True
    """
    words = re.split(r"[\W_]+", unicodedata.normalize("NFKC", name).casefold())
    return tuple(sorted(_SPELT.get(word, word) for word in words if word))


def ways(organ: Organ) -> set[tuple[str, ...]]:
    """Every name of an organ, folded."""
    return {folded(name) for name in (organ.name, *organ.aliases, *_ALSO.get(organ.name, ()))}


def called(name: str, scheme: LabelScheme) -> list[Organ]:
    """The organs of a scheme that go by a name: the one whose own name it is, else all that are also called so."""
    exact = [organ for organ in scheme.organs if folded(organ.name) == folded(name)]
    return exact if len(exact) == 1 else [organ for organ in scheme.organs if folded(name) in ways(organ)]


def means_nothing(name: str) -> bool:
    """Whether a program gave the name, and no person.

    Examples
    --------
    >>> means_nothing("Segment_2"), means_nothing("Prostate")
    (True, False)
    """
    return all(word in _NUMBERED or word.isdigit() for word in folded(name))
