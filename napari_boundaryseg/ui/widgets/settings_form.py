"""Form made from the fields of a settings model: type, bounds, unit, description, choices (magicgui, pydantic)."""

from __future__ import annotations

import types
from typing import Any, Generic, Literal, TypeVar, Union, cast, get_args, get_origin

from magicgui.widgets import create_widget
from magicgui.widgets.bases import ValueWidget
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QWidget
from superqt.utils import signals_blocked

from napari_boundaryseg.ui.widgets.controls import form, line, named, narrow

S = TypeVar("S", bound=BaseModel)
UNITS = {"mm": "mm", "deg": "°", "s": "s", "ml": "mL", "vox": "voxels", "hu": "HU"}
"""The end of a field's name, and the unit that its label shows."""
KINDS = (bool, int, float, str)
UNBOUNDED = {int: 2**31 - 1, float: 1e9}
MOST_DECIMALS = 10
LITTLE = 1e-6
"""By so much a number is more than a bound that it may not have."""


class Unturned(QObject):
    """Lets the wheel scroll the panel: one that passes over a control changes nothing."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Leave the wheel to what lies behind the control."""
        if event is not None and event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return False


class SettingsForm(QWidget, Generic[S]):
    """One row per field; what a person enters is validated by the model itself.

    Parameters
    ----------
    panel : str
        The first part of the controls' object names, ``PANEL.FIELD``.
    settings : BaseModel
        The values to begin with. The fields of its model are bool, int, float, str or a ``Literal``, each also
        optional. Of a field, ``title`` is the label, ``description`` the tooltip; ``json_schema_extra`` may give the
        ``step`` of a number, ``slider`` to have one, and the ``words`` for the choices of a ``Literal``.
    parent : QWidget, optional

    Raises
    ------
    TypeError
        For a field of another type.
    """

    changed = Signal(object)
    """The new settings; nothing is said of values that the model refuses."""

    def __init__(self, panel: str, settings: S, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._settings = type(settings), settings
        self._inputs: dict[str, ValueWidget] = {}
        self._given: dict[str, QCheckBox] = {}
        self.refused = line(f"{panel}.refused")
        self.refused.setProperty("level", "warning")
        self._unturned = Unturned(self)
        self._rows = form(self)
        for name, field in type(settings).model_fields.items():
            self._add(panel, name, field, getattr(settings, name))
        self._rows.addRow(self.refused)
        self.refused.hide()

    @property
    def settings(self) -> S:
        """The last values that the model took."""
        return self._settings

    def show_settings(self, settings: S) -> None:
        """Show other values, without a word."""
        self._settings = settings
        for name, made in self._inputs.items():
            value = getattr(settings, name)
            with signals_blocked(made.native), made.changed.blocked():
                if value is not None:
                    made.value = value
            if name in self._given:
                with signals_blocked(self._given[name]):
                    self._given[name].setChecked(value is not None)
                made.enabled = value is not None
        self.refused.hide()

    def _add(self, panel: str, name: str, field: FieldInfo, value: Any) -> None:
        label = label_of(name, field)
        made = input_of(name, field, value)
        control = named(made.native, f"{panel}.{name}", label, field.description or "")
        if isinstance(control, QComboBox):
            narrow(control)
        self._inputs[name] = made
        made.changed.connect(self._on_changed)
        for part in (control, *control.findChildren(QWidget)):
            part.installEventFilter(self._unturned)
            if part.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                part.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        row = control
        if is_optional(field):
            given = named(QCheckBox(), f"{panel}.{name}.given", f"{label}, given", f"Without it: {label} is left open")
            given.setChecked(value is not None)
            made.enabled = value is not None
            given.toggled.connect(lambda on: setattr(made, "enabled", on))
            given.toggled.connect(self._on_changed)
            self._given[name] = given
            row = QWidget()
            beside = QHBoxLayout(row)
            beside.setContentsMargins(0, 0, 0, 0)
            beside.addWidget(given)
            beside.addWidget(control, 1)
        self._rows.addRow(label, row)

    def _on_changed(self, value: object = None) -> None:
        values = {
            name: made.value
            for name, made in self._inputs.items()
            if name not in self._given or self._given[name].isChecked()
        }
        try:
            settings = self._model(**{**dict.fromkeys(self._given), **values})
        except ValidationError as error:
            self.refused.setText("; ".join(str(one["msg"]) for one in error.errors()))
            self.refused.show()
            return
        self.refused.hide()
        self._settings = settings
        self.changed.emit(settings)


def label_of(name: str, field: FieldInfo) -> str:
    """A field's title, or its name in words; with the unit that its name ends in."""
    word, _, unit = name.rpartition("_")
    known = bool(word) and unit in UNITS
    text = field.title or (word if known else name).replace("_", " ").capitalize()
    return f"{text} ({UNITS[unit]})" if known else text


def is_optional(field: FieldInfo) -> bool:
    """Whether a field may be left open."""
    return get_origin(field.annotation) in (Union, types.UnionType) and type(None) in get_args(field.annotation)


def input_of(name: str, field: FieldInfo, value: Any) -> ValueWidget:
    """The magicgui widget for one field, without a label of its own.

    Raises
    ------
    TypeError
        For a field that is neither bool, int, float, str nor a ``Literal`` of them.
    """
    kinds = [kind for kind in get_args(field.annotation) if kind is not type(None)] if is_optional(field) else []
    kind: Any = kinds[0] if kinds else field.annotation
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    if get_origin(kind) is Literal:
        words = cast(dict[str, str], extra.get("words", {}))
        choices = [(words.get(str(one), str(one)), one) for one in get_args(kind)]
        made = create_widget(
            value=choices[0][1] if value is None else value, annotation=kind, options={"choices": choices}
        )
    elif kind in (int, float):
        low, high = bounds(field, kind)
        step: Any = extra.get("step", 1 if kind is int else None)
        options = {"min": low, "max": high, **({"step": step} if step is not None else {})}
        start = min(max(kind(0), low), high) if value is None else value
        slides = bool(extra.get("slider"))
        widget = {int: "Slider", float: "FloatSlider"}[kind] if slides else None
        made = create_widget(value=start, annotation=kind, widget_type=widget, options=options)
        if kind is float and not slides:
            places = max(decimals(number) for number in (step or 0.01, start))
            made.native.setDecimals(places)
            made.min = max(low, 10.0**-places) if 0 < low <= LITTLE else low
            made.value = start  # magicgui rounded it to the decimals of its step
    elif kind in KINDS:
        made = create_widget(value=kind() if value is None else value, annotation=kind)
        if kind is bool:
            made.native.setText("")
    else:
        raise TypeError(f"{name}: no form shows a field of the type {kind}.")
    return cast(ValueWidget, made)


def bounds(field: FieldInfo, kind: type[int] | type[float]) -> tuple[Any, Any]:
    """The lowest and the highest value of a number; one that is itself refused (gt, lt) is left by a little."""
    low: Any = -UNBOUNDED[kind]
    high: Any = UNBOUNDED[kind]
    least = 1 if kind is int else LITTLE
    for one in field.metadata:
        for name, value in ((name, getattr(one, name, None)) for name in ("ge", "gt", "le", "lt")):
            if value is not None and name[0] == "g":
                low = kind(value) + (least if name == "gt" else 0)
            elif value is not None:
                high = kind(value) - (least if name == "lt" else 0)
    return low, high


def decimals(number: float) -> int:
    """How many decimals a number is written with, ten at most: 0.002 has three."""
    text = f"{abs(number):.{MOST_DECIMALS}f}".rstrip("0")
    return len(text.partition(".")[2])
