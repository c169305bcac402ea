"""What a job does, as a frozen value: its class says which function, its fields are the arguments."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, InstanceOf

Lane = Literal["work", "adapting", "training"]
"""Where a task waits its turn: what takes longer never stands before what a person waits for."""

Text = InstanceOf[str]
"""Any string, also a path whose bytes are no text, which a plain ``str`` field would refuse."""


class Task(BaseModel):
    """One call of a long function. Each function has a subclass, whose fields are its arguments.

    Whoever watches jobs asks the class, ``isinstance(job.task, FineTune)``, and reads typed arguments from it. On its
    way to the worker a task is its class's name with its fields as JSON; only tasks that are listed with their function
    are carried out there (see `jobs.allowed`). A function of the window's own process has a task too, so that its job
    can be told from others.

    Examples
    --------
    >>> class Smooth(Task):
    ...     sigma_mm: float = 1.0
    >>> Smooth(sigma_mm=2).name(), Smooth(sigma_mm=2).model_dump()
    ('Smooth', {'sigma_mm': 2.0})
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lane: ClassVar[Lane] = "work"
    title: ClassVar[str] = ""
    """What a person calls it."""

    @classmethod
    def name(cls) -> str:
        """What it is called on the way to the worker."""
        return cls.__name__
