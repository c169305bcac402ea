"""The question before labels with open findings are accepted, whichever section is open."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import button
from napari_boundaryseg.ui.widgets.question import Question


class FindingsNotice(Question):
    """Hidden while there is nothing to ask."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        self.accept = button("findings_notice.accept", "Accept anyway", "Store the labels with the findings open")
        self.look = button("findings_notice.look", "Look", "See the findings, in Review", main=True)
        super().__init__("findings_notice.text", self.accept, self.look, parent=parent)
        findings = controller.findings
        self.accept.clicked.connect(lambda _: findings.accept_anyway())
        self.look.clicked.connect(lambda _: findings.look())
        findings.asked.connect(self.ask)
