"""What holds of every clean-up that is registered."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from organ_pictures import SPACING, applied, blobs

from napari_boundaryseg.editing.tools.clean.boolean import BooleanSettings
from napari_boundaryseg.editing.tools.clean.fill_holes import FillHolesSettings
from napari_boundaryseg.editing.tools.clean.margins import MarginsSettings
from napari_boundaryseg.editing.tools.clean_tool import CleanTool, clean_tools
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings
from napari_boundaryseg.errors import InputError

MORE: dict[str, list[ToolSettings]] = {
    "boolean": [BooleanSettings(how="add")],
    "fill-holes": [FillHolesSettings(per_slice=False)],
    "margins": [MarginsSettings(margin_mm=-1.5)],
}
"""Settings that are tried beside the first ones."""
TAKES_THE_OTHER = BooleanSettings(how="add")
CASES = [
    pytest.param(tool, settings, id=f"{name}-{n}")
    for name, tool in clean_tools().items()
    for n, settings in enumerate([tool.settings(), *MORE.get(name, [])])
]
every = pytest.mark.parametrize(("tool", "settings"), CASES)
seeds = pytest.mark.parametrize("seed", range(3))


def scene_of(seed: int) -> Scene:
    """The second organ far away from a part of the chosen one, so that a crop has something to do."""
    labels = blobs(seed)
    labels[:, 3:][labels[:, 3:] == 2] = 0
    return Scene(np.pad(labels, ((0, 0), (0, 14), (0, 0)), mode="reflect"), 1, SPACING, axis=seed, other=2)


def test_they_come_in_their_order() -> None:
    names = ["fill-holes", "keep-pieces", "remove-islands", "smooth", "margins", "boolean", "crop"]
    assert [name for name in clean_tools() if name in names] == names


@every
@seeds
def test_labels_are_read_only_and_others_spared(tool: CleanTool, settings: ToolSettings, seed: int) -> None:
    scene = scene_of(seed)
    scene.labels.flags.writeable = False
    before = scene.labels.copy()
    after = applied(scene, tool.act(scene, settings))
    assert (scene.labels == before).all()
    mine = [0, 1, 2] if settings == TAKES_THE_OTHER else [0, 1]
    others = ~np.isin(before, mine)
    assert (after[others] == before[others]).all()
    assert np.isin(after[~others], [0, 1]).all()


@every
def test_every_one_has_something_to_do(tool: CleanTool, settings: ToolSettings) -> None:
    """Else the other tests would show nothing."""
    assert any(tool.act(scene_of(seed), settings) is not None for seed in range(3))


@every
@seeds
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
def test_what_is_written_fits_its_box_and_changes_something(
    tool: CleanTool, settings: ToolSettings, seed: int, dtype: type[np.generic]
) -> None:
    scene = scene_of(seed)
    scene = scene._replace(labels=scene.labels.astype(dtype))
    found = tool.act(scene, settings)
    if found is not None:
        assert isinstance(found, Written)
        assert found.labels.dtype == dtype
        assert all(0 <= part.start < part.stop <= n for part, n in zip(found.box, scene.labels.shape, strict=True))
        assert found.labels.shape == tuple(part.stop - part.start for part in found.box)
        assert (found.labels != scene.labels[found.box]).any()


@every
@seeds
def test_done_again_an_idempotent_one_changes_nothing(tool: CleanTool, settings: ToolSettings, seed: int) -> None:
    if tool.idempotent:
        scene = scene_of(seed)
        assert tool.act(scene._replace(labels=applied(scene, tool.act(scene, settings))), settings) is None


@every
@seeds
def test_it_is_the_same_in_every_plane_and_storage_order(tool: CleanTool, settings: ToolSettings, seed: int) -> None:
    """Margins too: the same on all sides."""
    scene = scene_of(seed)
    wanted = applied(scene, tool.act(scene, settings))
    for order in itertools.permutations(range(3)):
        for flips in ((1, 1, 1), (-1, 1, -1)):
            turn = tuple(slice(None, None, step) for step in flips)
            labels = scene.labels.transpose(order)[turn]
            labels = np.asfortranarray(labels) if order == (1, 2, 0) else labels
            i, j, k = (scene.spacing_mm[axis] for axis in order)
            turned = scene._replace(labels=labels, spacing_mm=(i, j, k), axis=order.index(scene.axis))
            assert (applied(turned, tool.act(turned, settings)) == wanted.transpose(order)[turn]).all()


@every
@pytest.mark.parametrize("filled", [0, 1, 3])
def test_labels_of_one_value_do_no_harm(tool: CleanTool, settings: ToolSettings, filled: int) -> None:
    """No organ, the chosen one everywhere, another everywhere; no second organ, which a crop says."""
    scene = Scene(np.full((4, 5, 6), filled, np.uint8), 1, SPACING, other=2)
    try:
        assert tool.act(scene, settings) is None
    except InputError as error:
        assert tool.needs_other, "the others need none"
        assert "second organ: it is not drawn" in str(error)


@every
def test_one_that_needs_a_second_organ_says_so(tool: CleanTool, settings: ToolSettings) -> None:
    scene = scene_of(0)._replace(other=0)
    if tool.needs_other:
        with pytest.raises(InputError, match="second organ: none is chosen"):
            tool.act(scene, settings)
    else:
        tool.act(scene, settings)
