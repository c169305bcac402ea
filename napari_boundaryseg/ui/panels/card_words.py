"""A model's card in words: what it is for, how well it does, what it was taught."""

from __future__ import annotations

from napari_boundaryseg.engine.checkpoints.card import Card

NO_PATIENT = "⚠ Has seen no patient: it learned from synthetic scans only"


def summary(card: Card) -> str:
    """What a model is for, how well it does, and on which scans: the lines that are always shown."""
    lines = [NO_PATIENT] if card.synthetic_only else []
    lines += [
        card.recipe.task or card.name,
        "Organs: " + ", ".join(organ.spelled for organ in card.recipe.scheme.organs),
    ]
    scores = [
        f"{s.organ} {s.mean:.2f}" + (f" (by position alone {s.label_prior:.2f})" if s.label_prior is not None else "")
        for s in card.scores
        if s.metric == "dsc"
    ]
    on = f" on {card.scored_on}" if card.scored_on else ""
    lines.append(
        f"Dice{on}: " + ", ".join(scores) if scores else "Not scored yet: nobody has measured how well it does"
    )
    if card.expected_field_mm:
        lines.append("Made for scans of about " + " × ".join(f"{mm:.0f}" for mm in card.expected_field_mm) + " mm")
    return "\n".join(lines)


def details(card: Card) -> str:
    """Training data, licence and the rest of the card."""
    spacing = card.expected_spacing_mm or card.recipe.preprocessing.spacing_mm
    rows = {
        "Scans": f"{card.recipe.modality or 'any'}, channels: {', '.join(card.recipe.channels)}",
        "Spacing": " × ".join(f"{mm:.3g}" for mm in spacing) + " mm" if spacing else "",
        "Training data": card.training.description,
        "Licence": card.training.licence,
        "Attribution": card.training.attribution,
        "Scored on": card.scored_on,
        "Not shown": f"{' and '.join(card.silent)}, which said nothing on scans that it had not seen"
        if card.silent
        else "",
        "Calibration": card.calibration.sentence if card.calibration else "",
        "Notes": card.notes,
        "Parent": card.parent,
    }
    return "\n".join(f"{name}: {value}" for name, value in rows.items() if value)
