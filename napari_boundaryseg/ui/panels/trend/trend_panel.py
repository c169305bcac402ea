"""The Trend panel: charts of an organ over accepted cases, and what to do where something changed."""

from __future__ import annotations

from qtpy.QtWidgets import QMessageBox, QWidget

from napari_boundaryseg.review.chart.charted import CHARTED
from napari_boundaryseg.session.trend.trend import ONCE_A_CASE, FigureTrend, Trend
from napari_boundaryseg.session.trend.trend_words import cases_in_words, in_short, sentences
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.panels.panel import PANELS, Panel
from napari_boundaryseg.ui.widgets.controls import button, choice, column, form, line
from napari_boundaryseg.ui.widgets.layout.button_grid import ButtonGrid
from napari_boundaryseg.ui.widgets.trend.trend_chart import Dot, Picture, TrendChart

EMPTY = (
    "Nothing to chart yet. Where you correct a model's result and accept it, the case is charted here: how far off the "
    "model was, and how long it took."
)
AS_PREDICTED = "accepted as predicted, not counted"
ANEW = (
    "Set the limits of {} anew? What is usual is told by the next 20 cases then; until they are there, these charts "
    "find nothing. The cases stay as they are."
)


@PANELS.register("trend")
class TrendPanel(Panel):
    """The section before Train: one organ's charts, the sentences that they come to, and two buttons."""

    title, position = "Trend", 38

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._trend = controller.trend
        self.empty = line("trend_panel.empty", EMPTY)
        self.organ = choice("trend_panel.organ", "Organ", "Whose charts are shown")
        self.cases = line("trend_panel.cases", quiet=True)
        self.charts = {name: TrendChart(f"trend_panel.{name}", figure.title) for name, figure in CHARTED.items()}
        self.says = {name: line(f"trend_panel.{name}_says") for name in CHARTED}
        self.train = button(
            "trend_panel.train",
            "Train on these cases",
            "Go to Train with the cases since the change chosen to teach; nothing begins before you press Start there",
            main=True,
        )
        self.anew = button(
            "trend_panel.anew",
            "Set limits anew…",
            "The change is dealt with: from the next case on, find out again what is usual",
        )
        self._arrange()
        self.organ.activated.connect(lambda _: self._trend.choose(self.organ.currentText()))
        self.train.clicked.connect(lambda _: self._trend.train())
        self.anew.clicked.connect(lambda _: self._ask_anew())
        self._trend.changed.connect(self._show)
        self._show()

    def _arrange(self) -> None:
        self._shown = QWidget()
        head = QWidget()
        form(head).addRow("Organ", self.organ)
        pairs = [part for name in CHARTED for part in (self.charts[name], self.says[name])]
        column(self._shown, head, self.cases, *pairs).setContentsMargins(0, 0, 0, 0)
        column(self, self.empty, self._shown).addStretch(1)
        self._acts = ButtonGrid([self.train, self.anew])
        self.pinned = QWidget()
        column(self.pinned, self._acts).setContentsMargins(8, 0, 8, 0)

    def _ask_anew(self) -> None:
        trend = self._trend.shown()
        if trend is None:
            return
        asked = QMessageBox(QMessageBox.Icon.Question, "Limits", ANEW.format(trend.organ), parent=self)
        asked.setObjectName("trend_panel.anew_question")
        yes = asked.addButton("Set anew", QMessageBox.ButtonRole.AcceptRole)
        asked.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        asked.exec()
        if asked.clickedButton() is yes:
            self._trend.set_anew()

    def _show(self) -> None:
        trends, trend = self._trend.all(), self._trend.shown()
        self.empty.setText(self._trend.failed or ("Accepted cases are being read." if self._waits() else EMPTY))
        self.empty.setVisible(trend is None)
        self._shown.setVisible(trend is not None)
        self._acts.setVisible(trend is not None and trend.changed)
        self._show_state(trends)
        if trend is None:
            return
        self._list_organs([one.organ for one in trends], trend.organ)
        self.cases.setText(cases_in_words(trend))
        for figure, said in zip(trend.figures, sentences(trend), strict=True):
            self.charts[figure.name].show_picture(_picture(figure))
            self.says[figure.name].setText(said)
        n = len(trend.since_then)
        self.train.setText(f"Train on these {n}")
        self.train.setAccessibleName(f"Train on the {n} cases since the change")
        self.train.setVisible(trend.suggests_fine_tuning)

    def _waits(self) -> bool:
        return self._trend.is_busy and not self._trend.all()

    def _list_organs(self, organs: list[str], chosen: str) -> None:
        if organs != [self.organ.itemText(n) for n in range(self.organ.count())]:
            self.organ.clear()
            self.organ.addItems(organs)
        self.organ.setCurrentText(chosen)

    def _show_state(self, trends: list[Trend]) -> None:
        """What is most pressing of all organs."""
        ranked = sorted(trends, key=lambda one: (not one.suggests_fine_tuning, not one.changed))
        first = next(iter(ranked), None)
        named = f"{first.organ} · " if first is not None and first.changed else ""
        worse = first is not None and first.suggests_fine_tuning
        self.set_state("warning" if worse else "", f"{named}{in_short(first)}" if first is not None else "")


def _picture(figure: FigureTrend) -> Picture:
    chart = figure.chart
    return Picture(
        f"{chart.figure.title}{', all organs' if figure.name == ONCE_A_CASE else ''}",
        chart.figure.unit,
        tuple(Dot(one.case, one.value, AS_PREDICTED if one.as_predicted else "") for one in figure.cases),
        chart.estimated_from,
        chart.mean,
        chart.since,
        chart.found,
        chart.suggests_fine_tuning,
        figure.mean_since,
    )
