"""A comparison in words: its verdict and what limits it, in sentences. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from napari_boundaryseg.data.mean_sd import mean_sd
from napari_boundaryseg.engine.evaluation.comparison import OLD_INTERVAL, migrated

LOST = "the new model was taught that there is none, and may have lost it"
ITSELF = 0.99
"""The Dice of every organ from which on labels are the model's own result, hardly corrected."""


def score_in_words(comparison: Mapping[str, Any]) -> str:
    """The score that a verdict rests on: versions before the third looked at Dice alone."""
    return "Mean Dice" if migrated(comparison)["path"] is None else "Mean surface Dice"


def change_in_words(comparison: Mapping[str, Any], digits: int = 4) -> str:
    """The change that a verdict rests on, with its interval and the number of cases."""
    known = migrated(comparison)
    n, n_cases = known["n"], known["n_cases"]
    if known["change"]["mean"] is None:
        return "no case could judge"
    over = f"n = {n}" if n == n_cases else f"n = {n} patients with {n_cases} cases"
    old = "by the bootstrap of an older version, which is too narrow for few cases"
    return _ends(known["change"], n, over, digits, old=old if known["interval"] == OLD_INTERVAL else "")


def on_whom(comparison: Mapping[str, Any]) -> str:
    """On which cases a verdict rests."""
    models = migrated(comparison)["models"]
    return f"on cases that {models} models like it had not seen" if models else "on the held-out cases"


def path_in_words(comparison: Mapping[str, Any]) -> str:
    """How much more or less of the contours is to be drawn anew; empty where nobody looked."""
    known = migrated(comparison)
    if known["path"] is None or known["path"]["mean"] is None:
        return ""
    return f"To be drawn anew, of an organ: {_ends(known['path'], known['n'], '', 0, ' mm')}"


def _ends(change: Mapping[str, float | None], n: int, more: str, digits: int, unit: str = "", old: str = "") -> str:
    mean, low, high = (change[name] for name in ("mean", "low", "high"))
    if n < 2 or low is None or high is None:  # the bootstrap of an older version gave one case an interval, too
        none = "one case has none" if n < 2 else "all changes are equal"
        ends = f"no interval: {none}"
    else:
        ends = f"95 % interval {low:+.{digits}f} to {high:+.{digits}f}"
        more = ", ".join(filter(None, [more, old]))
    return f"{mean:+.{digits}f}{unit} ({', '.join(filter(None, [ends, more]))})"


def organs_in_words(comparison: Mapping[str, Any]) -> list[str]:
    """What is said of each organ, where there are several."""
    organs = migrated(comparison)["organs"]
    return [
        f"{one['organ']}: {one['verdict']}, surface Dice {_ends(one['change'], one['n'], 'n = ' + str(one['n']), 3)}."
        for one in organs
        if len(organs) > 1
    ]


