"""Jobs that run or wait, in rows, curves and lists."""
