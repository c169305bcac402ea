"""What every test may use: the shared scans, a private home, and a run with Qt made unimportable."""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
WINDOW_LIBRARIES = (
    "napari",
    "qtpy",
    "PyQt5",
    "PyQt6",
    "PySide2",
    "PySide6",
    "magicgui",
    "superqt",
    "vispy",
    "pyqtgraph",
)


class WindowBlocker(importlib.abc.MetaPathFinder):
    """Refuses to import Qt, napari and what is built on them, as if they were not installed."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname.partition(".")[0] in WINDOW_LIBRARIES:
            raise ModuleNotFoundError(f"No module named {fullname!r} (blocked by this test run)", name=fullname)


if os.environ.get("BOUNDARYSEG_BLOCK_QT") == "1":
    loaded = sorted(name for name in WINDOW_LIBRARIES if name in sys.modules)
    if loaded:
        raise pytest.UsageError(f"already imported before they could be blocked: {', '.join(loaded)}")
    sys.meta_path.insert(0, WindowBlocker())

# No test touches the settings or projects of the person who runs it, or of another process that tests.
_home = tempfile.TemporaryDirectory(prefix="boundaryseg-tests-")
for variable, folder in {
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_CACHE_HOME": "cache",
    "XDG_STATE_HOME": "state",
}.items():
    os.environ[variable] = str(Path(_home.name) / folder)


settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def package(root: Path) -> Path:
    """The package's folder."""
    return root / "napari_boundaryseg"


@pytest.fixture(scope="session")
def sample_data(root: Path) -> Path:
    """The scans that ship with the project."""
    return root / "sample_data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Public scans outside the project, beside the checkout or where $BOUNDARYSEG_SHARED_DATA says; else a skip."""
    folder = Path(os.environ.get("BOUNDARYSEG_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("the shared scans are not on this machine")
    return folder


@pytest.fixture
def scripts(root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModuleType]:
    """What loads scripts of the checkout, in the order in which they import each other; gives the last one."""

    def load(*paths: str) -> ModuleType:
        for path in paths:
            name = Path(path).stem
            spec = importlib.util.spec_from_file_location(name, root / path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            monkeypatch.setitem(sys.modules, name, module)
            spec.loader.exec_module(module)
        return module

    return load


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[pytest.TestReport]:
    """A test of a row of the catalogue is never skipped on Linux: docs/reliability.md says that it holds there."""
    report = yield
    name = item.nodeid.removeprefix("tests/")
    if sys.platform == "linux" and report.skipped and not hasattr(report, "wasxfail") and _of_a_row(name):
        report.outcome = "failed"
        report.longrepr = f"{name} belongs to a row of the catalogue (tests/catalogue/rows), and was skipped"
    return report


def _of_a_row(name: str) -> bool:
    from catalogue.rows import all_rows

    named = {test for row in all_rows() for test in row.tests}
    return name in named or name.partition("[")[0] in named
