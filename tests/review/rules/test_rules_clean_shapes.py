"""Of what is drawn well no rule says anything, however it is stored; and every rule is one of the register."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from itertools import product

import numpy as np
import pytest
from rule_shapes import SHAPE, SPACING, WAYS, Stored, all_flips, ellipsoid, said, slices_first, stored, tube

from napari_boundaryseg.data.labels import LabelScheme, Organ, preset
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.phantom import pelvis
from napari_boundaryseg.review.rules.check import check
from napari_boundaryseg.review.rules.drawn import drawn
from napari_boundaryseg.review.rules.limits import Limits
from napari_boundaryseg.review.rules.rule import RULES, Rule, rules

ANY = LabelScheme(name="any", organs=(Organ(id=1, name="GTV", colour="#D55E00"),))
CLEAN = {
    "sphere": ellipsoid((45, 35, 32), (25, 25, 25)),
    "sphere between voxels": ellipsoid((46.5, 35.5, 31.5), (24, 24, 24)),
    "ellipsoid": ellipsoid((43, 34, 31), (35, 28, 17)),
    "small ellipsoid": ellipsoid((43, 34, 31), (11, 7, 6)),
    "tube along the slices": tube(0, 11.0),
    "tube in the slices": tube(1, 13.0),
    "oblique tube": np.stack([ellipsoid((45, 35, 20 + s), (1e9, 9, 9))[s] & (4 < s < 24) for s in range(SHAPE[0])]),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CLEAN)
def test_nothing_is_said_of_clean_shapes(name: str, way: Stored) -> None:
    assert said(stored(CLEAN[name], way, scheme=ANY)) == ()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_said_of_clean_spheres_on_any_grid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    spacing = (rng.uniform(2, 5), *rng.uniform(0.5, 1.5, 2))
    shape = tuple(int(70 / mm) + 1 for mm in spacing)
    sphere = ellipsoid(rng.uniform(33, 37, 3), rng.uniform(20, 28, 3), shape, spacing)
    assert said(stored(sphere, spacing=spacing, scheme=ANY)) == ()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_of_a_synthetic_pelvis_little_is_said(seed: int) -> None:
    """What is said is so: the phantom's organs may reach an end of its scan, where the scan is short."""
    _, labels = pelvis(seed, (96, 96, 28), (2.4, 2.4, 4.0))
    assert {found.rule for found in check(labels)} <= {"scan-ends"}


def test_of_nothing_nothing_is_said() -> None:
    assert said(stored(np.zeros(SHAPE, bool))) == ()


@pytest.mark.parametrize("way", all_flips())
def test_a_place_is_the_same_however_the_labels_are_stored(way: Stored) -> None:
    """48 ways; the number that a person sees counts from the feet, as the window does."""
    array = ellipsoid((45, 35, 32), (25, 25, 25))
    array[12] = False
    array[20, 2:5, 3:6] = True
    missing, island = said(stored(array, way, scheme=ANY), "missing-slices", "islands")
    assert missing.sentence == "GTV: slice 13 is empty, the slices beside it are not."
    assert slices_first(missing.voxel, way)[0] == 12
    assert missing.axis == way[0][0]
    assert missing.slice == missing.voxel[missing.axis]
    assert island.sentence == "GTV: an island of 0.03 mL on slice 21."
    assert slices_first(island.voxel, way) == (20, 3, 4)


@pytest.mark.parametrize("degrees", [11.0, 40.0])
def test_the_slices_are_those_that_were_said_to_be_drawn(degrees: float) -> None:
    """On a cube of voxels the axis is a choice; an oblique grid does not change it."""
    array = ellipsoid((15, 16, 17), (9, 9, 9), (32, 32, 32), (1, 1, 1))
    array[:, 12] = False
    labels = stored(array, ((2, 1, 0), (1, 1, 1), degrees), (1, 1, 1), ANY)
    (found,) = said(labels, "missing-slices", axis=1)
    assert (found.axis, found.slice) == (1, 12)
    assert said(labels, "missing-slices") == ()


