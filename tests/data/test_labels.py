"""Label schemes: what ships is consistent, and a wrong one is refused with its reason."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from napari_boundaryseg.data.labels import PRESETS, Composite, LabelScheme, Organ, Region, anonymous, preset
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError


def organ(id: int, name: str, **more: Any) -> Organ:
    return Organ(id=id, name=name, colour="#123abc", **more)


def test_the_integers_of_the_shipped_schemes() -> None:
    shipped = {
        "pelvis-mr": {1: "Bladder", 2: "Prostate", 3: "Rectum"},
        "pelvis-ct": {1: "Bladder", 2: "Prostate", 3: "Rectum", 4: "Femur_Head_L", 5: "Femur_Head_R"},
        "prostate": {1: "Prostate"},
        "hippocampus": {1: "Hippocampus_A", 2: "Hippocampus_P"},
        "sarcoma": {1: "GTV"},
        "brats-2022": {1: "NCR", 2: "ED", 4: "ET"},
        "brats-2023": {1: "NCR", 2: "ED", 3: "ET"},
        "msd-brain-tumour": {1: "ED", 2: "NCR", 3: "ET"},
        "msd-spleen": {1: "Spleen"},
        "kits": {1: "Kidney", 2: "Kidney_Tumour", 3: "Kidney_Cyst"},
        "kits-2019": {1: "Kidney", 2: "Kidney_Tumour"},
    }
    found = {name: dict(zip(PRESETS[name].ids, PRESETS[name].names)) for name in shipped}
    assert found == shipped


def test_the_three_structures_that_kits_scores() -> None:
    regions = {region.name: region.members for region in preset("kits").regions}
    assert regions == {"Kidney_All": (1, 2, 3), "Kidney_Masses": (2, 3)}
    labels = LabelMap(np.arange(4, dtype=np.uint8).reshape(1, 2, 2), Geometry((1, 2, 2), np.eye(4)))
    assert labels.with_scheme(preset("kits")).volumes_ml() == {
        "Kidney": 0.001, "Kidney_Tumour": 0.001, "Kidney_Cyst": 0.001
    }  # fmt: skip


@pytest.mark.parametrize("name", PRESETS)
def test_a_shipped_scheme_survives_json(name: str) -> None:
    scheme = preset(name)
    assert LabelScheme.model_validate(json.loads(json.dumps(scheme.model_dump(mode="json")))) == scheme
    assert LabelScheme.model_validate_json(scheme.model_dump_json()) == scheme


@pytest.mark.parametrize("name", PRESETS)
def test_organs_of_a_shipped_scheme_can_be_told_apart(name: str) -> None:
    scheme = preset(name)
    assert scheme.name == name
    colours = {organ.name.removesuffix("_L").removesuffix("_R"): organ.colour for organ in scheme.organs}
    assert len(set(colours.values())) == len(colours), "only the left and the right one of a pair look alike"
    keys = [key.lower() for organ in scheme.organs for key in (organ.name, *organ.aliases)]
    assert len(set(keys)) == len(keys), "no name or alias means two organs"


@pytest.mark.parametrize("name", PRESETS)
def test_every_organ_is_either_clear_or_blurry_in_label_order(name: str) -> None:
    scheme = preset(name)
    assert sorted((*scheme.clear, *scheme.blurry), key=lambda organ: organ.id) == list(scheme.organs)
    for part in (scheme.clear, scheme.blurry):
        assert [organ.id for organ in part] == sorted(organ.id for organ in part)


def test_the_prostates_border_is_blurry_and_the_bladders_clear() -> None:
    assert [organ.name for organ in preset("pelvis-mr").blurry] == ["Prostate"]
    assert [organ.name for organ in preset("pelvis-mr").clear] == ["Bladder", "Rectum"]


def test_the_nested_regions_of_a_tumour() -> None:
    assert {region.name: region.members for region in preset("brats-2022").regions} == {"WT": (1, 2, 4), "TC": (1, 4)}
    assert {region.name: region.members for region in preset("brats-2023").regions} == {"WT": (1, 2, 3), "TC": (1, 3)}


@pytest.mark.parametrize("key", [2, "Prostate", "prostate", "PROSTATE"])
def test_an_organ_is_found_by_its_integer_or_name(key: int | str) -> None:
    assert preset("pelvis-mr").organ(key).id == 2


@pytest.mark.parametrize("key, found", [("Edema", 2), ("necrotic CORE", 1), ("ncr/net", 1), ("ET", 4)])
def test_an_organ_is_found_by_an_alias(key: str, found: int) -> None:
    assert preset("brats-2022").organ(key).id == found


@pytest.mark.parametrize("key", [0, 4, -1, "Liver", "", "1", "WT"])
def test_an_unknown_organ_is_refused_with_the_known_ones(key: int | str) -> None:
    with pytest.raises(InputError, match=r"'pelvis-mr' has no such organ\. It has: Bladder, Prostate, Rectum"):
        preset("pelvis-mr").organ(key)


def test_an_unknown_scheme_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"no-such: there is no such label scheme\. Known: pelvis-mr, pelvis-ct"):
        preset("no-such")


ONE, TWO = organ(1, "A"), organ(2, "B")
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no organ": ({"organs": ()}, "at least 1 item"),
    "no name": ({"name": ""}, "at least 1 character"),
    "a long name": ({"name": "x" * 65}, "at most 64 characters"),
    "not ascending": ({"organs": (TWO, ONE)}, "distinct and ascending"),
    "one integer twice": ({"organs": (ONE, organ(1, "B"))}, "distinct and ascending"),
    "one name twice": ({"organs": (ONE, organ(2, "A"))}, "names must be distinct"),
    "a region called like an organ": (
        {"regions": (Region(name="A", members=(1,), colour="#000000"),)},
        "names must be distinct",
    ),
    "a composite of nothing": (
        {"organs": (ONE,), "composites": (Composite(name="C", members=("A", "B")),)},
        "names no organ or region",
    ),
    "a region of nothing known": (
        {"regions": (Region(name="R", members=(1, 9), colour="#000000"),)},
        "names an organ id that is not in the scheme",
    ),
    "an unknown field": ({"evil": 1}, "Extra inputs are not permitted"),
    "too many organs": ({"organs": tuple(organ(n, f"o{n}") for n in range(1, 1026))}, "at most 1024 items"),
}


@pytest.mark.parametrize("change, said", WRONG.values(), ids=WRONG)
def test_a_wrong_scheme_is_refused(change: dict[str, Any], said: str) -> None:
    right: dict[str, Any] = {"name": "own", "organs": (ONE, TWO)}
    assert LabelScheme(**right).ids == (1, 2)
    with pytest.raises(ValidationError, match=said):
        LabelScheme(**{**right, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"id": 0},
        {"id": -1},
        {"id": 65535},
        {"id": 1.5},
        {"name": ""},
        {"name": "x" * 65},
        {"colour": "red"},
        {"colour": "#12345"},
        {"colour": "#12345g"},
        {"colour": "#123456\n"},
        {"boundary": "soft"},
        {"tolerance_mm": 0},
        {"tolerance_mm": float("nan")},
        {"evil": 1},
    ],
)
def test_a_wrong_organ_is_refused(change: dict[str, Any]) -> None:
    right: dict[str, Any] = {"id": 65534, "name": "A", "colour": "#12aBcD", "tolerance_mm": 0.5}
    assert Organ(**right).id == 65534
    with pytest.raises(ValidationError):
        Organ(**{**right, **change})


def test_a_scheme_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        preset("prostate").name = "other"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        preset("prostate").organs[0].id = 7  # type: ignore[misc]


@pytest.mark.parametrize(
    "ids, names", [((), ("Label 1",)), ((3, 1), ("Label 1", "Label 3")), ((65534,), ("Label 65534",))]
)
def test_labels_without_names_get_numbers(ids: tuple[int, ...], names: tuple[str, ...]) -> None:
    scheme = anonymous(ids)
    assert scheme.names == names
    assert scheme.ids == tuple(sorted(ids or (1,)))


def test_as_many_unnamed_organs_as_a_label_map_may_hold() -> None:
    assert len(anonymous(tuple(range(1, 1025))).organs) == 1024


def test_a_label_map_takes_another_scheme_only_when_it_names_all() -> None:
    array = np.zeros((2, 2, 2), np.uint8)
    array[0] = 3
    labels = LabelMap(array, Geometry((2, 2, 2), np.eye(4)), preset("pelvis-mr"), "case")
    assert labels.with_scheme(preset("brats-2023")).mask("ET").sum() == 4
    with pytest.raises(InputError, match=r"case: the label map holds \[3\], which 'hippocampus' does not name"):
        labels.with_scheme(preset("hippocampus"))


def test_brain_tumours_have_an_average_that_no_scheme_holds() -> None:
    """Schemes are compared as a whole: what was stored before an average was scored is the same scheme still."""
    for name in ("brats-2022", "brats-2023", "msd-brain-tumour"):
        assert preset(name).composites == ()
        assert [one.name for one in preset(name).scored] == ["Average"]
    assert preset("kits").scored == preset("kits").composites
    assert preset("pelvis-mr").scored == ()
    own = preset("brats-2023").model_copy(update={"composites": (Composite(name="Average", members=("WT", "ET")),)})
    assert own.scored == own.composites, "what somebody calls so himself counts"
