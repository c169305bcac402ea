"""The command line: `boundaryseg`. One file a command; nothing heavy is imported before a command runs."""

from napari_boundaryseg.cli.stopping import ended_quietly

with ended_quietly():
    from napari_boundaryseg.cli.app import app, main

__all__ = ["app", "main"]
