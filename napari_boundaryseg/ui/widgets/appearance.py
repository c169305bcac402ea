"""Appearance of widgets: colours and the style sheet of the dock; the only place that sets them."""

from __future__ import annotations

CURVE_COLOURS = {"loss": "#E69F00", "Dice": "#56B4E9"}
TREND_COLOURS = {"usual": "#56B4E9", "worse": "#E69F00", "better": "#009E73"}
"""Of dots: before a change, since one for the worse, since one for the better."""
BAR_COLOUR = "#56B4E9"
LETTER_STYLE = (
    "color: #F0E442; background: rgba(0, 0, 0, 140); border-radius: 3px; padding: 1px 5px; "
    "font-weight: bold; font-size: 15px;"
)
POSITION_STYLE = (
    "color: #FFFFFF; background: rgba(0, 0, 0, 140); border-radius: 3px; padding: 1px 5px; font-size: 13px;"
)
OUTLINE_HALO = "#101010"
LOCK_COLOUR = "#E0A100"
HEADING_COLOUR = "#8A8E94"
STRIP_BACKGROUND, STRIP_HERE = "#20242A", "#FFFFFF"
STRIP_COLOURS = {
    "untouched": "#6B7280",
    "carried, not looked at": "#B48EAD",
    "corrected": "#F0E442",
    "accepted": "#009E73",
}
"""Of slices, by what became of an organ there; one that is not there has none."""
STRIP_TO_COME, STRIP_LOOKED_AT = "#FF5CF4", "#56B4E9"
"""Under the slices with places of a review."""
LINE_STYLE = "background: rgba(240, 228, 66, 110);"
MOST_NUMBER_PT = 9
"""Of tables with four columns of numbers and a name: with larger text they have no room in the dock."""
_DARK = {
    "quiet": "#A8ABB0",
    "warning": "#F0C94A",
    "error": "#FF9A76",
    "button": "#414851",
    "off": "#33383F",
    "off_text": "#7E838A",
    "main": "#1F5F8B",
    "hover": "#2A78AD",
    "main_text": "#FFFFFF",
}
_LIGHT = {
    "quiet": "#5A5D61",
    "warning": "#7A5200",
    "error": "#A63A0A",
    "button": "#C4C7CB",
    "off": "#DDDFE1",
    "off_text": "#7E838A",
    "main": "#1F5F8B",
    "hover": "#2A78AD",
    "main_text": "#FFFFFF",
}
_SHEET = """
QToolButton, QTableWidget, QHeaderView, QListWidget, QAbstractSpinBox {{ font-size: {size}pt; }}
NumberTable, NumberTable QHeaderView {{ font-size: {numbers}pt; }}
QToolButton[section="true"] {{ text-align: left; padding: 5px 4px; font-weight: bold; border-radius: 0; }}
QToolButton[section="true"]:checked {{ background: {main}; color: {main_text}; }}
QToolButton[tool="true"] {{ padding: 5px; border-radius: 2px; background: {button}; }}
QToolButton[tool="true"]:checked {{ background: {main}; color: {main_text}; }}
QToolButton[tool="true"]:disabled {{ background: {off}; color: {off_text}; }}
SettingsForm QAbstractSpinBox {{ min-width: 7em; }}
QPushButton {{ padding: 5px 6px; }}
QPushButton[main="true"] {{ padding: 7px; font-weight: bold; background: {main}; color: {main_text}; }}
QPushButton[main="true"]:hover {{ background: {hover}; }}
QPushButton[main="true"]:disabled {{ background: {off}; color: {off_text}; }}
QLabel[quiet="true"] {{ color: {quiet}; }}
QLabel[heading="true"] {{ font-weight: bold; }}
QTableWidget[old="true"], QListWidget[old="true"] {{ color: {off_text}; }}
QLabel[level="error"] {{ color: {error}; }}
QLabel[level="warning"] {{ color: {warning}; }}
"""


def dock_sheet(theme: str, font_pt: int) -> str:
    """The style sheet of the dock for one of napari's themes and its font size."""
    return _SHEET.format(**(_LIGHT if theme == "light" else _DARK), size=font_pt, numbers=min(font_pt, MOST_NUMBER_PT))