def test_every_rule_is_asked_unless_some_are_named() -> None:
    assert len(rules()) >= 15
    assert [rule.position for rule in rules().values()] == sorted(rule.position for rule in rules().values())
    with pytest.raises(InputError, match="no such contour rule"):
        said(stored(CLEAN["sphere"]), "wobbles")


def test_every_finding_lies_in_the_scan_and_names_its_rule() -> None:
    """A label map of noise, of which much is said."""
    array = (np.random.default_rng(1).random((12, 20, 20)) < 0.2) * np.random.default_rng(2).integers(
        1, 6, (12, 20, 20)
    )
    labels = stored(array)
    found = check(labels)
    assert len(found) > 10
    assert len({one.identity for one in found}) == len(found)
    for one in found:
        assert one.rule in rules()
        assert all(0 <= n < size for n, size in zip(one.voxel, labels.array.shape, strict=True))
        assert one.organs and one.sentence.endswith((".", "?")) and np.isfinite(one.value)
        assert {*one.organs} <= {*labels.scheme.names}
    assert check(labels) == found


def test_nested_regions_are_looked_at_as_a_whole() -> None:
    """A ring of oedema round a core has no cavity, and a core in two pieces is as it should be."""
    whole = ellipsoid((45, 35, 32), (30, 28, 25))
    array = whole * 2
    array[ellipsoid((45, 28, 32), (8, 6, 6))] = 3
    array[ellipsoid((45, 44, 32), (8, 6, 6))] = 1
    labels = stored(array, scheme=preset("brats-2023"))
    view = drawn(labels)
    assert {one.name for one in view.outlined} == {"WT", "TC"}
    assert {one.organs for one in said(labels, "cavities", "missing-slices", "odd-slices")} == set()
    array[12] = 0
    assert {one.organs[0] for one in said(stored(array, scheme=preset("brats-2023")), "missing-slices")} >= {"WT"}


def test_every_limit_is_used() -> None:
    """A limit that nothing asks for is none: each, made extreme, changes what is said of some labels."""
    rng = np.random.default_rng(0)
    array = ellipsoid((45, 35, 32), (30, 28, 25))
    array ^= (rng.random(SHAPE) < 0.02) & ellipsoid((45, 35, 32), (40, 33, 31))
    names = {one.name for one in fields(Limits)}
    text = "".join(path.read_text("utf-8") for path in _sources())
    assert {name for name in names if f"limits.{name}" not in text} == set()
    assert replace(Limits(), jump_px=1.0) != Limits()
    assert said(stored(array, scheme=ANY)) != ()


def _sources() -> list:  # type: ignore[type-arg]
    from pathlib import Path

    import napari_boundaryseg.review.rules as room

    return list(Path(room.__file__).parent.rglob("*.py"))


def test_a_map_of_another_grid_is_refused() -> None:
    array = CLEAN["sphere"]
    other = LabelMap(np.zeros((3, 3, 3), np.uint8), Geometry((3, 3, 3), np.eye(4)), ANY)
    with pytest.raises(InputError, match="another grid"):
        check(stored(array), beside=[other])


def test_spacing_is_that_of_the_shapes() -> None:
    for (places, _, _), axis in product(WAYS, range(3)):
        assert stored(CLEAN["sphere"], (places, (1, 1, 1), 0.0)).spacing_mm[places[axis]] == SPACING[axis]


def test_rules_come_by_their_place_and_then_by_name_and_a_new_one_in_the_middle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = list(rules())
    for name, more in (("an-own-rule", {}), ("zebra", {"position": 3}), ("aardvark", {"position": 3})):
        monkeypatch.setitem(RULES._entries, name, Rule(name, lambda view: (), **more))
    assert list(rules())[:2] == ["aardvark", "zebra"]
    at = list(rules()).index("an-own-rule")
    assert rules()[list(rules())[at - 1]].position < 50 <= rules()[list(rules())[at + 1]].position
    assert [name for name in rules() if name in before] == before


def test_a_rule_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        rules()["islands"].position = 1  # type: ignore[misc]
