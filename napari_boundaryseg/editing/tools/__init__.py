"""Correction tools as functions on arrays, one file a tool: labels in, labels out; the history makes a step of it.

The room is empty until the first one comes, such as a livewire or carrying a correction to other slices. The mouse and
the keys of a tool are in `ui.tools`.
"""
