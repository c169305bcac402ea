"""Label schemes in words: their titles, and one of a person's own from the names that they type."""

from __future__ import annotations

from itertools import combinations

from napari_boundaryseg.data.labels import LabelScheme, anonymous
from napari_boundaryseg.data.spelling import folded, ways
from napari_boundaryseg.errors import InputError

SCHEME_TITLES = {
    "pelvis-mr": "Pelvis MR",
    "pelvis-ct": "Pelvis CT",
    "prostate": "Prostate",
    "hippocampus": "Hippocampus",
    "sarcoma": "Sarcoma",
    "brats-2022": "Brain tumour (BraTS to 2022)",
    "brats-2023": "Brain tumour (BraTS 2023)",
    "msd-brain-tumour": "Brain tumour (Decathlon)",
    "msd-spleen": "Spleen",
    "kits": "Kidney tumour (KiTS)",
    "kits-2019": "Kidney tumour (KiTS 2019)",
}
LONGEST = 40
MOST = 64


def scheme_title(name: str) -> str:
    """What a label scheme is called before people; its own name where it is none of those that ship.

    Examples
    --------
    >>> scheme_title("msd-spleen"), scheme_title("mine")
    ('Spleen', 'mine')
    """
    return SCHEME_TITLES.get(name, name)


def own_scheme(text: str) -> LabelScheme:
    """A label scheme of names that a person typed, with commas or lines between them: 1, 2, 3 in their order.

    Raises
    ------
    InputError
        Without a name, for one that is given twice or is too long, and for too many.

    Examples
    --------
    >>> scheme = own_scheme("Uterus, Bladder")
    >>> scheme.ids, scheme.names
    ((1, 2), ('Uterus', 'Bladder'))
    """
    names = [name.strip() for name in text.replace("\n", ",").split(",") if name.strip()]
    if not names:
        raise InputError("Own names", "there is no name", "Type at least one, with commas between them")
    if len(names) > MOST:
        raise InputError("Own names", f"there are {len(names)} of them", f"At most {MOST} can be drawn at once")
    if long := [name for name in names if len(name) > LONGEST]:
        raise InputError("Own names", f"{long[0]!r} is too long", f"Use at most {LONGEST} letters")
    scheme = anonymous(tuple(range(1, len(names) + 1)), dict(enumerate(names, 1)))
    for one, other in combinations(scheme.organs, 2):
        if ways(one) & ways(other) or not folded(other.name):
            raise InputError(
                "Own names", f"{one.name!r} and {other.name!r} mean the same", "Give each structure a name of its own"
            )
    return scheme
