"""The pelvis at two difficulties: the standard one stays as it was, the hard one varies more and shows less."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.phantom import Clean, Tissue, Tissues, anatomy, border_contrast, pelvis, render, render_clean
from napari_boundaryseg.phantom.hard import scanner
from napari_boundaryseg.phantom.hard.sizes import draw_sizes as draw_hard_sizes
from napari_boundaryseg.phantom.organs import draw_sizes

SMALL = {"shape": (96, 96, 28), "spacing_mm": (2.2, 2.2, 3.2)}
FINE = {"shape": (170, 170, 32), "spacing_mm": (1.2, 1.2, 2.8)}
ORGANS = {1: "bladder", 2: "prostate", 3: "rectum"}
CLEAR = scanner.Scanner(1.0, (1.0, 1.0), 1.0, 0.0, 0, 0.0, 0.0, 0.0, 1.0)


@pytest.fixture(scope="module")
def hard() -> list[Tissues]:
    return [anatomy(seed, **SMALL, difficulty="hard") for seed in range(20)]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def contrasts() -> dict[str, np.ndarray]:
    """Mean contrast across each organ's border, in noise SDs: for each difficulty (seeds, organs)."""
    found: dict[str, list[list[float]]] = {"standard": [], "hard": []}
    for difficulty, rows in found.items():
        for seed in (0, 7, 8):
            tissues = anatomy(seed, **FINE, difficulty=difficulty)  # type: ignore[arg-type]
            clean: Clean = render_clean(tissues, seed, "t2", difficulty=difficulty)  # type: ignore[arg-type]
            spacing = tissues.geometry.spacing_mm
            rows.append([float(border_contrast(clean.array, tissues.labels == n, spacing, clean.noise_sd).mean())
                         for n in ORGANS])  # fmt: skip
    return {difficulty: np.array(rows) for difficulty, rows in found.items()}


def volumes(tissues: Tissues) -> np.ndarray:
    """Of bladder, prostate and rectum, in mL."""
    return np.bincount(tissues.labels.ravel(), minlength=4)[1:] * tissues.geometry.voxel_ml


def test_the_standard_pelvis_is_what_it_was() -> None:
    scan, labels = pelvis(3, **SMALL, tilt_deg=5.0)  # type: ignore[arg-type]
    # Not a hash: processors round the last bit of a sine differently.
    assert np.bincount(labels.array.ravel()) == pytest.approx([250786, 3165, 1627, 2470], abs=3)
    seen = [[15.938, 252.377, 92.755], [7.187, 386.444, 388.151], [27.464, 81.152, 238.836]]
    assert np.allclose(scan.array[0, ::40, ::40, 9], seen, atol=0.01)
    assert scan.array.mean(dtype=float) == pytest.approx(249.218338, rel=1e-5)
    assert scan.array.std(dtype=float) == pytest.approx(167.082517, rel=1e-5)


def test_one_seed_gives_one_hard_scan() -> None:
    first, again, other = (pelvis(seed, **SMALL, difficulty="hard") for seed in (3, 3, 4))  # type: ignore[arg-type]
    assert np.array_equal(first[0].array, again[0].array)
    assert np.array_equal(first[1].array, again[1].array)
    assert not np.array_equal(first[1].array, other[1].array)
    assert np.isfinite(first[0].array).all()
    assert first[0].array.dtype == np.float32
    assert first[1].scheme.name == "pelvis-mr"


def test_every_hard_pelvis_has_its_three_organs_in_human_sizes(hard: list[Tissues]) -> None:
    found = np.array([volumes(tissues) for tissues in hard])
    assert all(set(np.unique(tissues.labels)) == {0, 1, 2, 3} for tissues in hard)
    for (low, high), values in zip(((10, 600), (12, 150), (12, 260)), found.T, strict=True):
        assert low < values.min()
        assert values.max() < high


def test_hard_prostates_differ_more() -> None:
    rng = np.random.default_rng(0)
    spread = [np.std([np.log(draw(rng).radii).sum() for _ in range(400)]) for draw in (draw_sizes, draw_hard_sizes)]
    assert spread[1] > 1.1 * spread[0]


