"""Steps of a label array in one undo stack, and the locks that it keeps."""
