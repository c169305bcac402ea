"""Panels ask: they read the session, call the controller's parts, and reach no further."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

READ = {"scan", "prediction", "model", "job", "training", "training_outcome", "project", "message"}
"""What a panel may read of the session, beside its signals ``*_changed``; it changes nothing there."""
INSIDE = {"viewer", "layer", "layers", "editable", "planes", "letters"}
"""What is behind the controller's parts."""
HEARD = {"connect", "disconnect"}


def chain(node: ast.expr) -> list[str]:
    """The names of ``a.b.c``, without a leading ``self``; nothing for what is no such chain."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return []
    names = [*([] if node.id == "self" else [node.id]), *reversed(names)]
    return [name.removeprefix("_") for name in names]


def parts_of(tree: ast.Module) -> set[str]:
    """The names under which a module keeps the controller's parts, the session apart."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets, values = [
                one.elts if isinstance(one, ast.Tuple) else [one] for one in (node.targets[0], node.value)
            ]
            for target, value in zip(targets, values):
                names = chain(value)
                if names[:1] == ["controller"] and len(names) == 2 and names[1] != "session":
                    found.add(chain(target)[-1])
    return found


def reaches(text: str) -> list[str]:
    """What a panel's source reaches beyond the controller's parts and the session's values."""
    tree = ast.parse(text)
    parts, wrong = parts_of(tree), []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        names = chain(node)
        if names[-1:] and names[-1] in INSIDE:
            wrong.append(".".join(names))
        beyond = names[2:]
        if names[:1] == ["controller"] and beyond and not set(beyond) <= HEARD:
            wrong.append(".".join(names))
        if names[:1] and names[0] in parts and beyond and not set(beyond) <= HEARD:
            wrong.append(".".join(names))
        if names[:1] == ["session"] and len(names) > 1:
            allowed = names[1] in READ or names[1].endswith("_changed")
            if not allowed or isinstance(node.ctx, ast.Store):
                wrong.append(".".join(names))
    return wrong


def panels(package: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in (package / "ui" / "panels").rglob("*.py")}


def test_panels_reach_no_further_than_the_controllers_parts(package: Path) -> None:
    found = {name: reaches(text) for name, text in panels(package).items()}
    assert len(found) > 8
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    "line",
    [
        "controller.tools.undo()",
        "self._controller.recovery.found.emit(1)",
        "self._labels.history.go_to(3)",
        "self._labels.editable",
        "controller.viewer.layers.clear()",
        "self._session.scan = None",
        "self._session.runner",
    ],
)
def test_reaching_further_is_noticed(line: str) -> None:
    assert reaches(f"self._labels = controller.labels\n{line}")


def test_asking_a_part_is_fine() -> None:
    lines = [
        "self._labels, b = controller.labels, controller.view",
        "self._labels.shown.connect(b)",
        "self._session.scan",
    ]
    assert reaches("\n".join(lines)) == []