def test_behind_a_hard_rectum_lies_a_little_fat_or_much(hard: list[Tissues]) -> None:
    found = [mm for tissues in hard if (mm := to_the_buttock_mm(tissues)) is not None]
    assert len(found) > 12
    assert min(found) < 10
    assert max(found) > 45


def test_hard_rectums_lean_back_by_little_or_by_much(hard: list[Tissues]) -> None:
    found = [slope for tissues in hard if (slope := leaning(tissues)) is not None]
    assert len(found) > 12
    assert min(found) < 0.25
    assert max(found) > 0.6


def leaning(tissues: Tissues) -> float | None:
    """How far back the rectum's middle moves over the prostate and 20 mm above it, in mm per mm of height."""
    across, _, up = SMALL["spacing_mm"]  # type: ignore[misc]
    k = np.flatnonzero((tissues.labels == 2).any((0, 1)))
    middles = [(n * up, np.argwhere(slab)[:, 1].mean() * across)
               for n in range(round(k.mean()), min(k[-1] + 7, tissues.labels.shape[2]))
               if (slab := tissues.labels[:, :, n] == 3).any()]  # fmt: skip
    return float(np.polyfit(*zip(*middles, strict=True), 1)[0]) if len(middles) > 5 else None


def to_the_buttock_mm(tissues: Tissues) -> float | None:
    """From the back of the rectum to the first muscle behind it, 25 mm to its side, at the prostate's height."""
    k = int(np.argmax((tissues.labels == 2).sum((0, 1))))
    rectum = np.argwhere(tissues.labels[:, :, k] == 3)
    i, back = round(rectum[:, 0].mean() + 25 / SMALL["spacing_mm"][0]), rectum[:, 1].max()  # type: ignore[index]
    muscle = np.flatnonzero(tissues.map[i, back:, k * tissues.sub_slices] == Tissue.MUSCLE)
    return float(muscle[0] * SMALL["spacing_mm"][1]) if len(muscle) else None  # type: ignore[index]


def test_a_hard_scan_of_few_slices_still_shows_every_organ() -> None:
    for seed in range(12):
        thin = anatomy(seed, (96, 96, 19), (2.0, 2.0, 3.0), difficulty="hard")
        assert volumes(thin).min() > 0.5, seed


def test_borders_show_less_than_on_standard_scans(contrasts: dict[str, np.ndarray]) -> None:
    standard, hard = (contrasts[difficulty].mean(axis=0) for difficulty in ("standard", "hard"))
    assert (hard < standard).all(), (standard, hard)


def test_hard_scans_have_more_noise() -> None:
    tissues = anatomy(1, **SMALL)  # type: ignore[arg-type]
    shares = [[clean.noise_sd / np.median(clean.array[tissues.labels == 1])
               for clean in (render_clean(tissues, seed, "t2", difficulty=d) for seed in range(8))]
              for d in ("standard", "hard")]  # type: ignore[misc]  # fmt: skip
    assert np.median(shares[1]) > 1.3 * np.median(shares[0])


def test_hard_noise_has_the_asked_for_spread() -> None:
    made = scanner.noise(np.random.default_rng(0), (60, 60, 20), 7.0)
    assert made.std() == pytest.approx(7, rel=0.03)
    assert 0.2 < np.corrcoef(made[:-1].ravel(), made[1:].ravel())[0, 1] < 0.4


def test_an_even_body_is_measured_as_it_is() -> None:
    any_body = anatomy(0, (20, 20, 6), (1, 1, 3))
    tissues = Tissues(np.full((20, 20, 12), 5, np.uint8), any_body.labels, any_body.geometry, 2)
    grain = np.ones((20, 20, 6), np.float32)
    image = scanner.measure(np.full(256, 30, np.float32), np.zeros(256, np.float32), tissues, grain, CLEAR)
    assert np.allclose(image, 30, atol=1e-3)


