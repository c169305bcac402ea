"""The trend of accepted cases, read beside the window's thread."""
