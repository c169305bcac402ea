"""Forms from settings: every kind of field, bounds and steps, names, what the model refuses."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import Field, model_validator
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QSlider, QWidget

from napari_boundaryseg.engine.recipes.settings import Settings
from napari_boundaryseg.engine.recipes.tuning import FineTuneSettings
from napari_boundaryseg.ui.widgets.settings_form import SettingsForm


class Every(Settings):
    """A field of every kind that a form shows."""

    rounds: int = Field(3, ge=1, lt=10, description="How often")
    sigma_mm: float = Field(0.002, gt=0, le=5, json_schema_extra={"step": 0.001})
    mode: Literal["fast", "exact"] = Field(
        "exact", title="Way", json_schema_extra={"words": {"fast": "Quick and rough"}}
    )
    mirrored: bool = False
    limit: int | None = Field(None, ge=2, le=8)
    note: str = ""

    @model_validator(mode="after")
    def _slow_is_short(self) -> Every:
        if self.mode == "exact" and self.rounds > 5:
            raise ValueError("exact: at most 5 rounds")
        return self


@pytest.fixture
def form(qtbot: Any) -> SettingsForm[Every]:
    made = SettingsForm("test_panel", Every())
    qtbot.addWidget(made)
    made.show()
    return made


def control(form: QWidget, name: str) -> Any:
    found = form.findChild(QWidget, f"test_panel.{name}")
    assert found is not None, name
    return found


def test_every_control_is_named_labelled_and_explained(form: SettingsForm[Every]) -> None:
    labels = {label.text() for label in form.findChildren(QLabel)}
    assert {"Rounds", "Sigma (mm)", "Way", "Mirrored", "Limit", "Note"} <= labels
    for name, label in (("rounds", "Rounds"), ("sigma_mm", "Sigma (mm)"), ("mode", "Way"), ("mirrored", "Mirrored")):
        assert control(form, name).accessibleName() == label
    assert control(form, "rounds").toolTip() == "How often"
    assert control(form, "limit.given").accessibleName() == "Limit, given"


def test_a_small_number_is_shown_and_kept_as_it_is(form: SettingsForm[Every]) -> None:
    sigma = control(form, "sigma_mm")
    assert float(sigma.text()) == 0.002
    assert sigma.singleStep() == pytest.approx(0.001)
    control(form, "rounds").setValue(4)
    assert form.settings.sigma_mm == 0.002


def test_bounds_are_those_of_the_model(form: SettingsForm[Every]) -> None:
    rounds, sigma = control(form, "rounds"), control(form, "sigma_mm")
    assert (rounds.minimum(), rounds.maximum()) == (1, 9)
    assert sigma.minimum() == 0.001, "the least that its decimals can write"
    assert sigma.maximum() == 5
    assert (control(form, "limit").minimum(), control(form, "limit").maximum()) == (2, 8)


def test_a_change_emits_the_settings(form: SettingsForm[Every], qtbot: Any) -> None:
    def changed(act: Any, **values: Any) -> None:
        with qtbot.waitSignal(form.changed) as heard:
            act()
        assert heard.args == [form.settings]
        assert {name: getattr(form.settings, name) for name in values} == values

    mode: QComboBox = control(form, "mode")
    assert [mode.itemText(n) for n in range(mode.count())] == ["Quick and rough", "exact"]
    changed(lambda: mode.setCurrentIndex(0), mode="fast")
    changed(lambda: control(form, "mirrored").setChecked(True), mirrored=True)
    changed(lambda: control(form, "note").setText("a"), note="a")
    assert not control(form, "limit").isEnabled()
    changed(lambda: control(form, "limit.given").setChecked(True), limit=2)
    assert control(form, "limit").isEnabled()
    changed(lambda: control(form, "limit").setValue(7), limit=7)
    changed(lambda: control(form, "limit.given").setChecked(False), limit=None)


def test_what_the_model_refuses_is_said_and_the_last_settings_stay(form: SettingsForm[Every], qtbot: Any) -> None:
    refused = control(form, "refused")
    assert not refused.isVisible()
    with qtbot.assertNotEmitted(form.changed):
        control(form, "rounds").setValue(8)
    assert "at most 5 rounds" in refused.text()
    assert refused.isVisible()
    assert form.settings == Every()
    control(form, "rounds").setValue(5)
    assert not refused.isVisible()
    assert form.settings == Every(rounds=5)


def test_other_settings_are_shown_without_a_word(form: SettingsForm[Every], qtbot: Any) -> None:
    wanted = Every(rounds=2, sigma_mm=0.5, mode="fast", mirrored=True, limit=3, note="n")
    with qtbot.assertNotEmitted(form.changed):
        form.show_settings(wanted)
    assert form.settings == wanted
    assert control(form, "limit.given").isChecked()
    assert control(form, "mode").currentText() == "Quick and rough"
    control(form, "rounds").setValue(3)
    assert form.settings == wanted.model_copy(update={"rounds": 3})


def test_a_field_that_no_form_can_show_is_refused(qtbot: Any) -> None:
    class Odd(Settings):
        size: tuple[int, int] = (1, 2)

    with pytest.raises(TypeError, match="size"):
        SettingsForm("test_panel", Odd())


def test_the_form_of_a_fine_tuning_begins_with_todays_values(qtbot: Any) -> None:
    form = SettingsForm("train_panel", FineTuneSettings())
    qtbot.addWidget(form)
    steps, rate = (form.findChild(QWidget, f"train_panel.{name}") for name in ("steps", "lr"))
    assert (steps.value(), float(rate.text())) == (80, 0.001)
    assert form.settings == FineTuneSettings(steps=80, lr=0.001, part="all")
    assert [one.objectName() for one in form.findChildren(QCheckBox)] == ["train_panel.cross_fitting"]


def test_the_wheel_scrolls_the_panel_and_changes_nothing(qtbot: Any) -> None:
    class Two(Settings):
        share: float = Field(0.5, ge=0, le=1, json_schema_extra={"step": 0.1, "slider": True})
        n: int = Field(3, ge=0, le=9)

    form = SettingsForm("two", Two())
    qtbot.addWidget(form)
    form.show()
    slider = form.findChild(QWidget, "two.share").findChild(QSlider)
    for control in (slider, form.findChild(QWidget, "two.n")):
        down = QPointF(4, 4)
        event = QWheelEvent(
            down,
            QPointF(control.mapToGlobal(down.toPoint())),
            QPoint(0, 0),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(control, event)
        assert not event.isAccepted()
    assert form.settings == Two()
    slider.setValue(slider.maximum())
    assert form.settings.share == 1.0
