"""Lines of one value in a map, and dashes along them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.data.shapes.level_lines import dashes, level_lines


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_a_level_line_lies_where_the_map_has_that_value(level: float) -> None:
    row, column = np.indices((50, 60))
    off = np.hypot(row - 25.3, column - 30.1)
    values = np.clip((20 - off) / 12, 0, 1)
    (line,) = level_lines(values, level)
    assert (line[0] == line[-1]).all()
    np.testing.assert_allclose(np.hypot(*(line - (25.3, 30.1)).T), 20 - 12 * level, atol=0.05)


def test_lines_are_closed_at_the_border_of_the_map_and_none_without_the_value() -> None:
    values = np.zeros((6, 9))
    values[0:3, 4:9] = 0.95
    for level in (0.1, 0.9):
        (line,) = level_lines(values, level)
        assert (line[0] == line[-1]).all()
    assert level_lines(np.full((5, 5), 0.4), 0.9) == []
    assert level_lines(np.zeros((5, 5)), 0.1) == []


def test_dashes_lie_on_the_line_and_cover_their_share() -> None:
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = 30 * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    pieces = dashes(circle, 6.0, 4.0)
    lengths = [np.hypot(*np.diff(piece, axis=0).T).sum() for piece in pieces]
    np.testing.assert_allclose(lengths[:-1], 6.0, rtol=1e-6)
    assert len(pieces) == 19 and 0 < lengths[-1] <= 6.0 + 1e-9
    for piece in pieces:
        np.testing.assert_allclose(np.hypot(*piece.T), 30, atol=0.01)
    assert dashes(np.zeros((4, 2)), 6.0, 4.0) == []