def thick(thickness: float) -> np.ndarray:
    """How a single bright thin slice is seen by nine thick ones."""
    tissues = anatomy(0, (8, 8, 9), (2, 2, 3))
    bright = np.zeros((8, 8, 18), np.uint8)
    bright[..., 8:10] = 1
    table = np.zeros(256, np.float32)
    table[1] = 100
    faults = scanner.Scanner(thickness, (1.0, 1.0), 1.0, 0.0, 0, 0.0, 0.0, 0.0, 1.0)
    seen = Tissues(bright, tissues.labels, tissues.geometry, 2)
    return scanner.measure(table, 0 * table, seen, np.zeros((8, 8, 9), np.float32), faults)[4, 4]


def test_thick_slices_reach_into_their_neighbours_and_thin_ones_do_not() -> None:
    assert thick(0.8)[4] == pytest.approx(100, abs=2)
    assert thick(0.8)[3] < 2
    assert thick(1.7)[4] < 90
    assert thick(1.7)[3] > 8
    assert thick(1.7).sum() == pytest.approx(100, abs=5)


def test_ghosts_are_shifted_copies_along_one_axis() -> None:
    image = np.zeros((60, 60, 3), np.float32)
    image[28:32, 28:32] = 100
    faults = scanner.Scanner(1.0, (1.0, 1.0), 1.0, 0.1, 1, 0.0, 0.0, 0.0, 1.0)
    ghosts = scanner.add_ghosts(image, np.random.default_rng(1), faults) - image
    assert np.abs(ghosts).max() > 1
    assert np.abs(ghosts[:28]).max() == 0, "none along the other axis"
    assert np.array_equal(scanner.add_ghosts(image, np.random.default_rng(1), CLEAR), image)


def test_coils_are_stronger_at_the_surface_and_in_the_rectum() -> None:
    tissues = anatomy(0, (60, 60, 8), (3, 3, 3))
    near = scanner.Scanner(1.0, (1.0, 1.0), 1.0, 0.0, 0, 0.0, 0.8, 0.0, 1.0)
    gain = scanner.coils(np.random.default_rng(2), tissues, near)
    assert gain[:, 0].mean() > 1.15 * gain[:, 30].mean() < 0.9 * gain[:, -1].mean()
    inside = scanner.Scanner(1.0, (1.0, 1.0), 1.0, 0.0, 0, 0.0, 0.0, 1.5, 1.0)
    gain = scanner.coils(np.random.default_rng(2), tissues, inside)
    assert gain[30, 40, 4] > 2 * gain[2, 2, 4]


def test_random_contrast_of_hard_scans_covers_dark_fat_and_any_brightness() -> None:
    tissues = anatomy(2, (70, 70, 20), (3.0, 3.0, 4.0), difficulty="hard")
    fat, muscle = (tissues.map[..., ::2] == t for t in (3, 4))
    scans = (render_clean(tissues, seed, "random", difficulty="hard").array for seed in range(50))
    shares = [clean[fat].mean() / clean[muscle].mean() for clean in scans]
    assert np.mean(np.array(shares) > 2.5) > 0.6, "most are T2-like"
    assert np.mean(np.array(shares) < 1.2) > 0.04, "some are not, or have dark fat"


def test_a_hard_ct_is_in_hounsfield_units() -> None:
    scan, labels = pelvis(2, **SMALL, contrast="ct", difficulty="hard")  # type: ignore[arg-type]
    assert labels.scheme.name == "pelvis-ct"
    assert scan.array.min() < -600, "nothing is cut off at 0"
    assert abs(np.median(scan.array[0][labels.mask("Bladder")]) - 10) < 30


def test_a_hard_anatomy_can_be_rendered_again() -> None:
    tissues = anatomy(1, **SMALL, difficulty="hard")  # type: ignore[arg-type]
    first, again = (render(tissues, 5, "random", difficulty="hard").array for _ in range(2))
    assert np.array_equal(first, again)


def test_an_unknown_difficulty_is_refused() -> None:
    with pytest.raises(InputError, match="Known: standard, hard"):
        anatomy(0, (8, 8, 4), difficulty="impossible")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="Known: standard, hard"):
        render(anatomy(0, (8, 8, 4)), 0, difficulty="easy")  # type: ignore[arg-type]
