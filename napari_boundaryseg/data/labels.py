"""Label schemes: integers, organ names after TG-263, colours, tolerances, nested regions, composites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from napari_boundaryseg.errors import InputError

Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]


class Organ(BaseModel):
    """One structure of a label map."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: int = Field(ge=1, le=65534, description="the integer in the label map")
    name: str = Field(min_length=1, max_length=64, description="TG-263 name where one exists")
    colour: Colour
    boundary: Literal["clear", "blurry"] = Field("clear", description="how its border looks on the scan")
    tolerance_mm: float = Field(2.0, gt=0, description="border deviation that counts as equal, in mm")
    aliases: tuple[str, ...] = ()

    @property
    def spelled(self) -> str:
        """The name for a person, with what it stands for where it is short for something."""
        return f"{self.name} ({self.aliases[0]})" if self.name.isupper() and self.aliases else self.name


class Region(BaseModel):
    """A union of organs that is scored as one structure, for example the whole tumour."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    members: tuple[int, ...] = Field(min_length=1, description="the organ ids it is made of")
    colour: Colour
    tolerance_mm: float = Field(2.0, gt=0)


class Composite(BaseModel):
    """A score that is the mean of others, as a challenge defines it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=64)
    members: tuple[str, ...] = Field(min_length=2, description="names of the organs and regions that it averages")


_OF_TUMOURS = Composite(name="Average", members=("WT", "TC", "ET"))
"""As EG-CNN's table has it; no scheme holds it, so that those which were stored before have it, too."""


class LabelScheme(BaseModel):
    """The organs of a label map, in ascending order of their integers, and what else is scored: regions, composites.

    Examples
    --------
    >>> gland = Organ(id=1, name="Prostate", colour="#E69F00", boundary="blurry", aliases=("prostate gland",))
    >>> scheme = LabelScheme(name="mine", organs=(gland,))
    >>> scheme.organ("prostate gland").id, scheme.clear
    (1, ())
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=64)
    organs: tuple[Organ, ...] = Field(min_length=1, max_length=1024)
    regions: tuple[Region, ...] = ()
    composites: tuple[Composite, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> LabelScheme:
        ids = [organ.id for organ in self.organs]
        if ids != sorted(set(ids)):
            raise ValueError("organ ids must be distinct and ascending")
        names = [organ.name for organ in self.organs] + [region.name for region in self.regions]
        scored = names + [composite.name for composite in self.composites]
        if len(set(scored)) != len(scored):
            raise ValueError("organ, region and composite names must be distinct")
        for composite in self.composites:
            if not set(composite.members) <= set(names):
                raise ValueError(f"composite {composite.name!r} names no organ or region of the scheme")
        for region in self.regions:
            if not set(region.members) <= set(ids):
                raise ValueError(f"region {region.name!r} names an organ id that is not in the scheme")
        return self

    @property
    def ids(self) -> tuple[int, ...]:
        """The integers of the organs, ascending, without the background."""
        return tuple(organ.id for organ in self.organs)

    @property
    def names(self) -> tuple[str, ...]:
        """The organs' names in the order of `ids`."""
        return tuple(organ.name for organ in self.organs)

    @property
    def unnamed(self) -> bool:
        """Whether nobody said what its integers mean: it lists those that were found, not what was sought."""
        return self == anonymous(self.ids)

    @property
    def scored(self) -> tuple[Composite, ...]:
        """What is scored as a mean: its own composites; of brain tumours the average of their regions, too."""
        known = {*self.names, *(region.name for region in self.regions), *(one.name for one in self.composites)}
        has_average = {*_OF_TUMOURS.members} <= known and _OF_TUMOURS.name not in known
        return (*self.composites, _OF_TUMOURS) if has_average else self.composites

    @property
    def clear(self) -> tuple[Organ, ...]:
        """Organs with a clear border, in label order: the channels of a hard-contour head."""
        return tuple(organ for organ in self.organs if organ.boundary == "clear")

    @property
    def blurry(self) -> tuple[Organ, ...]:
        """Organs with a blurry border, in label order: the channels of a soft-contour head."""
        return tuple(organ for organ in self.organs if organ.boundary == "blurry")

    def organ(self, key: int | str) -> Organ:
        """The organ with this id, name or alias (letter case ignored)."""
        for organ in self.organs:
            known = {organ.name.lower(), *(alias.lower() for alias in organ.aliases)}
            if key == organ.id or (isinstance(key, str) and key.lower() in known):
                return organ
        raise InputError(
            str(key), f"the label scheme {self.name!r} has no such organ", f"It has: {', '.join(self.names)}"
        )

    def members(self, key: int | str) -> tuple[int, ...]:
        """The integers of a region with this name, or of an organ with this id, name or alias."""
        for region in self.regions:
            if isinstance(key, str) and region.name.lower() == key.lower():
                return region.members
        return (self.organ(key).id,)


def _organ(
    id: int,
    name: str,
    colour: str,
    boundary: Literal["clear", "blurry"] = "clear",
    tolerance_mm: float = 2.0,
    *aliases: str,
) -> Organ:
    return Organ(id=id, name=name, colour=colour, boundary=boundary, tolerance_mm=tolerance_mm, aliases=aliases)


