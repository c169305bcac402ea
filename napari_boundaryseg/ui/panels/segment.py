"""The Segment panel: choose a model and a region, run it, read a summary of the result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtGui import QStandardItemModel
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_boundaryseg.engine.inference.assembling.left_out import in_words
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.ui.control import model_list
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.file_dialogs import open_file
from napari_boundaryseg.ui.panels.card_words import details, summary
from napari_boundaryseg.ui.panels.panel import PANELS, Panel
from napari_boundaryseg.ui.panels.region_form import RegionForm
from napari_boundaryseg.ui.widgets.attention_bars import AttentionBars
from napari_boundaryseg.ui.widgets.controls import button, choice, column, line, named
from napari_boundaryseg.ui.widgets.question import Question
from napari_boundaryseg.ui.widgets.result_words import origins, plausibility_in_words

ASKS = ("warning", "needs an answer")
NO_SCAN = "Open a scan first, in Scan above."
STARTING_POINTS = "Starting points: have seen no patient"
NO_MODEL = "No model was found. Train one with boundaryseg train, or install the program again."
LEGENDS = {  # what the attention's colours mean, by its kind
    "gain": "Gain of the features. Yellow: up to twice. Clear: as they are. Violet: held back.",
    "edge": "How much likelier the gate makes an edge. Pale yellow: most. Violet: a little. Clear: not.",
    "": "Violet: the network looked a little. Pale yellow: most. Clear: not at all.",
}


@PANELS.register("segment")
class SegmentPanel(Panel):
    """The second section: model, region, run."""

    title, position = "Segment", 20

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._segmentation, self._models, self._labels = controller.segmentation, controller.models, controller.labels
        self._display = controller.display
        self._unread = self._any_modality = False
        self._shown: str | None = None
        self.model = choice("segment_panel.model", "Model", "The network that segments")
        self.open_model = button("segment_panel.open_model", "Open model…", "A model file of your own (.safetensors)")
        self.summary = line("segment_panel.summary")
        self.card = button("segment_panel.card", "About this model", "Training data, licence and notes of this model")
        self.card.setCheckable(True)
        self.details = line("segment_panel.details", quiet=True)
        self.region = RegionForm(controller)
        self.draw = button("segment_panel.draw", "Draw a box", "Draw a rectangle on the scan", main=True)
        self.whole = button("segment_panel.whole", "Segment all of it", "It may find organs where there are none")
        self.anyway = button("segment_panel.anyway", "Segment all the same", "What it finds may mean nothing")
        self.question = Question("segment_panel.question", self.draw, self.whole, self.anyway)
        self.apply = button(
            "segment_panel.apply",
            "Apply",
            "Take the result where nothing is locked; one step of the history",
            main=True,
        )
        self.discard = button("segment_panel.discard", "Discard", "Leave the labels as they are")
        self.offer = Question("segment_panel.offer", self.apply, self.discard)
        self.put_back = button("segment_panel.put_back", "Keep all pieces", "One step of the history")
        self.leave_out = button("segment_panel.leave_out", "Leave them out", "The labels stay as they are")
        self.pieces = Question("segment_panel.pieces", self.put_back, self.leave_out)
        self.run = button("segment_panel.run", "Segment", "Find the organs on this scan", main=True)
        self.hint = line("segment_panel.hint", NO_SCAN, quiet=True)
        self.result = line("segment_panel.result")
        self.attention = named(
            QCheckBox("Show attention"),
            "segment_panel.attention",
            "Show attention",
            "Where the network looked, at its finest level",
        )
        self.legend = line("segment_panel.attention_legend", quiet=True)
        self.origins = line("segment_panel.origins", quiet=True)
        self.bars = AttentionBars()
        self._layout = column(
            self,
            self.model,
            self.open_model,
            self.summary,
            self.card,
            self.details,
            self.region,
            self.hint,
            self.result,
            self.origins,
            self.attention,
            self.legend,
            self.bars,
        )
        self._layout.addStretch(1)
        self.pinned = QWidget()
        under = column(self.pinned, self.run, self.question, self.offer, self.pieces)
        under.setContentsMargins(8, 4, 8, 4)
        self._connect(controller)
        self.bars.hide()
        self.fill_models()
        self._on_scan(self._session.scan)
        self._segmentation.offer()

    def _connect(self, controller: ViewerController) -> None:
        session, listen = self._session, controller.listen
        self.model.activated.connect(self._on_chosen)
        self.open_model.clicked.connect(self._ask_model)
        self.whole.clicked.connect(self._on_whole)
        self.anyway.clicked.connect(self._on_anyway)
        self.card.toggled.connect(self.details.setVisible)
        self.run.clicked.connect(self._on_run)
        self.draw.clicked.connect(self.region.start_drawing)
        self.attention.toggled.connect(self._on_attention)
        self._display.changed.connect(lambda: self.attention.setChecked("attention" in self._display.wanted))
        self._segmentation.region_needed.connect(lambda why: self.question.ask(why, self.draw, self.whole))
        self._segmentation.other_modality.connect(lambda why: self.question.ask(why, self.anyway))
        region = controller.region
        region.drawn.connect(self._on_drawn)
        self._segmentation.asked.connect(self._offer)
        self._segmentation.applied.connect(self._on_applied)
        self._segmentation.returned.connect(lambda _: self._on_returned())
        self.apply.clicked.connect(lambda _: self._segmentation.apply())
        self.discard.clicked.connect(self._on_discard)
        self.put_back.clicked.connect(lambda _: self._on_pieces(True))
        self.leave_out.clicked.connect(lambda _: self._on_pieces(False))
        listen(self, session.scan_changed, self._on_scan)
        listen(self, session.prediction_changed, self._on_prediction)
        listen(self, session.project_changed, lambda _: self.fill_models())
        listen(self, session.model_changed, lambda _: self.fill_models())
        jobs = controller.jobs
        jobs.changed.connect(self._enable)

    def fill_models(self) -> None:
        """List every model again, the session's chosen."""
        self.model.clear()
        known = self._models.available()
        for is_start in (False, True):
            some = [(card, path) for card, path in known if card.synthetic_only is is_start]
            if is_start and some:
                self._add_heading(STARTING_POINTS)
            for card, path in some:
                self.model.addItem(model_list.title(card, path), str(path))
        place = self.model.findData(str(self._session.model))
        if place < 0 and known:
            self._models.fall_back(Path(next(filter(None, map(self.model.itemData, range(self.model.count()))))))
            return
        self.model.setCurrentIndex(place)
        self._show_card()

    def _add_heading(self, text: str) -> None:
        """A row that nobody can choose."""
        self.model.addItem(text)
        rows = self.model.model()
        if isinstance(rows, QStandardItemModel):
            rows.item(self.model.count() - 1).setEnabled(False)

    def _on_chosen(self, place: int) -> None:
        self._models.choose(Path(self.model.itemData(place)))

    def _ask_model(self) -> None:
        path = open_file(self, "Open a model", "models", "Models (*.safetensors)")
        if path is not None:
            self._models.open(path)

    def _show_card(self) -> None:
        chosen = self.model.currentData()
        if chosen != self._shown:  # else a question about it stands
            self._shown = chosen
            self.question.ask("")
        card = model_list.read(chosen)
        self.summary.setText(summary(card) if card else NO_MODEL)
        self.details.setText(details(card) if card else "")
        self.card.setVisible(card is not None)
        self.details.setVisible(card is not None and self.card.isChecked())
        self._enable()

    def _on_scan(self, scan: object) -> None:
        self.result.setText("")
        self.question.ask("")
        self._unread = False
        self.attention.setChecked(False)
        self.set_state(*(ASKS if self.offer.is_asked else ("", "")))
        self._models.suggest()
        self._enable()

    def _enable(self) -> None:
        scan = self._session.scan
        self.run.setEnabled(scan is not None and self.model.count() > 0 and not self._segmentation.is_segmenting())
        self.region.setEnabled(scan is not None)
        self.hint.setVisible(scan is None)
        self.result.setVisible(bool(self.result.text()))
        prediction = self._session.prediction
        self.origins.setVisible(bool(self.result.text()) and prediction is not None)
        self.attention.setVisible(prediction is not None and bool(prediction.attention))
        self._show_bars()

    def _on_run(self) -> None:
        self.question.ask("")
        self._any_modality = False
        self._segmentation.run(self.region.box)

    def _on_drawn(self) -> None:
        """The box that was asked for is there."""
        if not self.draw.isHidden():
            self.question.ask("")

    def _on_whole(self) -> None:
        self.question.ask("")
        self._segmentation.run(whole=True, any_modality=self._any_modality)

    def _on_anyway(self) -> None:
        self.question.ask("")
        self._any_modality = True
        self._segmentation.run(self.region.box, any_modality=True)

    def _offer(self, question: str) -> None:
        self.offer.ask(question)
        if question:
            self.set_state(*ASKS)

    def _on_discard(self) -> None:
        self._segmentation.discard()
        self.set_state("", "result discarded")

    def _on_pieces(self, wanted: bool) -> None:
        self.pieces.ask("")
        if wanted:
            self._segmentation.put_back()

    def _on_attention(self, shown: bool) -> None:
        self._display.show("attention", shown)
        self._show_bars()

    def _show_bars(self) -> None:
        """What lies over the scan in colour is explained while it does."""
        self.legend.setVisible(self.attention.isChecked() and not self.attention.isHidden())
        self.bars.setVisible(self.attention.isChecked() and bool(self.bars.weights))

    def _on_prediction(self, prediction: Prediction | None) -> None:
        self.bars.set_weights(prediction.channel_weights if prediction is not None else {})
        self.legend.setText(LEGENDS[prediction.attention_kind] if prediction is not None else "")
        self.origins.setText(origins(prediction) if prediction is not None else "")
        self._unread = prediction is not None
        self.pieces.ask("")
        if prediction is None:
            self.result.setText("")
            self.set_state("", "")
        self._enable()

    def _on_returned(self) -> None:
        """Say which model's maps are there again; the labels may have been corrected since."""
        self._unread = False
        model = self._segmentation.model_of_result()
        self.result.setText(f"{model}'s edges and contours are shown as before. The labels are as you left them.")
        prediction = self._session.prediction
        checked: Any = prediction.details.get("plausibility", {}) if prediction is not None else {}
        missing = [name for name, ml in self._labels.volumes_ml().items() if ml == 0]
        self.set_state(plausibility_in_words(list(map(str, missing)), checked)[0], model)
        self._enable()

    def _on_applied(self) -> None:
        """Read the result from the labels in the window, whose voxels are counted there anyway."""
        scheme = self._labels.scheme()
        if not self._unread or scheme is None:
            return
        self._unread = False
        volumes = self._labels.volumes_ml()
        missing = [organ.name for organ in scheme.organs if volumes[organ.id] == 0]
        found, total = len(volumes) - len(missing), len(volumes)
        text = f"{found} organ{'s' if found != 1 else ''} · {self._segmentation.seconds():.0f} s"
        prediction = self._session.prediction
        checked: Any = prediction.details.get("plausibility", {}) if prediction is not None else {}
        mark, said = plausibility_in_words(missing, checked)
        self.result.setText("\n".join([text, *said]))
        self.set_state(mark, f"{self._segmentation.model_of_result()} · {found}/{total}")
        left: Any = prediction.details.get("left_out", {}) if prediction is not None else {}
        self.pieces.ask(". ".join(in_words(organ, entry) for organ, entry in left.items()))
        self._enable()
