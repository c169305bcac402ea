"""The keys of the window: one table, from which keyboard, buttons, tooltips, status bar and help sheet take them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from qtpy.QtGui import QKeySequence

from napari_boundaryseg.editing.tools.draw_tool import draw_tools


@dataclass(frozen=True)
class Key:
    """Keys that do the same.

    Parameters
    ----------
    action : str
        What `ui/input/key_actions.py` does for them.
    keys : tuple of str
        As Qt writes them; the first stands on buttons. Symbols are what is typed, on whichever layout.
    words : str
        What they do, for a person.
    label : str
        The name of that, as on a button; nothing where there is none.
    repeats : bool
        Whether it is done again while the key is held.
    moves : bool
        Whether drop-down lists and sliders keep them for themselves.
    """

    action: str
    keys: tuple[str, ...]
    words: str
    label: str = ""
    repeats: bool = False
    moves: bool = False


_ORGANS = tuple(Key(f"organ.{n}", (str(n),), "Choose the organ of that row") for n in range(1, 10))
GROUPS: dict[str, tuple[Key, ...]] = {
    "Tools": (
        Key("tool.brush", ("B",), "Paint the chosen organ, over others too", "Brush"),
        Key("tool.eraser", ("E",), "Erase the chosen organ; the others stay", "Eraser"),
        Key("tool.fill", ("F",), "Fill the area under the mouse with the chosen organ", "Fill"),
        Key("tool.polygon", ("P",), "Click corners round an area", "Polygon"),
        *(Key(f"tool.{name}", (tool.key,), tool.words, tool.label) for name, tool in draw_tools().items()),
        Key("tool.smaller", ("[",), "Smaller brush, eraser, or ring of the tool in hand", repeats=True),
        Key("tool.larger", ("]",), "Larger brush, eraser, or ring of the tool in hand", repeats=True),
    ),
    "Polygon": (
        Key("outline.apply", ("Enter", "Return"), "Apply the polygon, or the clean-up that is shown"),
        Key("outline.back", ("Backspace",), "Take its last corner back", repeats=True),
        Key("outline.delete", ("Del",), "Delete the corner under the mouse"),
        Key(
            "tool.leave",
            ("Esc",),
            "Call off the stroke, discard the polygon, hide the dashed proposal; without any, put the tool down",
        ),
    ),
    "Organs": _ORGANS,
    "Labels": (
        Key("edit.undo", ("Ctrl+Z",), "Take the last change back", "Undo", repeats=True),
        Key("edit.redo", ("Ctrl+Y", "Ctrl+Shift+Z"), "Make it again", "Redo", repeats=True),
        Key(
            "case.accept",
            ("Ctrl+Enter", "Ctrl+Return"),
            "Accept: store scan and labels as a case of the project, and open the next of the list",
            "Accept",
        ),
        Key(
            "clean.show",
            ("Shift+C",),
            "Clean the chosen organ up: fill holes, smooth, margins, pieces; shown before it is done",
            "Clean up",
        ),
        Key("case.next", ("Ctrl+Right",), "Open the next case of the list", "Next"),
        Key("case.previous", ("Ctrl+Left",), "Open the case before", "Previous"),
    ),
    "Slices": (
        Key("carry.show", ("C",), "Propose what your corrections mean for other slices (dashed), or hide it", "Carry"),
        Key("carry.take", ("T",), "Take the dashed proposal on this slice, and go on to the next", "This slice"),
        Key(
            "carry.take_range",
            ("Ctrl+T",),
            "Take it on the slices from the nearest corrected one to here",
            "Up to here",
        ),
        Key("carry.take_all", ("Shift+T",), "Take it on every slice", "All slices"),
        Key("carry.way", ("W",), "Propose in another way: interpolated, or by the adapted model", "Way"),
        Key("adapt.run", ("Shift+W",), "Adapt a copy of the model to this scan, on the corrected slices", "Adapt"),
        Key("slice.copy_up", ("Shift+PgUp",), "Copy the chosen organ to the next slice, and go there", "Copy"),
        Key("slice.copy_down", ("Shift+PgDown",), "Copy the chosen organ to the slice before, and go there", "Copy"),
        Key(
            "slice.accept",
            ("A",),
            "Accept the chosen organ on this slice, which locks it, and go to the next; or take that back",
            "Accept slice",
        ),
    ),
    "Review": (
        Key("review.next", ("J",), "Next place of the review", "Next"),
        Key("review.previous", ("K",), "The place before", "Before"),
        Key("review.accept", ("Y",), "The border is right there, and next", "Right"),
        Key("review.flag", ("Q",), "Return to it later, and next", "Flag"),
    ),
    "View": (
        Key("view.bare", ("H",), "Hold: the scan alone", "Bare scan"),
        Key("slice.next", ("Up", "PgUp"), "Next slice", repeats=True, moves=True),
        Key("slice.previous", ("Down", "PgDown"), "Slice before", repeats=True, moves=True),
        Key("slice.first", ("Home",), "First slice of the chosen organ", moves=True),
        Key("slice.last", ("End",), "Last slice of the chosen organ", moves=True),
        Key("help", ("?",), "Keys and mouse", "Keys and mouse"),
    ),
}
MODES = {
    **{"brush": "paint", "eraser": "erase", "fill": "fill", "polygon": "polygon"},
    **{name: name for name in draw_tools()},
}
"""Every tool: what napari calls it, or, of our own drawing tools, its name."""
DOWN = "pan_zoom"
"""What it calls no tool."""
KEYS = {key.action: key for group in GROUPS.values() for key in group}
BY_NAME = {name: key for key in KEYS.values() for name in key.keys}


def shown(action: str) -> str:
    """The first key of an action, as this computer's keyboard has it."""
    return _native(KEYS[action].keys[0])


def tip(action: str) -> str:
    """What an action does, and its key."""
    return f"{KEYS[action].words} ({shown(action)})"


def use(tool: str) -> str:
    """What a person does with a tool in hand."""
    if tool != "polygon":
        return KEYS[f"tool.{tool}"].words
    back, apply, leave = (shown(action) for action in ("outline.back", "outline.apply", "tool.leave"))
    return (
        "Click corners round an area, or hold the button and draw; drag a corner to move it, click on an edge to "
        f"insert one, {shown('outline.delete')} deletes it. {back} takes the last one back, {apply} or double click "
        f"applies, {leave} discards"
    )


def rows(group: str) -> Iterator[tuple[str, str]]:
    """The keys of a group and what they do, after a tool's name; keys in a row that do alike are one row."""
    for words, alike in groupby(GROUPS[group], key=_told):
        keys = list(alike)
        names = [keys[0].keys[0], keys[-1].keys[0]] if len(keys) > 1 else keys[0].keys
        yield (" – " if len(keys) > 1 else " or ").join(dict.fromkeys(map(_native, names))), words


def _told(key: Key) -> str:
    is_tool = key.label and key.action.startswith("tool.")
    return f"{key.label}: {key.words[0].lower()}{key.words[1:]}" if is_tool else key.words


def _native(name: str) -> str:
    written = QKeySequence(name).toString(QKeySequence.SequenceFormat.NativeText)
    return written.replace("Return", "Enter")
