"""Write the tree of modules into docs/architecture.md, each with the first sentence of its docstring.

`python tools/tree.py` rewrites it; with `--check` it only says whether it is up to date.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "napari_boundaryseg"
PAGE = ROOT / "docs" / "architecture.md"
START, END = "<!-- tree: made by tools/tree.py -->\n", "<!-- end of tree -->"
FLOORS = ("cli", "ui", "session", "engine", "editing", "review", "jobs", "losses", "models", "phantom", "data")


def sentence(path: Path) -> str:
    """The first sentence of a module's docstring."""
    text = " ".join((ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0].split())
    return text.partition(". ")[0].removesuffix(".")


def lines_of(folder: Path) -> list[str]:
    """One line per module of a folder, subfolders after it."""
    lines = [f"- `{folder.relative_to(PACKAGE).as_posix()}/` — {sentence(folder / '__init__.py')}"]
    depth = len(folder.relative_to(PACKAGE).parts)
    for path in sorted(folder.glob("*.py")):
        if path.name != "__init__.py":
            lines.append(f"{'  ' * depth}- `{path.name}` — {sentence(path)}")
    for inner in sorted(folder.iterdir()):
        if (inner / "__init__.py").is_file():
            lines += [
                "  " * depth + line.replace(f"`{folder.relative_to(PACKAGE).as_posix()}/", "`", 1) if n == 0 else line
                for n, line in enumerate(lines_of(inner))
            ]
    return lines


def tree() -> str:
    """The whole tree as a Markdown list, the highest floor first."""
    lines = [line for floor in FLOORS for line in lines_of(PACKAGE / floor)]
    lines += [f"- `{path.name}` — {sentence(path)}" for path in sorted(PACKAGE.glob("*.py"))]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Rewrite the page, or say that it is out of date."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    fresh = f"{before}{START}{tree()}{END}{after}"
    if "--check" in sys.argv:
        print("up to date" if fresh == page else "docs/architecture.md is out of date: run python tools/tree.py")
        return fresh != page
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
