"""Tools that follow the mouse, one file a tool; each registers itself in `editing.tools.draw_tool`."""
