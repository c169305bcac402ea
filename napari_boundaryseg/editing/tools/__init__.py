"""Correction tools as functions on arrays, one file a tool: labels in, labels out; the history makes a step of it.

What the mouse of a tool does is in `ui.tools`, its key in `ui.keys`.
"""
