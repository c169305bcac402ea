"""What is painted over a view while a tool is used: a polygon in work, the ring and the line of a stroke."""
