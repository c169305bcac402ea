"""Sobel edges: the numbers every implementation must reproduce, and how MONAI's differ."""

import numpy as np
import pytest

from napari_boundaryseg.data.boundaries import sobel_edges


def test_sobel_3d():
    cube = np.zeros((20, 20, 20))
    cube[5:15, 5:15, 5:15] = 1
    edges = sobel_edges(cube)
    expected = {
        (10, 10, 10): 0,
        (5, 10, 10): 1,
        (4, 10, 10): 1,
        (6, 10, 10): 0,
        (5, 5, 10): 1.060660,
        (4, 4, 10): 0.353553,
        (4, 5, 10): 0.790569,
        (5, 5, 5): 0.974279,
        (4, 4, 4): 0.108253,
        (4, 5, 5): 0.621867,
        (4, 4, 5): 0.272431,
    }
    for place, value in expected.items():
        assert edges[place] == pytest.approx(value, abs=1e-6)
    assert edges.max() == pytest.approx(1.060660, abs=1e-6)
    assert edges.sum() == pytest.approx(1085.677244, abs=1e-5)
    assert [(edges > 1e-12).sum(), (edges >= 0.25).sum(), (edges >= 0.5).sum()] == [1216, 1208, 1088]
    assert [((edges >= 0.5) & (cube == side)).sum() for side in (1, 0)] == [488, 600]


def test_sobel_2d():
    square = np.zeros((20, 20))
    square[5:15, 5:15] = 1
    edges = sobel_edges(square)
    assert [(edges > 1e-12).sum(), (edges >= 0.5).sum()] == [80, 76]
    for place, value in {(5, 10): 1, (4, 10): 1, (5, 5): 1.060660, (4, 4): 0.353553, (4, 5): 0.790569}.items():
        assert edges[place] == pytest.approx(value, abs=1e-6)


def test_sobel_of_a_step_a_plate_and_a_voxel():
    step, plate, voxel = (np.zeros((12, 12, 12)) for _ in range(3))
    step[6:], plate[6], voxel[6, 6, 6] = 1, 1, 1
    assert sobel_edges(step)[3:9, 6, 6].tolist() == [0, 0, 1, 1, 0, 0]
    assert sobel_edges(plate)[5:8, 6, 6].tolist() == [1, 0, 1]
    edges = sobel_edges(voxel)
    for place, value in {(6, 6, 6): 0, (5, 6, 6): 0.25, (5, 5, 6): 0.176777, (5, 5, 5): 0.108253}.items():
        assert edges[place] == pytest.approx(value, abs=1e-6)
    assert not (edges >= 0.5).any()


@pytest.mark.filterwarnings("ignore")
def test_beside_a_flat_step_monai_finds_half_of_it():
    post = pytest.importorskip("monai.transforms")
    step = np.zeros((12, 12, 12), np.float32)
    step[6:] = 1
    theirs = np.linalg.norm(np.asarray(post.SobelGradients(kernel_size=3)(step[None])), axis=0)
    np.testing.assert_allclose(theirs[3:9, 6, 6], [0, 0, 0.5, 0.5, 0, 0], atol=1e-6)
    np.testing.assert_allclose(sobel_edges(step)[3:9, 6, 6], 2 * theirs[3:9, 6, 6], atol=1e-6)
