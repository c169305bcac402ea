"""Labelled and synthetic scans in one training: in the recipe's proportion, the same after an interruption."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data import synthetic_cases as synthetic
from napari_boundaryseg.engine.training.data.batches import batch_at
from napari_boundaryseg.engine.training.data.cases import RealCases, TrainingCase
from napari_boundaryseg.engine.training.data.mixed_cases import MixedCases, source_of
from napari_boundaryseg.engine.training.data.synthetic_cases import SyntheticScans
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.phantom import pelvis

SPACING = (8.0, 8.0, 9.0)


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch) -> Recipe:
    whole = synthetic.anatomy

    def small(seed: int, **arguments: object):
        return whole(seed, **{**arguments, "shape": (24, 24, 10), "spacing_mm": SPACING})  # type: ignore[arg-type]

    monkeypatch.setattr(synthetic, "anatomy", small)
    return recipe("pelvis-mr-sgm").with_settings(
        {
            "preprocessing.spacing_mm": SPACING,
            "patch_vox": (8, 16, 16),
            "network_arguments.width": 8,
            "synthetic_share": 0.5,
            "steps_per_epoch": 2,
        }
    )


@cache
def man(seed: int) -> tuple[Volume, LabelMap]:
    return pelvis(seed, (24, 24, 10), SPACING)


def men(count: int, organs: Sequence[int] = (1, 2, 3)) -> list[tuple[Volume, LabelMap]]:
    scheme = recipe("pelvis-mr-sgm").scheme
    found = []
    for seed in range(count):
        volume, labels = man(seed)
        drawn = scheme.model_copy(update={"organs": tuple(o for o in scheme.organs if o.id in organs)})
        array = np.where(np.isin(labels.array, organs), labels.array, 0)
        found.append((volume, volume.with_labels(array, drawn)))
    return found


def scans(mixed: MixedCases, real: RealCases, step: int) -> Counter[str]:
    known = {id(case) for case in real.at(step)}
    return Counter("real" if id(case) in known else "made" for case in mixed.at(step))


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
@pytest.mark.parametrize("count", [1, 3])
def test_the_share_holds_however_many_labelled_scans_there_are(wanted: Recipe, share: float, count: int) -> None:
    real = RealCases(men(count), wanted)
    mixed = MixedCases(real, SyntheticScans(wanted, 0, pool=6), share, seed=0)
    found = scans(mixed, real, 4)
    assert found["made"] / sum(found.values()) == pytest.approx(share, abs=0.01)


def test_every_labelled_scan_is_seen_in_the_course_of_a_training(wanted: Recipe) -> None:
    real = RealCases(men(5), wanted)
    mixed = MixedCases(real, SyntheticScans(wanted, 0, pool=2), 0.5, seed=0)
    drawn = Counter(id(case) for step in range(60) for case in mixed.at(step))
    counts = [drawn[id(case)] for case in real.at(0)]
    assert min(counts) > 0.5 * sum(counts) / len(counts)


def test_what_a_step_sees_depends_on_seed_and_step_alone(wanted: Recipe) -> None:
    def batch(steps: Sequence[int], seed: int) -> torch.Tensor:
        source = MixedCases(RealCases(men(3), wanted), SyntheticScans(wanted, seed, pool=2), 0.5, seed)
        found: Sequence[TrainingCase] = [case for step in steps for case in source.at(step)][-4:]
        return batch_at(found, wanted, seed, steps[-1])[0]

    assert torch.equal(batch(range(7), 1), batch([6], 1))
    assert not torch.equal(batch([6], 1), batch([6], 2))


def test_in_one_batch_each_case_counts_where_its_own_organs_are_known(wanted: Recipe) -> None:
    """A man without a drawn prostate beside whole ones: what is no prostate of his nobody is taught, theirs is."""
    partial, whole = RealCases(men(1, (1, 3)), wanted).at(0)[0], RealCases(men(1), wanted).at(0)[0]
    wanted = wanted.model_copy(
        update={"batch": 16, "patch_vox": (10, 24, 24), "augmentation": type(wanted.augmentation)()}
    )
    _, target = batch_at([partial, whole], wanted, 0, 0)
    assert target.valid is not None
    said = [bool(valid.all()) for valid in target.valid]
    assert True in said
    assert False in said
    for valid, labels, everywhere in zip(target.valid, target.labels, said, strict=True):
        if not everywhere:
            assert not valid[1].any()
            assert valid[0].any()
            assert torch.equal(valid[0], valid[2])
            assert not (labels == 2).any()


def test_a_recipe_of_synthetic_scans_alone_reads_no_case(wanted: Recipe) -> None:
    def refuse() -> None:
        raise AssertionError("a case was read")
        yield

    alone = wanted.model_copy(update={"synthetic_share": 1.0})
    assert isinstance(source_of(alone, refuse(), 0), SyntheticScans)
    assert not alone.learns_from_cases
    with pytest.raises(InputError, match="none of them holds a labelled voxel"):
        source_of(wanted, [], 0)


def test_a_training_of_both_says_how_many_patients_and_organs_it_knows(wanted: Recipe, tmp_path: Path) -> None:
    short = wanted.model_copy(update={"steps": 2, "batch": 1})
    model = load_model(fit(short, men(2, (1, 3)), tmp_path, device="cpu", patients={"pelvis-0": "A"}))
    assert not model.card.synthetic_only
    assert model.card.training.cases == 2
    assert model.card.training.not_taught == ()
    assert model.card.ancestry.scans
