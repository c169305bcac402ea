"""Labels of one scheme in the integers of another: by name, never by number, and nothing is left out silently."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.data.labels import LabelScheme, Organ, anonymous, preset
from napari_boundaryseg.data.relabel import looked_at_in, to_scheme
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError


def scheme(**organs: int) -> LabelScheme:
    return LabelScheme(
        name="mine",
        organs=tuple(
            Organ(id=i, name=name.replace("_", " "), colour="#112233")
            for name, i in sorted(organs.items(), key=lambda item: item[1])
        ),
    )


def drawn(under: LabelScheme, *ids: int) -> LabelMap:
    array = np.zeros((2, 2, 8), np.uint16)
    array[0, 0, : len(ids)] = ids
    return LabelMap(array, Geometry(array.shape, np.eye(4)), under, "case7")


def test_organs_are_matched_by_name_and_by_alias_whatever_their_numbers() -> None:
    found = to_scheme(drawn(scheme(rectum=7, Urinary_Bladder=300, PROSTATE=2), 300, 2, 7, 2), preset("pelvis-mr"))
    assert found.array[0, 0, :5].tolist() == [1, 2, 3, 2, 0]
    assert found.scheme == preset("pelvis-mr")
    assert (found.array.dtype, found.name) == (np.uint8, "case7")


def test_the_models_own_scheme_changes_nothing() -> None:
    labels = drawn(preset("brats-2022"), 1, 2, 4)
    np.testing.assert_array_equal(to_scheme(labels, preset("brats-2022")).array, labels.array)
    assert to_scheme(labels, preset("brats-2023")).array[0, 0, :3].tolist() == [1, 2, 3]


def test_an_organ_that_the_labels_could_not_hold_is_refused() -> None:
    with pytest.raises(InputError, match="case7: its labels 'prostate' have no Bladder, Rectum"):
        to_scheme(drawn(preset("prostate"), 1), preset("pelvis-mr"))


def test_an_organ_that_the_person_left_empty_is_not_there() -> None:
    assert to_scheme(drawn(preset("pelvis-mr"), 1), preset("pelvis-mr")).array.max() == 1


def test_an_organ_that_the_model_does_not_know_is_refused_only_where_it_is_drawn() -> None:
    with pytest.raises(InputError, match="case7: it holds Femur_Head_L, Femur_Head_R, and the model knows"):
        to_scheme(drawn(preset("pelvis-ct"), 1, 2, 4, 5), preset("pelvis-mr"))
    assert to_scheme(drawn(preset("pelvis-ct"), 1, 2), preset("pelvis-mr")).array.max() == 2


def test_labels_that_nobody_named_are_refused() -> None:
    with pytest.raises(InputError, match="case7: it holds Label 1, Label 2, and the model knows only"):
        to_scheme(drawn(anonymous((1, 2)), 1, 2), preset("hippocampus"))


def test_two_organs_that_are_one_to_the_model_are_refused() -> None:
    with pytest.raises(InputError, match="two of its organs are one organ of the model"):
        to_scheme(drawn(scheme(Bladder=1, urinary_bladder=2, Prostate=3, Rectum=4), 1, 2), preset("pelvis-mr"))


def test_an_integer_without_a_name_is_refused() -> None:
    with pytest.raises(InputError, match=r"it holds \[9\], which its labels 'pelvis-mr' do not name"):
        to_scheme(drawn(preset("pelvis-mr"), 1, 9), preset("pelvis-mr"))


def test_a_region_becomes_an_organ_and_the_rest_is_background() -> None:
    core = LabelScheme(name="core", organs=(Organ(id=1, name="TC", colour="#D55E00"),))
    assert to_scheme(drawn(preset("brats-2022"), 1, 2, 4), core).array[0, 0, :3].tolist() == [1, 0, 1]
    assert to_scheme(drawn(preset("brats-2023"), 1, 2, 3), core).array[0, 0, :3].tolist() == [1, 0, 1]


def test_regions_that_overlap_are_no_organs() -> None:
    nested = LabelScheme(
        name="nested",
        organs=tuple(Organ(id=i, name=name, colour="#112233") for i, name in enumerate(("WT", "TC"), start=1)),
    )
    with pytest.raises(InputError, match="the model knows only WT, TC"):
        to_scheme(drawn(preset("brats-2022"), 1, 2), nested)


def test_slices_follow_their_organs_into_another_scheme() -> None:
    """By name, whatever the integers; a region where all its members were looked at; other organs nowhere."""
    own, theirs = preset("pelvis-mr"), preset("pelvis-mr")
    moved = own.model_copy(
        update={"organs": tuple(organ.model_copy(update={"id": 10 * organ.id}) for organ in own.organs)}
    )
    looked = LookedAt(axis=1, slices={10: (2, 3), 30: None})
    assert looked_at_in(looked, moved, theirs) == LookedAt(axis=1, slices={1: (2, 3), 2: (), 3: None})
    tumour = preset("brats-2023")
    whole = LabelScheme(name="whole", organs=(Organ(id=1, name="WT", colour="#123456"),))
    members = next(region.members for region in tumour.regions if region.name == "WT")
    slices = dict.fromkeys(members, (4, 5, 6)) | {members[0]: (5, 6, 7)}
    assert looked_at_in(LookedAt(axis=0, slices=slices), tumour, whole).slices == {1: (5, 6)}
    slices |= {members[0]: None}
    assert looked_at_in(LookedAt(axis=0, slices=slices), tumour, whole).slices == {1: (4, 5, 6)}
