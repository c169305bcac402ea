"""What is painted over a view: a polygon in work, the ring and the line of a stroke, the place to look at."""
