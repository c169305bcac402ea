"""The commands in one program, and how an error reaches the person."""

from __future__ import annotations

import signal
import sys
import traceback
from typing import Annotated

import typer

from napari_boundaryseg.cli.commands import COMMANDS
from napari_boundaryseg.cli.console import DEBUG, never_fail_to_print, one_line
from napari_boundaryseg.cli.stopping import Stopped
from napari_boundaryseg.errors import InputError

app = typer.Typer(
    name="boundaryseg",
    help="Boundary-aware segmentation of medical scans. For research use only, not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for _name in COMMANDS:
    app.command(_name)(COMMANDS[_name])


def _version(wanted: bool) -> None:
    if wanted:
        from napari_boundaryseg import __version__

        typer.echo(f"boundaryseg {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Boundary-aware segmentation of medical scans. For research use only, not a medical device."""


def main() -> None:
    """Run the program: exit status 0, 1 after an error of one line, 2 for wrong usage, 130 after Ctrl-C."""
    never_fail_to_print()
    arguments = sys.argv[1:]
    debug = DEBUG in arguments
    try:
        if "" in arguments:  # most likely a variable of the shell that is not set; as a path it would be this folder
            raise InputError("command line", "one of its words is empty", "Name the file or folder that is meant")
        app(args=[word for word in arguments if word != DEBUG], prog_name="boundaryseg")
    except Stopped as stopped:
        print(f"stopped: {stopped.kept}", file=sys.stderr)
        raise SystemExit(stopped.status) from None
    except KeyboardInterrupt:  # before anything was begun
        raise SystemExit(128 + signal.SIGINT) from None
    except Exception as error:
        if debug:
            traceback.print_exc()
        print(f"error: {one_line(error)}", file=sys.stderr)
        raise SystemExit(1) from None
