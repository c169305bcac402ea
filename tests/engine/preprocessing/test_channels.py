"""Channels are found by their names where names say something, and by their order otherwise."""

import numpy as np
import pytest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.preprocessing.channels import in_order
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data.cases import prepare
from napari_boundaryseg.errors import InputError

TUMOUR = ("T1", "T1c", "T2", "FLAIR")


def scan(*channels: str) -> Volume:
    """Channel n holds n everywhere but in one voxel."""
    array = np.stack([np.full((4, 4, 4), n, np.float32) for n in range(len(channels))])
    array[:, 0, 0, 0] = 9
    return Volume(array, Geometry((4, 4, 4), np.eye(4)), channels, "case")


@pytest.mark.parametrize("names", [("flair", "t1", "t1c", "t2"), ("t2f", "t1n", "T1-CE", "t2w")])
def test_the_same_names_in_another_order_are_put_into_order(names):
    found = in_order(scan(*names), TUMOUR, "model")
    assert found.array[:, 1, 1, 1].tolist() == [1, 2, 3, 0]
    assert found.channels == (names[1], names[2], names[3], names[0])


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (TUMOUR, TUMOUR),
        (("channel 1", "channel 2"), ("T1", "T2")),  # four axes of a NIfTI file, nnU-Net's _0000
        (("image",), ("T2",)),
        (("CT",), ("image",)),
        (("left", "right"), ("T1", "T2")),  # what file names differ by
        (("t1", "mystery"), ("T1", "T2")),
        (("t1", "t2"), ("in phase", "out of phase")),
    ],
)
def test_names_that_say_nothing_leave_the_order_of_the_files(names, wanted):
    volume = scan(*names)
    assert in_order(volume, wanted, "model") is volume


@pytest.mark.parametrize(
    ("names", "wanted"),
    [(("T2",), ("T1",)), (("t1", "flair"), ("t1", "t1c")), (("flair", "mystery"), ("t1", "flair"))],
)
def test_other_channels_are_refused_with_both_names(names, wanted):
    with pytest.raises(InputError) as caught:
        in_order(scan(*names), wanted, "model")
    assert f"case: its channels are {', '.join(names)}, model needs {', '.join(wanted)}." in str(caught.value)


def test_a_wrong_number_is_refused():
    with pytest.raises(InputError, match=r"it has 2 channels, model needs 4\. Open these together: T1, T1c, T2, FLAIR"):
        in_order(scan("T1", "T2"), TUMOUR, "model")


def test_of_one_channel_none_is_opened_together_with_others():
    with pytest.raises(InputError, match=r"it has 2 channels, model needs 1\. Open one of its channels alone"):
        in_order(scan("T1", "T2"), ("image",), "model")


def test_training_asks_the_same():
    wanted = recipe("pelvis-mr-sgm").model_copy(update={"channels": ("T1", "T2"), "scheme": preset("prostate")})
    labels = scan("T1", "T2").with_labels(np.ones((4, 4, 4), np.uint8))
    straight, swapped = scan("T1", "T2"), scan("T2", "T1")
    a = prepare(straight, labels, wanted).image
    b = prepare(Volume(swapped.array[::-1], swapped.geometry, ("T2", "T1"), "case"), labels, wanted).image
    np.testing.assert_array_equal(a, b)
    with pytest.raises(InputError, match="its channels are T2, FLAIR, pelvis-mr-sgm needs T1, T2"):
        prepare(scan("T2", "FLAIR"), labels, wanted)
