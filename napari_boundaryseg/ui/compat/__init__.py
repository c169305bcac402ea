"""Every private or version-dependent napari or Qt call, each with the version that it was tried on."""
