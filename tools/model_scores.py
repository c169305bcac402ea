"""Write the scores of the shipped models' cards into docs/models.md; with `--check` only say whether they are there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from napari_boundaryseg.engine import library
from napari_boundaryseg.engine.card import Card

PAGE = Path(__file__).resolve().parents[1] / "docs" / "models.md"
COLUMNS = {"dsc": "DSC", "surface_dice": "surface Dice", "asd_mm": "ASD (mm)", "hd95_mm": "HD95 (mm)"}


def scores(card: Card) -> str:
    """A model's scores as a Markdown table, and the cases that they come from."""
    cells = {(score.organ, score.metric): f"{score.mean:.3f} ± {score.sd:.3f}" for score in card.scores}
    floors = {score.organ: score.floor for score in card.scores if score.metric == "dsc"}
    columns = {metric: title for metric, title in COLUMNS.items() if any(m == metric for _, m in cells)}
    prior = ["label prior DSC"] if any(floor is not None for floor in floors.values()) else []
    lines = [f"| organ | {' | '.join([*columns.values(), *prior])} |", "|---" * (1 + len(columns) + len(prior)) + "|"]
    for organ, floor in floors.items():
        row = [cells.get((organ, metric), "") for metric in columns]
        lines.append(
            f"| {organ} | {' | '.join(row + ([f'{floor:.3f}' if floor is not None else ''] if prior else []))} |"
        )
    said = f"Mean ± SD over {card.scored_on or 'cases that the card does not name'}; {card.parameters:,} parameters."
    return "\n".join([*lines, "", said, *([f"\n{card.notes}"] if card.notes else [])])


def filled(page: str) -> str:
    """The page with every block of scores made anew."""
    for name, path in library.shipped().items():
        card, _ = library.read_card(path)
        block = f"<!-- scores: {name} -->\n{scores(card)}\n<!-- end -->"
        pattern = rf"<!-- scores: {re.escape(name)} -->\n.*?<!-- end -->"
        page, found = re.subn(pattern, lambda _, block=block: block, page, flags=re.S)  # type: ignore[misc]
        if not found:
            raise SystemExit(f"docs/models.md says nothing of {name}: write a part with <!-- scores: {name} --> in it")
    return page


def main() -> int:
    """Rewrite the page, or say that it is out of date."""
    page = PAGE.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        print(
            "up to date" if filled(page) == page else "docs/models.md is out of date: run python tools/model_scores.py"
        )
        return filled(page) != page
    PAGE.write_text(filled(page), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
