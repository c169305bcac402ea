"""Begin of a review: what is proven is queued by its own score and tolerance, all else is said to be unranked."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.review.arcs import begin
from napari_boundaryseg.review.arcs.begin import begun
from napari_boundaryseg.review.arcs.cutting import cut
from napari_boundaryseg.review.arcs.measures import measured
from napari_boundaryseg.review.arcs.queuing import queued
from napari_boundaryseg.review.arcs.rankings import Ranking

SPACING = (1.0, 1.0, 2.0)


@pytest.fixture
def scan() -> tuple[np.ndarray, np.ndarray]:
    """Two discs on six slices; of the first, the model is unsure on the right."""
    rows, columns = np.mgrid[:40, :80]
    labels = np.zeros((40, 80, 6), np.uint8)
    labels[np.hypot(rows - 20, columns - 20) < 12] = 1
    labels[np.hypot(rows - 20, columns - 60) < 9] = 4
    sure = np.where(columns > 24, 0.6, 0.98)[:, :, None]
    maps = np.stack([np.where(labels == n, sure, (1 - sure) / 2) for n in (0, 1, 4)]).astype(np.float32)
    return labels, maps


def row(organ: str, tolerance_mm: float, score: str = "doubt") -> Ranking:
    return Ranking("a model", organ, score, tolerance_mm, "cases", 20, 0.9, 0.85, 0.95)


def test_each_organ_is_ranked_by_its_own_tolerance(
    scan: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    labels, maps = scan
    monkeypatch.setattr(
        begin, "proven", lambda model, organs: {"Bladder": row("Bladder", 2.0), "Rectum": row("Rectum", 1.0)}
    )
    review = begun(
        labels, {1: "Bladder", 4: "Rectum"}, SPACING, 2, "a model", probabilities=maps, classes=(0, 1, 4), seed=5
    )
    arcs = [cut(labels, [organ], SPACING, 2) for organ in (1, 4)]
    scores = [
        measured(own, labels, mm, probabilities=maps, classes=(0, 1, 4))["doubt"]
        for own, mm in zip(arcs, (2.0, 1.0), strict=True)
    ]
    wanted = queued([*arcs[0], *arcs[1]], np.concatenate(scores), {1, 4}, seed=5)
    assert [[arc.key for arc in item.arcs] for item in review.queue.items] == [
        [arc.key for arc in item.arcs] for item in wanted.items
    ]
    assert review.queue.draws == wanted.draws
    assert review.queue.items[0].organ == 4  # all of it lies where the model is unsure


def test_an_organ_without_a_proven_ranking_has_no_items(
    scan: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    labels, maps = scan
    monkeypatch.setattr(begin, "proven", lambda model, organs: {"Bladder": row("Bladder", 2.0)})
    review = begun(labels, {1: "Bladder", 4: "GTV", 7: "Prostate"}, SPACING, 2, probabilities=maps, classes=(0, 1, 4))
    assert {item.organ for item in review.queue.items} == {1}
    assert review.queue.unranked == (4,)


def test_labels_from_elsewhere_are_ranked_by_the_scan_where_that_is_proven(
    scan: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scan has no gradient at the right half of the first disc."""
    labels, _ = scan
    monkeypatch.setattr(begin, "proven", lambda model, organs: {"Bladder": row("Bladder", 2.0, "gradient")})
    image = (labels == 1)[None].astype(np.float32) * 100
    image[:, :, 26:] = 100
    review = begun(labels, {1: "Bladder"}, SPACING, 2, image=image)
    assert review.queue.items[0].centre[1] > 20


def test_with_the_table_that_ships_a_hippocampus_is_ranked_and_a_tumour_is_not(
    scan: tuple[np.ndarray, np.ndarray],
) -> None:
    labels, maps = scan
    more = {"probabilities": maps, "classes": (0, 1, 4)}
    names = {1: "Hippocampus_A", 4: "Hippocampus_P"}
    review = begun(labels, names, SPACING, 2, "hippocampus-hmedn", **more)  # type: ignore[arg-type]
    assert review.queue.unranked == ()
    assert {item.organ for item in review.queue.items} == {1, 4}
    assert begun(labels, names, SPACING, 2).queue.unranked == (1, 4)
    assert begun(labels, {1: "GTV"}, SPACING, 2, "sarcoma-t1", **more).queue.unranked == (1,)  # type: ignore[arg-type]
