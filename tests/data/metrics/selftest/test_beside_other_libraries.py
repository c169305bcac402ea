"""The metrics beside MONAI and SimpleITK, to 1e-6: on the check set, on random shapes, on an expert's labels."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from scipy import ndimage

from napari_boundaryseg.data.metrics import compare_masks
from napari_boundaryseg.data.metrics.selftest.check import known_answers
from napari_boundaryseg.data.metrics.surface import AT_TOLERANCES

OF_BOTH = [(answer, organ) for answer in known_answers() for organ in answer.expected if "empty" not in answer.name]
IDS = [f"{answer.name}, {organ}" for answer, organ in OF_BOTH]
SINGLE_PRECISION = {"hd95_mm": 5e-5}
"""MONAI interpolates between two distances in float32."""


@pytest.fixture
def libraries(scripts: Callable[..., ModuleType]) -> ModuleType:
    pytest.importorskip("SimpleITK")
    return scripts("benchmarks/metrics/other_libraries.py")


def differences(ours: dict, theirs: dict, least: dict[str, float] | None = None) -> dict:
    """What is not the same to 1e-6: of values above 1, of their share."""
    limits = {name: (least or {}).get(name, 1e-6) * max(1.0, abs(value)) for name, value in theirs.items()}
    return {name: (ours[name], value) for name, value in theirs.items() if not abs(ours[name] - value) <= limits[name]}


@pytest.mark.parametrize(("answer", "organ"), OF_BOTH, ids=IDS)
def test_simpleitk_knows_the_same_answers(libraries: ModuleType, answer, organ: int) -> None:
    a, b = answer.prediction == organ, answer.reference == organ
    theirs = libraries.by_simpleitk(a, b, answer.spacing_mm, answer.tolerance_mm)
    assert differences(answer.expected[organ], theirs) == {}


@pytest.mark.parametrize(("answer", "organ"), OF_BOTH, ids=IDS)
def test_monai_knows_the_same_answers_within_the_scan(libraries: ModuleType, answer, organ: int) -> None:
    a, b = answer.prediction == organ, answer.reference == organ
    theirs = libraries.by_monai(a, b, answer.spacing_mm, answer.tolerance_mm)
    found = differences(answer.expected[organ], theirs, SINGLE_PRECISION)
    if "border of the scan" in answer.name:  # to MONAI the end of the scan is a surface, on which both agree
        assert set(found) == {"asd_mm", "surface_dice"}
        assert theirs["asd_mm"] < answer.expected[organ]["asd_mm"]
    else:
        assert found == {}


def blobs(seed: int) -> tuple[np.ndarray, np.ndarray, tuple[float, float, float]]:
    """Two smooth random shapes away from the end of the scan, and a spacing."""
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=(30, 28, 26)), 3)
    other = field + 0.3 * ndimage.gaussian_filter(rng.normal(size=field.shape), 2)
    inside = np.pad(np.ones((24, 22, 20), bool), 3)
    i, j, k = rng.uniform(0.4, 3.0, 3)
    return (field > 0) & inside, (other > 0) & inside, (float(i), float(j), float(k))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("library", ["by_monai", "by_simpleitk"])
def test_random_shapes_of_any_spacing(libraries: ModuleType, seed: int, library: str) -> None:
    a, b, spacing_mm = blobs(seed)
    ours = compare_masks(a, b, spacing_mm, 0.9, also=AT_TOLERANCES)
    least = SINGLE_PRECISION if library == "by_monai" else None
    assert 0 < ours["surface_dice"] < 1
    assert differences(ours, getattr(libraries, library)(a, b, spacing_mm, 0.9), least) == {}


@pytest.mark.parametrize("library", ["by_monai", "by_simpleitk"])
def test_an_experts_labels(libraries: ModuleType, shared_data, library: str) -> None:
    from napari_boundaryseg.data.formats import read_labels

    for path in sorted((shared_data / "hippocampus" / "labels").glob("*.nii*"))[:3]:
        labels = read_labels(path)
        b = np.pad(np.asarray(labels.array) == 1, 3)
        a = np.roll(ndimage.binary_closing(ndimage.binary_dilation(b)), 1, axis=1)
        ours = compare_masks(a, b, labels.spacing_mm, 1.5, also=AT_TOLERANCES)
        least = SINGLE_PRECISION if library == "by_monai" else None
        assert differences(ours, getattr(libraries, library)(a, b, labels.spacing_mm, 1.5), least) == {}
