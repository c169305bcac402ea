"""Review: what of labels is implausible, how sure borders are, and whether accepted cases changed. On arrays alone.

The room lies beside `editing`, below `session`, without torch and Qt.
"""
