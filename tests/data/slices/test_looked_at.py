"""Slices that were looked at: what is known, what goes on beyond, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from napari_boundaryseg.data.labels import anonymous
from napari_boundaryseg.data.slices.continued import continued
from napari_boundaryseg.data.slices.looked_at import LookedAt, only_known
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError

IDS = (2, 5, 9)


def drawn(seed: int = 0, shape: tuple[int, int, int] = (6, 7, 8)) -> LabelMap:
    array = np.random.default_rng(seed).choice([0, *IDS], shape).astype(np.uint8)
    return LabelMap(array, Geometry(shape, np.eye(4)), anonymous(IDS), "a scan")


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_what_is_known_and_what_goes_on_are_those_of_a_loop(axis: int) -> None:
    labels = drawn()
    looked = LookedAt(axis=axis, slices={2: (1, 4), 9: None})
    kept, on = only_known(labels, looked).array, continued(labels, looked).array
    for at in np.ndindex(labels.array.shape):
        here, n = labels.array[at], at[axis]
        known = {2: n in (1, 4), 5: False, 9: True}
        assert kept[at] == (here if here and known[int(here)] else 0)
        nearest = min((1, 4), key=lambda other: (abs(other - n), other))
        there = labels.array[(*at[:axis], nearest, *at[axis + 1 :])]
        wanted = 9 if here == 9 else 2 if there == 2 else 0
        assert on[at] == wanted
    assert np.array_equal(labels.array, drawn().array)


def test_all_that_was_looked_at_is_all_there_is() -> None:
    labels = drawn()
    looked = LookedAt(axis=1, slices=dict.fromkeys(IDS))
    assert np.array_equal(only_known(labels, looked).array, labels.array)
    assert np.array_equal(continued(labels, looked).array, labels.array)
    assert only_known(labels, None) is labels
    assert looked.counts(labels) == (7, 7)


def test_slices_are_kept_in_order_and_come_back_from_json() -> None:
    looked = LookedAt(axis=0, slices={9: (4, 1, 4), 2: ()})
    assert looked.slices == {2: (), 9: (1, 4)}
    assert LookedAt.model_validate_json(looked.model_dump_json()) == looked
    assert looked.counts(drawn()) == (2, 6)


@pytest.mark.parametrize("values", [{"axis": 3, "slices": {}}, {"axis": 0, "slices": {1: (-1,)}}, {"axis": 0}])
def test_what_cannot_be_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LookedAt.model_validate(values)


@pytest.mark.parametrize(
    ("slices", "said"), [({2: (6,)}, "does not have"), ({}, "no slice"), ({2: ()}, "no slice of it was looked at")]
)
def test_slices_of_another_scan_and_none_at_all_are_refused(slices: dict[int, tuple[int, ...]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        only_known(drawn(), LookedAt(axis=0, slices=slices))
