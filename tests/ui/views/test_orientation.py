"""The letters at the edges, for every plane."""

import pytest

from napari_boundaryseg.ui.views.orientation import ORDERS, letters


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("Axial", {"top": "A", "bottom": "P", "left": "R", "right": "L"}),
        ("Coronal", {"top": "S", "bottom": "I", "left": "R", "right": "L"}),
        ("Sagittal", {"top": "S", "bottom": "I", "left": "A", "right": "P"}),
    ],
)
def test_planes_as_radiologists_read_them(view: str, expected: dict[str, str]) -> None:
    order = ORDERS[view]
    assert letters(order, up=order[-2] == 0) == expected


def test_letters_follow_a_turned_camera() -> None:
    assert letters((0, 1, 2), up=True, left=True) == {"top": "P", "bottom": "A", "left": "L", "right": "R"}
