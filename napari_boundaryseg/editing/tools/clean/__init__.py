"""Clean-ups of a whole organ, one file each; each registers itself in `editing.tools.clean_tool`."""
