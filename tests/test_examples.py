"""The *Examples* in docstrings run. Those of the window's modules run where Qt is there, the others where it is not."""

from __future__ import annotations

import doctest
import importlib
import os
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "napari_boundaryseg"
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules_with_examples() -> list[str]:
    """Dotted names, from the files: nothing is imported before its examples run."""
    found = [path for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]
    names = [path.relative_to(PACKAGE.parent).with_suffix("").as_posix().replace("/", ".") for path in found]
    return [name.removesuffix(".__init__") for name in names]


@pytest.mark.parametrize("name", modules_with_examples())
def test_the_examples_of_a_module_run(name: str) -> None:
    if name.startswith("napari_boundaryseg.ui") and os.environ.get("BOUNDARYSEG_BLOCK_QT") == "1":
        pytest.skip("needs Qt")
    done = doctest.testmod(importlib.import_module(name), optionflags=OPTIONS)
    assert done.attempted > 0, f"the examples of {name} are in no docstring that is found"
    assert done.failed == 0, "see the standard output"


def test_a_wrong_example_is_noticed() -> None:
    example = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, None)
    assert doctest.DocTestRunner(verbose=False).run(example, out=lambda _: None).failed == 1


def test_the_python_interface_has_examples() -> None:
    """Everything that `import napari_boundaryseg` gives, and what builds networks and losses by name."""
    import napari_boundaryseg as bs

    given = [getattr(bs, name) for name in bs.__all__ if name not in ("models", "losses")]
    given += [bs.models.build, bs.models.signature, bs.losses.build, bs.losses.weighted, bs.losses.needed_maps]
    silent = [one.__name__ for one in given if ">>> " not in (one.__doc__ or "")]
    assert silent == []


def test_losses_and_networks_name_their_papers() -> None:
    """Those of the papers that this program is made of; MONAI's own networks are named after theirs."""
    import napari_boundaryseg as bs

    own = ("sgm", "hmedn", "hrdn", "dstnet", "dilnet", "egcnn", "bacnn", "hr-unet")
    silent = [name for name in own if "References" not in (bs.models._registry[name].__doc__ or "")]
    silent += [name for name in bs.losses.names() if "References" not in (bs.losses._registry[name].__doc__ or "")]
    assert silent == []
