"""The keys in the status bar: ours, while a scan of ours is open; napari's would be others."""

from __future__ import annotations

from qtpy.QtCore import QObject

from napari_boundaryseg.editing.tools.draw_tool import DRAW_TOOLS
from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.control.viewer_controller import ViewerController

SHORT = ("tool.brush", "tool.eraser", "tool.fill", "tool.polygon", "view.bare", "help")


class StatusHelp(QObject):
    """Puts its own words wherever napari puts the keys of its modes."""

    def __init__(self, controller: ViewerController, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._session, self._tools = controller.viewer, controller.session, controller.tools
        self._viewer.events.help.connect(self.update, position="last")
        controller.listen(self, controller.session.scan_changed, self.update)
        controller.tools.tool_changed.connect(self.update)

    def update(self, event: object = None) -> None:
        """Say which keys there are."""
        if self._session.scan is None:
            return
        known = ", ".join(f"{keys.shown(action)}: {keys.KEYS[action].label.lower()}" for action in SHORT)
        mode = self._tools.state()[0]
        words = keys.use(mode) if mode == "polygon" or mode in DRAW_TOOLS else known
        active = self._viewer.layers.selection.active
        if active is not None and active.help != words:  # napari takes it from there with every move of the mouse
            active.help = words
        if self._viewer.help != words:
            self._viewer.help = words
