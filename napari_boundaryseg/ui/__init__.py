"""What people see: Qt (through qtpy only), napari, magicgui."""