_BLADDER = _organ(1, "Bladder", "#56B4E9", "clear", 2.0, "urinary bladder")
_PROSTATE = _organ(2, "Prostate", "#E69F00", "blurry", 2.0)
_RECTUM = _organ(3, "Rectum", "#009E73", "clear")


def _brats(name: str, enhancing: int) -> LabelScheme:
    return LabelScheme(
        name=name,
        organs=(
            _organ(1, "NCR", "#CC79A7", "blurry", 2.0, "necrotic core", "NCR/NET"),
            _organ(2, "ED", "#0072B2", "blurry", 2.0, "oedema", "edema"),
            _organ(enhancing, "ET", "#F0E442", "clear", 2.0, "enhancing tumour"),
        ),
        regions=(
            Region(name="WT", members=(1, 2, enhancing), colour="#0072B2"),
            Region(name="TC", members=(1, enhancing), colour="#D55E00"),
        ),
    )


PRESETS: dict[str, LabelScheme] = {
    scheme.name: scheme
    for scheme in (
        LabelScheme(name="pelvis-mr", organs=(_BLADDER, _PROSTATE, _RECTUM)),
        LabelScheme(
            name="pelvis-ct",
            organs=(
                _BLADDER,
                _PROSTATE,
                _RECTUM,
                _organ(4, "Femur_Head_L", "#CC79A7"),
                _organ(5, "Femur_Head_R", "#CC79A7"),
            ),
        ),
        LabelScheme(name="prostate", organs=(_organ(1, "Prostate", "#E69F00", "blurry"),)),
        LabelScheme(
            name="hippocampus",
            organs=(
                _organ(1, "Hippocampus_A", "#E69F00", "blurry", 0.5, "anterior", "hippocampus head"),
                _organ(2, "Hippocampus_P", "#56B4E9", "blurry", 0.5, "posterior", "hippocampus body and tail"),
            ),
        ),
        LabelScheme(name="sarcoma", organs=(_organ(1, "GTV", "#D55E00", "blurry"),)),
        _brats("brats-2022", 4),
        _brats("brats-2023", 3),
        LabelScheme(
            name="msd-brain-tumour",
            organs=(
                _organ(1, "ED", "#0072B2", "blurry", 2.0, "oedema", "edema"),
                _organ(2, "NCR", "#CC79A7", "blurry", 2.0, "non-enhancing tumour"),
                _organ(3, "ET", "#F0E442", "clear", 2.0, "enhancing tumour"),
            ),
            regions=(
                Region(name="WT", members=(1, 2, 3), colour="#0072B2"),
                Region(name="TC", members=(2, 3), colour="#D55E00"),
            ),
        ),
        LabelScheme(
            name="kits-2019",
            organs=(_organ(1, "Kidney", "#56B4E9"), _organ(2, "Kidney_Tumour", "#D55E00", "blurry", 2.0, "tumor")),
            regions=(Region(name="Kidney_All", members=(1, 2), colour="#009E73"),),
            composites=(Composite(name="Composite", members=("Kidney_All", "Kidney_Tumour")),),
        ),
        LabelScheme(name="msd-spleen", organs=(_organ(1, "Spleen", "#CC79A7"),)),
        LabelScheme(
            name="kits",
            organs=(
                _organ(1, "Kidney", "#56B4E9"),
                _organ(2, "Kidney_Tumour", "#D55E00", "blurry", 2.0, "tumor"),
                _organ(3, "Kidney_Cyst", "#F0E442", "clear", 2.0, "cyst"),
            ),
            regions=(
                Region(name="Kidney_All", members=(1, 2, 3), colour="#009E73"),
                Region(name="Kidney_Masses", members=(2, 3), colour="#CC79A7"),
            ),
            composites=(Composite(name="Composite", members=("Kidney_All", "Kidney_Tumour")),),
        ),
    )
}
"""The label schemes that ship. A scheme is chosen and stored with a case, never guessed from the integers."""

_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")


def preset(name: str) -> LabelScheme:
    """The shipped scheme with this name.

    Examples
    --------
    >>> preset("brats-2023").members("TC")
    (1, 3)
    """
    if name not in PRESETS:
        raise InputError(name, "there is no such label scheme", f"Known: {', '.join(PRESETS)}")
    return PRESETS[name]


def anonymous(ids: tuple[int, ...], called: Mapping[int, str] | None = None) -> LabelScheme:
    """A scheme for a label map that nobody has named yet: organs are called "Label 1", "Label 2", and so on.

    Parameters
    ----------
    ids : tuple of int
        The integers of its organs.
    called : mapping, optional
        Names that some of them have all the same; two that are alike are told apart by their integers.

    Examples
    --------
    >>> anonymous((2, 7)).names, anonymous((2, 7), {7: "Liver"}).names
    (('Label 2', 'Label 7'), ('Label 2', 'Liver'))
    """
    names: dict[int, str] = {}
    for i in sorted(ids) or [1]:
        names[i] = (called or {}).get(i, f"Label {i}")[:40]
        while list(names.values()).count(names[i]) > 1:
            names[i] += f" ({i})"
    organs = tuple(_organ(i, name, _COLOURS[n % len(_COLOURS)]) for n, (i, name) in enumerate(names.items()))
    return LabelScheme(name="own names" if called else "unnamed", organs=organs)
