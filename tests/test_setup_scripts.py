"""The set-up scripts: what is missing is installed as root, and named otherwise. Stand-ins play the system."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE_S

pytestmark = pytest.mark.skipif(sys.platform != "linux" or not shutil.which("bash"), reason="for Linux")

INSTALLED = (
    "libdbus-1-3, ",
    "libfontconfig1, ",
    "libgl1, ",
    "libglx-mesa0, ",
    "libgl1-mesa-dri, ",
    "xvfb, ",
    "xauth, ",
    "libglib2.0-0t64, libglib2.0-0 (= 2.80)",
    "libgssapi-krb5-2, libgssapi",
    "libxkbcommon-x11-0, ",
    "libxcb-icccm4, ",
    "libxcb-image0, ",
    "libxcb-keysyms1, ",
    "libxcb-render-util0, ",
    "libxcb-xinerama0, ",
)
"""All but libxcb-shape0; one under the name of a newer Debian that provides the old one."""


@pytest.fixture
def machine(root: Path, tmp_path: Path):
    """Run tools/system_packages.sh on a machine with some packages, as this user."""
    log = tmp_path / "apt.log"

    def stand_in(name: str, script: str) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    def run(*words: str, uid: int, installed: tuple[str, ...] = INSTALLED, **variables: str) -> tuple[int, str, str]:
        lines = "\n".join(f"ii |{line}" for line in installed)
        stand_in("dpkg-query", f"cat <<'EOF'\n{lines}\nun |libxcb-shape0, \nEOF")
        stand_in("id", f"echo {uid}")
        stand_in("apt-get", f'echo "$*" >> {log}')
        environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
        environment |= {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHON": sys.executable, **variables}
        done = subprocess.run(
            ["bash", str(root / "tools" / "system_packages.sh"), *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        return done.returncode, done.stderr, log.read_text() if log.exists() else ""

    return run


def test_not_root_is_told_what_to_install(machine) -> None:
    status, said, apt = machine(uid=1000)
    assert (status, apt) == (1, "")
    assert "apt-get install --no-install-recommends libxcb-shape0\n" in said


def test_root_installs_it(machine) -> None:
    status, _, apt = machine(uid=0)
    assert status == 0
    assert apt.splitlines() == ["update -q", "install -y -q --no-install-recommends libxcb-shape0"]


def test_nothing_is_done_where_nothing_is_missing(machine) -> None:
    assert machine(uid=1000, installed=(*INSTALLED, "libxcb-shape0, ")) == (0, "", "")


def test_pyqt6_needs_two_more(machine) -> None:
    _, said, _ = machine("pyqt6", uid=1000)
    assert "libxcb-shape0 libegl1 libxcb-cursor0" in said


def test_a_desktop_needs_no_virtual_screen(machine) -> None:
    without = tuple(line for line in INSTALLED if not line.startswith(("xvfb", "xauth")))
    assert "xvfb" in machine(uid=1000, installed=without)[1]
    assert "xvfb" not in machine(uid=1000, installed=without, DISPLAY=":0")[1]
    assert "xvfb" in machine(uid=1000, installed=without, DISPLAY=":0", NEED_XVFB="1")[1]


def test_a_python_without_venv_is_noticed(machine, tmp_path: Path) -> None:
    bare = tmp_path / "bare-python"
    bare.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; *) echo python3.11-venv;; esac\n')
    bare.chmod(0o755)
    assert "python3.11-venv" in machine(uid=1000, PYTHON=str(bare))[1]


def test_the_scripts_are_sound(root: Path) -> None:
    scripts = [*sorted((root / "tools").glob("*.sh")), root / ".ci" / "run"]
    assert len(scripts) >= 6
    for script in scripts:
        assert os.access(script, os.X_OK), script.name
        subprocess.run(["bash", "-n", str(script)], check=True)


def test_make_lists_its_targets(root: Path) -> None:
    listed = subprocess.run(["make", "help"], cwd=root, capture_output=True, text=True, check=True).stdout
    for target in ("demo", "test", "test-long", "test-pyqt6", "test-lowest", "models", "setup", "lint"):
        assert f"\n{target} " in f"\n{listed}"
