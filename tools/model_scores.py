"""Write what the shipped models' cards and table say into docs/models.md; with `--check` only whether it is there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from shipped_models import MODELS

from napari_boundaryseg.data.metrics import metrics
from napari_boundaryseg.engine.checkpoints import model_library
from napari_boundaryseg.engine.checkpoints.card import Card

PAGE = Path(__file__).resolve().parents[1] / "docs" / "models.md"


def scores(card: Card) -> str:
    """A model's scores as a Markdown table, and the cases that they come from."""
    cells = {(score.organ, score.metric): score.text for score in card.scores}
    cells |= {(s.organ, "prior"): f"{s.label_prior:.3f}" for s in card.scores if s.label_prior is not None}
    columns = {metric.name: metric.heading for metric in metrics()} | {"prior": "label prior DSC"}
    columns = {name: heading for name, heading in columns.items() if any(name == known for _, known in cells)}
    lines = [f"| {' | '.join(['organ', *columns.values()])} |", "|---" * (1 + len(columns)) + "|"]
    for organ in dict.fromkeys(score.organ for score in card.scores):
        lines.append(f"| {' | '.join([organ, *(cells.get((organ, name), '') for name in columns)])} |")
    cases = card.scored_on or "cases that the card does not name"
    said = f"Mean ± SD over {cases}; {card.parameters:,} parameters, trained in {card.precision}."
    return "\n".join([*lines, "", said, *([f"\n{card.notes}"] if card.notes else [])])


def trainings() -> str:
    """What `make models` trains, in its order, as a Markdown table."""
    lines = ["| model | recipe | steps | learns from | minutes |", "|---|---|---|---|---|"]
    for model in MODELS.values():
        settings = f", with the settings of the study `{model.study}`" if model.study else ""
        hard = f", {100 * model.wanted.synthetic_hard:.0f} % of them hard"
        source = {"pelvis": f"synthetic pelves{hard}", "brain": "synthetic brains"}.get(
            model.wanted.synthetic, f"`{model.data}`: the {' and '.join(model.rows)} rows"
        )
        if model.own is not None:
            source = f"`{model.data}`, and as many patches of {source}"
        watched = ", a tenth of them watches" if model.data and model.watched else ""
        weights = "" if (model.folder / f"{model.name}.safetensors").is_file() else " (no weights yet)"
        lines.append(
            f"| `{model.name}`{weights} | `{model.recipe}`{settings} | {model.wanted.steps} | "
            f"{source}{watched} | {model.minutes:.0f} |"
        )
    return "\n".join(lines)


def filled(page: str) -> str:
    """The page with every block made anew."""
    blocks = {
        f"scores: {name}": scores(model_library.read_card(path)[0]) for name, path in model_library.shipped().items()
    }
    for title, text in {**blocks, "trainings": trainings()}.items():
        block = f"<!-- {title} -->\n{text}\n<!-- end -->"
        pattern = rf"<!-- {re.escape(title)} -->\n.*?<!-- end -->"
        page, found = re.subn(pattern, lambda _, block=block: block, page, flags=re.S)  # type: ignore[misc]
        if not found:
            raise SystemExit(f"docs/models.md has no part for <!-- {title} -->: write one")
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
