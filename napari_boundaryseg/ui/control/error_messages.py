"""Errors in a panel's request, said as messages in the window instead of raised into Qt."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from napari_boundaryseg.jobs.error_text import sentence, trace

F = TypeVar("F", bound=Callable[..., Any])


def report_errors(method: F) -> F:
    """Say in the message area what went wrong, instead of raising it into Qt."""

    @wraps(method)
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return method(self, *arguments, **named)
        except Exception as error:
            if sys.stderr is not None:
                sys.stderr.write(trace(error))
            self.session.say("error", sentence(error))
            return None

    return cast(F, call)
