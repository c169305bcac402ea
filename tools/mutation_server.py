"""Server of test runs: a process that has the libraries loaded and forks for each run, so that none waits for them.

It is started in the changed copy of the tree with the project's own Python. Each line that it reads is a run as JSON
(``arguments`` of pytest, ``longest_s``), each that it writes pytest's exit status, or -1 where the run took too long.
After the first run, which may write byte code, it loads what libraries that one had loaded; the tree's own modules are
never loaded here, so that every run reads them anew.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import time
from pathlib import Path

TREE = Path.cwd()
TOO_LONG = -1


def main() -> None:
    """Answer runs until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what tests print is no answer
    for number, line in enumerate(sys.stdin):
        wanted = json.loads(line)
        status, libraries = forked(wanted["arguments"], wanted["longest_s"])
        if not number:
            sys.dont_write_bytecode = True
            for name in libraries:
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
        print(status, file=answers, flush=True)


def forked(arguments: list[str], longest_s: float) -> tuple[int, list[str]]:
    """Run pytest in a child; its exit status, and the libraries that it had loaded."""
    read, write = os.pipe()
    if not (child := os.fork()):
        os.setpgrp()
        os.close(read)
        import pytest

        status = int(pytest.main(arguments))
        with os.fdopen(write, "w") as pipe:
            json.dump([] if sys.dont_write_bytecode else loaded(), pipe)
        sys.exit(status)  # and so what tests have left to be cleared is cleared
    os.close(write)
    ends = time.monotonic() + longest_s
    with os.fdopen(read) as pipe:
        timer = signal.signal(signal.SIGALRM, lambda *_: os.killpg(child, signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, longest_s)
        text = pipe.read()
        _, code = os.waitpid(child, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, timer)
    status = os.waitstatus_to_exitcode(code)
    return TOO_LONG if time.monotonic() >= ends else status, json.loads(text or "[]")


def loaded() -> list[str]:
    """Modules of libraries, in the order in which they were loaded."""
    found = []
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path and not Path(path).is_relative_to(TREE) and name.partition(".")[0] not in ("__main__", "conftest"):
            found.append(name)
    return found


if __name__ == "__main__":
    main()
