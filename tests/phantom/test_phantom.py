"""The synthetic pelvis: the same for one seed, anatomical, and with a prostate whose border truly fades."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.phantom import (
    Tissues,
    anatomy,
    best_threshold_dice,
    border_contrast,
    label_prior_dice,
    pelvis,
    render,
    render_clean,
    scanner_affine,
)

SMALL = {"shape": (96, 96, 28), "spacing_mm": (2.2, 2.2, 3.2)}
FINE = {"shape": (200, 200, 36), "spacing_mm": (1.0, 1.0, 2.5)}
BLADDER, PROSTATE, RECTUM = 1, 2, 3


@pytest.fixture(scope="module")
def small() -> list[Tissues]:
    return [anatomy(seed, **SMALL) for seed in range(24)]  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=[0, 5, 103])
def fine(request: pytest.FixtureRequest) -> tuple[int, Tissues]:
    return request.param, anatomy(request.param, **FINE)


def middle(tissues: Tissues, organ: int) -> np.ndarray:
    """Centre of an organ in patient mm (RAS+)."""
    index = np.append(np.argwhere(tissues.labels == organ).mean(axis=0), 1)
    return (tissues.geometry.affine @ index)[:3]


def test_one_seed_gives_one_scan() -> None:
    first, second = pelvis(3, **SMALL), pelvis(3, **SMALL)
    assert np.array_equal(first[0].array, second[0].array)
    assert np.array_equal(first[1].array, second[1].array)
    assert not np.array_equal(first[1].array, pelvis(4, **SMALL)[1].array)


def test_a_scan_and_its_labels_share_a_grid_and_a_scheme() -> None:
    scan, labels = pelvis(1, **SMALL)
    assert scan.array.shape == (1, 96, 96, 28)
    assert scan.array.dtype == np.float32
    assert np.isfinite(scan.array).all()
    assert scan.geometry.same_as(labels.geometry)
    assert scan.geometry.orientation == "LPS"
    assert labels.scheme.name == "pelvis-mr"
    assert set(np.unique(labels.array)) == {0, 1, 2, 3}


def test_organs_have_human_sizes_and_places(small: list[Tissues]) -> None:
    for tissues in small:
        volumes = np.bincount(tissues.labels.ravel(), minlength=4) * tissues.geometry.voxel_ml
        assert 15 < volumes[PROSTATE] < 130
        assert 15 < volumes[RECTUM] < 150
        bladder, prostate, rectum = (middle(tissues, organ) for organ in (BLADDER, PROSTATE, RECTUM))
        assert bladder[2] > prostate[2] + 10, "the bladder lies above the prostate"
        assert rectum[1] < prostate[1] - 15, "the rectum lies behind the prostate"


def test_patients_differ_in_size_and_place(small: list[Tissues]) -> None:
    volumes = [(t.labels == PROSTATE).sum() * t.geometry.voxel_ml for t in small]
    assert max(volumes) > 1.8 * min(volumes)
    assert np.std([middle(t, PROSTATE) for t in small], axis=0).min() > 4


def test_an_anatomy_can_be_rendered_again(small: list[Tissues]) -> None:
    tissues = small[0]
    first, again, other = (render(tissues, seed, "random").array for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert np.abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.99


def test_random_contrast_is_mostly_t2_like_and_sometimes_not(small: list[Tissues]) -> None:
    urine_over_muscle = []
    for seed in range(40):
        clean = render_clean(small[0], seed, "random").array
        urine, muscle = small[0].map[..., ::2] == 14, small[0].map[..., ::2] == 4
        urine_over_muscle.append(clean[urine].mean() / clean[muscle].mean())
    t2_like = np.mean(np.array(urine_over_muscle) > 3)
    assert 0.7 < t2_like < 1.0


def test_noise_is_what_render_clean_says(small: list[Tissues]) -> None:
    clean = render_clean(small[1], 7, "ct")
    difference = render(small[1], 7, "ct").array[0] - clean.array
    assert difference.std() == pytest.approx(clean.noise_sd, rel=0.02)


def test_ct_is_in_hounsfield_units_with_femoral_heads_on_their_sides() -> None:
    scan, labels = pelvis(2, **SMALL, contrast="ct")
    assert labels.scheme.name == "pelvis-ct"
    assert scan.modality == "CT"
    corner = scan.array[0, :, 0, :]
    assert np.median(corner) == pytest.approx(-1000, abs=30)
    assert abs(np.median(scan.array[0][labels.mask("Bladder")]) - 10) < 25
    for name, sign in (("Femur_Head_R", 1), ("Femur_Head_L", -1)):
        place = np.append(np.argwhere(labels.mask(name)).mean(axis=0), 1)
        assert sign * (scan.affine @ place)[0] > 60


def test_a_tilted_stack_sees_upright_organs() -> None:
    tilted = anatomy(6, affine=scanner_affine(tilt_deg=25, **SMALL), **SMALL)
    assert tilted.geometry.obliquity_deg == pytest.approx(25)
    bladder, prostate, rectum = (middle(tilted, organ) for organ in (BLADDER, PROSTATE, RECTUM))
    assert abs(bladder[1] - prostate[1]) < bladder[2] - prostate[2], "above in the patient, not in the stack"
    assert rectum[1] < prostate[1] - 15


def test_thick_slices_mix_tissues() -> None:
    assert anatomy(1, (40, 40, 8), (2, 2, 3)).sub_slices == 2
    assert anatomy(1, (40, 40, 8), (2, 2, 1)).sub_slices == 1


def test_an_unknown_contrast_is_refused(small: list[Tissues]) -> None:
    with pytest.raises(InputError, match="Known: t2, ct, random"):
        render(small[0], 0, "t3")  # type: ignore[arg-type]


def test_the_border_of_the_prostate_truly_fades(fine: tuple[int, Tissues]) -> None:
    seed, tissues = fine
    clean = render_clean(tissues, seed, "t2")
    contrast = border_contrast(clean.array, tissues.labels == PROSTATE, tissues.geometry.spacing_mm, clean.noise_sd)
    assert (contrast < 0.5).mean() >= 0.40
    assert (contrast > 2.0).mean() >= 0.10, "some of it must show, or nobody could continue it"


def test_the_border_fades_on_the_default_grid_too() -> None:
    tissues = anatomy(104)
    clean = render_clean(tissues, 104, "t2")
    contrast = border_contrast(clean.array, tissues.labels == PROSTATE, tissues.geometry.spacing_mm, clean.noise_sd)
    assert tissues.geometry.shape == (320, 320, 30)
    assert (contrast < 0.5).mean() >= 0.40


def test_the_border_of_the_bladder_does_not_fade(fine: tuple[int, Tissues]) -> None:
    seed, tissues = fine
    clean = render_clean(tissues, seed, "t2")
    contrast = border_contrast(clean.array, tissues.labels == BLADDER, tissues.geometry.spacing_mm, clean.noise_sd)
    assert (contrast < 0.5).mean() < 0.35


def test_thresholding_does_not_find_the_prostate(fine: tuple[int, Tissues]) -> None:
    seed, tissues = fine
    scan = render(tissues, seed, "t2").array[0]
    box = tuple(slice(int(w.min()) - 6, int(w.max()) + 7) for w in np.nonzero(tissues.labels == PROSTATE)[:2])
    assert best_threshold_dice(scan[box], tissues.labels[box] == PROSTATE) <= 0.6


def test_a_label_prior_does_not_find_the_prostate(small: list[Tissues]) -> None:
    masks = [tissues.labels == PROSTATE for tissues in small]
    assert label_prior_dice(masks[:16], masks[16:]) <= 0.6
