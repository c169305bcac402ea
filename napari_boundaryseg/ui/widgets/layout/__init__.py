"""Widgets that arrange others by the room that there is."""