def remarks(comparison: Mapping[str, Any]) -> list[str]:
    """What limits a verdict, one sentence each."""
    known = migrated(comparison)
    untaught, unjudged = known["not_taught"], known["not_in_references"]
    like_it = [
        f"Judged were {known['models']} models, each taught without some of the patients; this one has learnt from all."
        for _ in range(known["models"] > 0)
    ]
    held_back = [f"Not called better, for {' and '.join(known['held_back'])}."] if known["held_back"] else []
    neither = [organ for organ in untaught if organ in unjudged]
    said = like_it + held_back + _of_organs("No case has", neither, f"{LOST}, and the verdict says nothing of it")
    said += _of_organs("No training case has", [organ for organ in untaught if organ not in neither], LOST)
    said += _of_organs(
        "No judging case has", [organ for organ in unjudged if organ not in neither], "the verdict says nothing of it"
    )
    for organ in dict.fromkeys(row["organ"] for row in known["unscored"]):
        rows = [row for row in known["unscored"] if row["organ"] == organ]
        before, after = (mean_sd(row[f"volume_ml_{when}"] for row in rows).mean or 0.0 for when in ("before", "after"))
        said.append(
            f"Where the reference has no {organ}, {before:.2f} mL are found before and {after:.2f} mL after (mean of "
            f"{len(rows)} case{'s' if len(rows) != 1 else ''}), which is not scored."
        )
    if of_itself := _of_itself(known["cases"]):
        said.append(
            f"The model against itself: {', '.join(of_itself)} {'is' if len(of_itself) == 1 else 'are'} labelled with "
            "the old model's own result, hardly or not corrected. There the new model can only be worse."
        )
    said += [f"{case} may not judge: {reason}." for case, reason in known["excluded"].items()]
    said += [
        f"{', '.join(names)} are one scan under several names, and count as one patient." for names in known["copies"]
    ]
    if said_of_earlier := earlier_in_words(known["earlier"]):
        said.append(said_of_earlier)
    if known["on_slices"]:
        cases = ", ".join(f"{case} ({seen} of {n} slices)" for case, (seen, n) in known["on_slices"].items())
        said.append(
            f"{cases}: only the slices that a person has looked at are scored, with contours and distances within a "
            "slice."
        )
    if known["unknown_ancestry"]:
        said.append(
            "The model's card does not say on which cases it was trained first: whether a judging case was among "
            "them could not be checked."
        )
    return said


def _of_itself(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Cases that the model before segments exactly as their labels are."""
    lowest: dict[str, float] = {}
    for row in rows:
        lowest[row["case"]] = min(lowest.get(row["case"], 1.0), row.get("dsc_before") or 0.0)
    return [case for case, dsc in lowest.items() if dsc >= ITSELF]


def earlier_in_words(earlier: Mapping[str, Any] | None) -> str:
    """What a model has kept on the scans that it learnt from before; empty where there is none of them.

    Examples
    --------
    >>> earlier_in_words({"synthetic": True, "n": 6, "dsc_before": 0.9, "dsc_after": 0.89})
    'On 6 synthetic scans of the kind that the model learnt from before, its Dice was 0.900 and is 0.890.'
    """
    if not earlier:
        return ""
    kind = "synthetic scans of the kind" if earlier["synthetic"] else "accepted cases of those"
    n, before, after = earlier["n"], earlier["dsc_before"], earlier["dsc_after"]
    return f"On {n} {kind} that the model learnt from before, its Dice was {before:.3f} and is {after:.3f}."


def taken_in_words(share: float | None, why: str | None) -> str:
    """How much of what a fine-tuning learnt was taken, where that is not all of it; see `card.TakenWhy`.

    Examples
    --------
    >>> taken_in_words(0.5, "sure")
    'Half of what it learnt was taken: more helped less, or less surely, on cases new to it.'
    >>> taken_in_words(1.0, "sure")
    ''
    """
    if share is None or share == 1:
        return ""
    if share == 0 and why == "forgets":
        return (
            "Nothing of what it learnt was taken, so it is as the model before: even a quarter of it lost more than a "
            "hundredth of Dice on scans that the model learnt from before."
        )
    if share == 0:
        found = "it helped, but not surely," if why == "unsure" else "it did not help"
        cases = "corrected cases that it had not learnt from"
        return f"Nothing of what it learnt was taken, so it is as the model before: {found} on {cases}."
    part = {0.25: "A quarter", 0.5: "Half", 0.75: "Three quarters"}.get(share, f"{share:.0%}")
    if why == "one patient":
        return f"{part} of what it learnt was taken: no corrected case of another patient says whether it helps."
    if why == "forgets":
        return f"{part} of what it learnt was taken: with more, too much of what it had learnt before was lost."
    return f"{part} of what it learnt was taken: more helped less, or less surely, on cases new to it."


def not_taught_in_words(organs: Sequence[str]) -> str:
    """What it means that no training case holds some of the model's organs."""
    return " ".join(_of_organs("No training case has", organs, LOST))


def _of_organs(begins: str, organs: Sequence[str], ends: str) -> list[str]:
    return [f"{begins} {', '.join(organs)}: {ends}."] if organs else []
