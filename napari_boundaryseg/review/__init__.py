"""Review: what of labels is implausible, and where on a border a person should look first. On arrays alone.

The room lies beside `editing`, below `session`, without torch and Qt.
"""
