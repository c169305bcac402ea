"""Record of mutation testing: what was tried and what became of it, and which changes change nothing that matters.

python tools/mutation_record.py     writes the page from the table
"""

from __future__ import annotations

import csv
import math
import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

from mutation_groups import GROUPS, PACKAGE

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "evidence" / "mutation.csv"
PAGE = TABLE.with_suffix(".md")
SAME = ROOT / "tools" / "mutation_equivalent.toml"
"""Changes that no test can notice, each with the reason."""
EQUIVALENT, UNTRIED = "equivalent", "not tried"


class Tried(NamedTuple):
    """A change: where, the lines before and after, and the outcome.

    That is "noticed", "not noticed", "equivalent" or "not tried".
    """

    module: str
    line: int
    before: str
    after: str
    outcome: str


def tried_of(results: Iterable[tuple[str, bool | None]]) -> list[Tried]:
    """Unified diffs, and whether each was noticed (None: it was not tried), in the order of the modules and lines."""
    same = {(row["module"], row["before"], row["after"]) for row in equivalent()}
    rows = []
    for diff, noticed in results:
        module, line, before, after = change_of(diff)
        outcome = "noticed" if noticed else UNTRIED if noticed is None else "not noticed"
        if outcome == "not noticed" and (module, before, after) in same:
            outcome = EQUIVALENT
        rows.append(Tried(module, line, before, after, outcome))
    return sorted(rows)


def change_of(diff: str) -> tuple[str, int, str, str]:
    """Module, line, and the changed lines before and after, of a unified diff of one change."""
    lines = diff.splitlines()
    module = next(line for line in lines if line.startswith("+++ ")).rpartition(f"/{PACKAGE}/")[2]
    at = next(n for n, line in enumerate(lines) if line.startswith("@@"))
    begins = re.match(r"@@ -(\d+)", lines[at])
    body = lines[at + 1 :]
    first = next(n for n, line in enumerate(body) if line[:1] in "+-" and line)
    before, after = (" ".join(line[1:].strip() for line in body if line[:1] == sign) for sign in "-+")
    return module, int(begins[1]) + first if begins else 0, before, after


def equivalent() -> list[dict[str, str]]:
    """Module, lines before and after, and the reason, of changes that change nothing that matters."""
    return list(tomllib.loads(SAME.read_text("utf-8"))["equivalent"])


def recorded(group: str, tried: Iterable[Tried]) -> None:
    """Write a group's rows into the table, in the place of those that it had."""
    rows = [row for row in table() if row["group"] != group] if TABLE.is_file() else []
    rows += [{"group": group, **{key: str(value) for key, value in one._asdict().items()}} for one in tried]
    with TABLE.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ("group", *Tried._fields), lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: row["group"]))


def table() -> list[dict[str, str]]:
    """What was recorded."""
    with TABLE.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def page(rows: Sequence[dict[str, str]]) -> str:
    """The page of the record."""
    groups = list(dict.fromkeys(row["group"] for row in rows))
    lines = [HEAD.format(groups=" ".join(groups))]
    for group in groups:
        outcomes = [row["outcome"] for row in rows if row["group"] == group]
        n, same, killed = len(outcomes) - outcomes.count(UNTRIED), outcomes.count(EQUIVALENT), outcomes.count("noticed")
        if not n:
            continue
        low, high = wilson(killed, n)
        modules = len({row["module"] for row in rows if row["group"] == group})
        lines.append(
            f"| {group} | {modules} | {GROUPS[group].a_module} | {n} of {len(outcomes)} | "
            f"{killed} of {n}, {killed / n:.1%} [{low:.1%}, {high:.1%}] | {same} | "
            f"{killed} of {n - same}, {killed / (n - same):.1%} | {GROUPS[group].least_killed:.0%} |"
        )
    if left := [name for name in GROUPS if name not in groups]:
        lines += ["", f"Nothing is recorded yet of: {', '.join(left)}."]
    why = {(row["module"], row["before"], row["after"]): row["why"] for row in equivalent()}
    for title, outcome in (
        ("Not noticed", "not noticed"),
        ("Equivalent: they change nothing that is promised", EQUIVALENT),
    ):
        lines += ["", f"## {title}", ""]
        for row in (row for row in rows if row["outcome"] == outcome):
            said = f"{code(row['before'])} to {code(row['after'])}"
            reason = why.get((row["module"], row["before"], row["after"]), "")
            lines.append(f"- `{row['module']}`, line {row['line']}: {said}. {reason}".rstrip())
        lines += [] if any(row["outcome"] == outcome for row in rows) else ["None."]
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """Code for a line of a page."""
    return f"`` {text} ``" if text else "nothing"


def wilson(found: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of a share; without SciPy, which this environment does not have."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    middle, half = found / n + z**2 / (2 * n), z * math.sqrt(found / n * (1 - found / n) / n + z**2 / (4 * n**2))
    return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)


HEAD = """# Changes that the tests notice

```sh
make mutation groups="{groups}"     # writes mutation.csv
python tools/mutation_record.py     # writes this page
```

Of each module a random sample of small changes (cosmic-ray), the same each time: the seed is the name of its file. Left
out is what any test would notice that runs the line: changes that are no Python, and arithmetic to operations on bits.
A change is noticed where a test of the group fails, or takes longer than two minutes. Intervals are 95 % (Wilson's).

| group | modules | changes a module, at most | tried | noticed | equivalent | noticed without these | bar |
|---|---|---|---|---|---|---|---|"""

if __name__ == "__main__":
    PAGE.write_text(page(table()), "utf-8")
