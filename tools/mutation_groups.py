"""What mutation testing changes, in groups, and the tests that must notice."""

from __future__ import annotations

from dataclasses import dataclass

PACKAGE = "napari_boundaryseg"


@dataclass(frozen=True)
class Group:
    """Modules that are changed, and the tests that must notice."""

    modules: tuple[str, ...]
    """Patterns of files in the package."""
    tests: tuple[str, ...]
    least_killed: float = 0.85
    a_module: int = 12
    """Changes that are tried in one module; fewer where a group has many modules."""


GROUPS = {
    "metrics": Group(
        ("data/metrics/*.py", "data/metrics/selftest/check.py", "data/mean_sd.py"),
        ("tests/data/metrics/selftest/test_known_answers.py", "tests/data/metrics", "tests/data/test_mean_sd.py"),
        0.9,
        a_module=6,
    ),
    "comparison": Group(
        (
            "engine/evaluation/card_scores.py",
            "engine/evaluation/comparison.py",
            "engine/evaluation/comparison_card.py",
            "engine/evaluation/paired_change.py",
            "engine/evaluation/power.py",
            "engine/evaluation/score_tables.py",
            "engine/evaluation/scoring.py",
            "engine/evaluation/verdict.py",
        ),
        tuple(
            f"tests/engine/evaluation/test_{name}.py"
            for name in (
                "card_scores",
                "comparison",
                "comparison_card",
                "paired_change",
                "power",
                "scoring",
                "verdict",
            )
        ),
        0.9,
        a_module=9,
    ),
    "band": Group(("review/band/*.py",), ("tests/review/band",), 0.9),
    "chart": Group(("review/chart/*.py",), ("tests/review/chart",), 0.9, a_module=15),
    "error-map": Group(
        ("review/error_map.py", "review/worst_places.py"),
        ("tests/review/test_error_map.py", "tests/review/test_worst_places.py"),
        0.9,
    ),
    "observers": Group(("review/observers.py", "review/border_distance.py"), ("tests/review/test_observers.py",), 0.9),
    "observing": Group(
        ("review/observer_spread.py", "review/spread_places.py", "review/observing.py", "review/comparing.py"),
        ("tests/review/test_observer_spread.py", "tests/review/test_observing.py", "tests/review/test_comparing.py"),
    ),
    "geometry": Group(
        ("data/geometry.py", "data/volume.py", "data/boxes.py", "data/formats/*/geometry.py"),
        ("tests/data/test_geometry.py", "tests/data/test_volume.py", "tests/data/test_boxes.py", "tests/data/formats"),
    ),
    "journal": Group(("editing/journal/*.py",), ("tests/editing/journal",)),
    "writers": Group(
        ("data/saving.py", "data/formats/*/writ*.py", "data/exchange.py", "data/shapes/mesh.py"),
        (
            "tests/data/test_saving.py",
            "tests/data/test_exchange.py",
            "tests/data/shapes/test_mesh.py",
            "tests/data/formats",
        ),
    ),
    "rules": Group(("review/rules/*.py", "review/rules/families/*.py"), ("tests/review/rules",), 0.9, a_module=4),
    "splits": Group(
        ("data/datasets/*.py", "data/datasets/layouts/*.py", "engine/evaluation/folds.py"),
        ("tests/data/test_datasets.py", "tests/data/datasets", "tests/engine/evaluation/test_folds.py"),
    ),
}
