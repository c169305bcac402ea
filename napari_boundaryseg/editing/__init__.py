"""Changing a label map: one history for every tool and every model result. No Qt, no torch."""
