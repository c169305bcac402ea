"""The sections of the workbench: they ask the controller and show what the session says."""
