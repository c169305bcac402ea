"""DICOM slices to one stack: their order and affine, gaps, and several stacks that lie between each other."""
