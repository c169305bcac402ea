"""Nothing in the package can run code that came with data."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}
CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "torch.load",
    "yaml.load",
    "os.system",
    "os.popen",
    "pickle.load",
    "pickle.loads",
    "torch.hub.load",
}
METHODS = {"extractall"}


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of an expression, or an empty string."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value) or '?'}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def faults(source: str) -> Iterator[str]:
    """What in a file could run code that came with data."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in MODULES:
            yield str(node.module)
        elif isinstance(node, ast.Call):
            name = dotted(node.func)
            if name in CALLS or name.rpartition(".")[2] in METHODS:
                yield name
            for keyword in node.keywords:
                value = getattr(keyword.value, "value", None)
                if (keyword.arg in ("shell", "allow_pickle") and value is not False) or (
                    keyword.arg == "weights_only" and value is not True
                ):
                    yield f"{name}({keyword.arg}=...)"


def test_the_package_is_clean(package: Path) -> None:
    files = sorted(package.rglob("*.py"))
    assert len(files) > 20
    found = {path.relative_to(package).as_posix(): list(faults(path.read_text(encoding="utf-8"))) for path in files}
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "import pickle",
        "from pickle import loads",
        "eval('1')",
        "exec(x)",
        "import torch\ntorch.load(f)",
        "yaml.load(f)",
        "np.load(f, allow_pickle=True)",
        "subprocess.run(c, shell=True)",
        "tar.extractall()",
        "os.system(c)",
        "torch.load(f, weights_only=False)",
    ],
)
def test_a_planted_fault_is_found(planted: str) -> None:
    assert list(faults(planted))


@pytest.mark.parametrize(
    "harmless",
    [
        "network.eval()",
        "network.to(d).eval()",
        "np.load(f, allow_pickle=False)",
        "re.compile('x')",
    ],
)
def test_harmless_code_passes(harmless: str) -> None:
    assert not list(faults(harmless))
